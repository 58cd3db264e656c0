/**
 * Nodes and locations that come and go: nobody else loses a packet, and a flow that was already trying gets through.
 */
import type { BareNode } from '../bare/cluster.js';
import { hostIn } from '../bare/addresses.js';
import type { Lan } from '../bare/network.js';
import { monotonic, reaches, startFlow } from '../bare/flow.js';
import { sleep, until } from '../lab/process.js';
import type { Figure } from '../bench/measure.js';
import { figure, losses, NONE_LOST, repeat, type Row, type RowContext } from './row.js';
import { manyFlows, type Observed, watch } from './watch.js';
import type { World } from './world.js';

/** After a change, until everybody has heard of it and would have lost what there is to lose. */
const AFTER_MS = 1_500;
const REACHABLE_MS = { p95: { most: 2000 } };

interface Place {
  readonly cluster: 'east' | 'west';
  readonly location: string;
  lan(world: World): Lan;
}

const NODE: Place = { cluster: 'west', location: 'c', lan: (world) => world.lanOf('west-c3') };
const LOCATION: Place = { cluster: 'east', location: 'd', lan: (world) => world.spareLan };

export const joins: readonly Row[] = [
  { name: 'a new node, and it leaves again', seconds: (rounds) => rounds * 9, run: (context) => comeAndGo('node', NODE, context) },
  {
    name: 'a new location, and it leaves again',
    seconds: (rounds) => rounds * 9,
    run: (context) => comeAndGo('location', LOCATION, context),
  },
  { name: 'a flow that was already trying', seconds: (rounds) => rounds * 6, run: alreadyTrying },
];

async function comeAndGo(what: string, place: Place, context: RowContext): Promise<readonly Figure[]> {
  const { world } = context;
  const reachable: number[] = [];
  const gone: Observed[] = [];
  const came = await repeat(`a new ${what}`, context, {
    async once(round) {
      const name = `${place.cluster}-new-${what}${round}`;
      const observed = await watch(world, manyFlows(), async () => {
        reachable.push(await join(world, place, name));
        await sleep(AFTER_MS);
      });
      const left = await watch(world, manyFlows(), async () => {
        await world[place.cluster].removeNode(name);
        await sleep(AFTER_MS);
      });
      gone.push(...left);
      return [...observed, ...left];
    },
    failed: ({ report }) => report.lost > 0,
  });
  return [
    ...losses(
      `a new ${what}: lost by others`,
      came.filter((each) => !gone.includes(each)),
      NONE_LOST,
    ),
    ...losses(`a ${what} goes: lost by others`, gone, NONE_LOST),
    ...figure(`a new ${what}: reachable from another cluster`, 'ms', reachable, REACHABLE_MS),
  ];
}

/** Milliseconds from the start of the node's agent until a pod of the other cluster gets an answer from the node's pod. */
async function join(world: World, place: Place, name: string): Promise<number> {
  const cluster = world[place.cluster];
  const from = world.node(place.cluster === 'west' ? 'east-a3' : 'west-c3');
  const node = await cluster.addNode(name, { location: place.location, lan: place.lan(world), host: HOST });
  const began = performance.now();
  await until(`${name} to be reachable`, 20_000, () => reaches(from.pod, node.pod, 3_000));
  return performance.now() - began;
}

/** How long a flow that was already trying is given. */
const WAITED_MS = 1_500;
/** Nobody else's on its LAN; its port is free again when the node is removed. */
const HOST = 200;

/**
 * The node translates what its pods send to the world, as every CNI does, and the destination is the world until its prefix is
 * known. What was translated before must not stay so.
 */
async function alreadyTrying(context: RowContext): Promise<readonly Figure[]> {
  const { world } = context;
  const from = world.node('east-a3');
  await masquerade(world, from);
  const late: number[] = [];
  for (let round = 1; round <= context.rounds; round += 1) {
    await world.calm('anew');
    const name = `west-tried${round}`;
    const address = hostIn(world.west.nextPodCIDRs()[0] ?? '', 10);
    const flow = await startFlow(from.pod, { ...from.pod, address }, 100);
    await sleep(500);
    const node = await world.west.addNode(name, { location: 'c', lan: world.lanOf('west-c3'), host: HOST });
    await until(`${name} to be reachable by a new flow`, 20_000, () => reaches(from.pod, node.pod, 3_000));
    const fresh = monotonic();
    await sleep(WAITED_MS);
    const report = await flow.stop();
    // It began with a silence; what it waited for a new flow does not count against it.
    const silence = report.gaps[0] ?? { at: fresh, ms: 0 };
    const ms = report.received === 0 ? WAITED_MS : Math.max(0, silence.at + silence.ms - fresh);
    late.push(ms);
    const outcome = report.received === 0 ? 'does not work' : `works ${Math.round(ms)} ms after a new one`;
    context.note(`a flow that was already trying ${round}/${context.rounds}: ${outcome}`);
    await world.west.removeNode(name);
  }
  await from.namespace.exec(['nft', 'delete', 'table', 'ip', 'lab_masquerade']);
  return figure('a flow that was already trying: works after a new one by', 'ms', late, { max: { most: 1000 } });
}

/** Of what goes to the world, by the LAN's router; not of what goes to a gateway. */
async function masquerade(world: World, node: BareNode): Promise<void> {
  await node.namespace.exec(['nft', '-f', '-'], {
    input: `table ip lab_masquerade {
      chain postrouting {
        type nat hook postrouting priority srcnat
        ip saddr ${node.podCIDR} rt ip nexthop ${world.lanOf(node.name).gateway} masquerade
      }
    }\n`,
  });
}
