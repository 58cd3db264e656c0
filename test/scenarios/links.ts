/**
 * Links that are bad for a while: one that fails every three seconds, and a WAN that loses packets. A minute at ten rounds; a
 * fifth of that in tests.
 */
import { sleep } from '../lab/process.js';
import type { Figure } from '../bench/measure.js';
import { gatewayInUse } from './crashes.js';
import { ALL_LOST_SOME, describe, figure, losses, NONE_LOST, outages, type Row, type RowContext } from './row.js';
import { manyFlows, type Observed, watch } from './watch.js';

const lengthMs = (rounds: number): number => (rounds >= 10 ? 60_000 : 12_000);
/** Of a link that fails: the length of a period, and how long of it the link is gone. */
const PERIOD_MS = 3_000;
const GONE_MS = 1_500;
const LOSS = 0.02;
/** What flows lose of it, %: none is left out, and half of them lose about that. A thousand packets lose 20 give or take 9. */
const LOST = { min: { least: 0.5 }, p50: { least: 1.5, most: 2.5 }, max: { most: 4 } };

export const links: readonly Row[] = [
  { name: 'a link fails every 3 s', seconds, run: flapping },
  { name: 'the WAN loses 2 %', seconds, run: lossy },
];

function seconds(rounds: number): number {
  return often(rounds) * (15 + lengthMs(rounds) / 1000);
}

/** Both rows are long, and full of events: they happen once for every ten rounds of the others. */
function often(rounds: number): number {
  return Math.ceil(rounds / 10);
}

async function flapping(context: RowContext): Promise<readonly Figure[]> {
  const { world } = context;
  const name = 'a link fails every 3 s';
  const ms = lengthMs(context.rounds);
  const victims: string[] = [];
  const { observed, switches } = await during(context, async () => {
    const victim = world.node(await gatewayInUse(world));
    victims.push(victim.name);
    return {
      spared: [victim.name],
      async act() {
        for (let past = 0; past < ms; past += PERIOD_MS) {
          const fault = await world.faults.silence(victim);
          await sleep(GONE_MS);
          await fault.heal();
          await sleep(PERIOD_MS - GONE_MS);
        }
      },
    };
  });
  const hit = observed.filter(({ gateways }) => gateways.some((gateway) => victims.includes(gateway)));
  return [
    // Away from it once, and for a node with two segments beyond it twice.
    ...figure(
      `${name}: switches in ${ms / 1000} s, by node`,
      'switches',
      switches.filter(({ node }) => !victims.includes(node)).map(({ count }) => count),
      { max: { most: 4 } },
    ),
    // It has no path that works, half of the time, and none that is better.
    ...figure(
      `${name}: switches in ${ms / 1000} s, of the node behind it`,
      'switches',
      switches.filter(({ node }) => victims.includes(node)).map(({ count }) => count),
      { max: { most: 4 } },
    ),
    ...outages(`${name}: longest outage`, observed, { max: { most: 1000 } }),
    ...losses(`${name}: lost by flows that it carried`, hit, ALL_LOST_SOME),
    ...losses(
      `${name}: lost by the others`,
      observed.filter((each) => !hit.includes(each)),
      NONE_LOST,
    ),
  ];
}

async function lossy(context: RowContext): Promise<readonly Figure[]> {
  const { world } = context;
  const ms = lengthMs(context.rounds);
  const { observed, switches } = await during(context, () =>
    Promise.resolve({
      spared: [],
      async act() {
        // Whatever crosses the WAN leaves one LAN, so it is lost with that chance once.
        for (const lan of world.federation.lans) await world.faults.loseLeaving(lan, LOSS);
        await sleep(ms);
      },
    }),
  );
  return [
    ...figure(
      `the WAN loses 2 %: switches in ${ms / 1000} s, by node`,
      'switches',
      switches.map(({ count }) => count),
      { max: { most: 1 } },
    ),
    ...outages('the WAN loses 2 %: longest outage', observed, { max: { most: 200 } }),
    ...figure(
      'the WAN loses 2 %: share lost',
      '%',
      observed.map(({ report }) => (report.lost / report.sent) * 100),
      LOST,
    ),
  ];
}

interface Switches {
  readonly node: string;
  readonly count: number;
}

/** `switches`: of every node, every time. */
async function during(
  context: RowContext,
  prepare: () => Promise<{ readonly spared: readonly string[]; act(): Promise<void> }>,
): Promise<{ readonly observed: readonly Observed[]; readonly switches: readonly Switches[] }> {
  const { world, rounds, note } = context;
  const observed: Observed[] = [];
  const switches: Switches[] = [];
  for (let round = 1; round <= often(rounds); round += 1) {
    await world.calm('anew');
    const { spared, act } = await prepare();
    const before = await world.counts(SWITCHES);
    observed.push(...(await watch(world, manyFlows(spared), act)));
    await world.calm();
    const after = await world.counts(SWITCHES);
    switches.push(...[...after].map(([node, count]) => ({ node, count: count - (before.get(node) ?? 0) })));
  }
  const worst = observed.reduce((a, b) => (b.report.outageMs > a.report.outageMs ? b : a));
  note(`switches by node ${switches.map(({ node, count }) => `${node} ${count}`).join(', ')}; worst ${describe(worst)}`);
  return { observed, switches };
}

const SWITCHES = 'kilofed_node_switches_total';
