/**
 * A machine that has more to do than it can: agents get their turn late, and so do those that they ask. A late answer is no death.
 */
import { availableParallelism } from 'node:os';
import { ended, run, sleep, start } from '../lab/process.js';
import type { Figure, Must } from '../bench/measure.js';
import { type Crash, gatewayInUse, silence, strike } from './crashes.js';
import { ALL_LOST_SOME, figure, losses, outages, repeat, type Row, type RowContext } from './row.js';
import { manyFlows, watch } from './watch.js';
import type { World } from './world.js';

const PER_CORE = 4;
const QUIET_MS = 10_000;
/** The load has taken hold by then. */
const HOLD_MS = 1_000;
const SWITCHES = 'kilofed_node_switches_total';

export const busy: readonly Row[] = [
  { name: 'nothing happens, two cores busy', seconds: (rounds) => rounds * 18, run: quiet },
  { name: 'gateway dies silently, two cores busy', seconds: (rounds) => rounds * 14, run: crash },
];

async function quiet(context: RowContext): Promise<readonly Figure[]> {
  const { world } = context;
  const name = 'nothing happens, two cores busy';
  const switches: number[] = [];
  const observed = await repeat(name, context, {
    async once() {
      const stop = await makeBusy();
      try {
        const before = await world.counts(SWITCHES);
        const seen = await watch(world, manyFlows(), () => sleep(QUIET_MS));
        const after = await world.counts(SWITCHES);
        switches.push(...[...after].map(([node, count]) => count - (before.get(node) ?? 0)));
        return seen;
      } finally {
        await stop();
      }
    },
    failed: () => switches.slice(-world.federation.nodes().length).some((count) => count > 0),
  });
  return [
    ...figure(`${name}: switches, by node`, 'switches', switches, { max: { most: 0 } }),
    ...outages(`${name}: outage`, observed),
    ...losses(`${name}: lost`, observed),
  ];
}

/** Busy from before it happens until it is over. */
async function crash(context: RowContext): Promise<readonly Figure[]> {
  const name = 'gateway dies silently, two cores busy';
  const must: Must = { p99: { most: 1500 } };
  let stop = (): Promise<void> => Promise.resolve();
  const place = {
    async victim(world: World) {
      stop = await makeBusy();
      return gatewayInUse(world);
    },
    flows: (victim: string) => manyFlows([victim]),
  };
  const fault: Crash['fault'] = async (world, victim) => {
    const struck = await silence(world, victim);
    return {
      ...struck,
      async heal() {
        await struck.heal();
        await stop();
      },
    };
  };
  try {
    const { fallen } = await strike(name, { must, fault }, { context, place });
    const hit = fallen.filter((each) => each.hit);
    return [...outages(`${name}: outage`, hit, must), ...losses(`${name}: lost`, hit, ALL_LOST_SOME)];
  } finally {
    await stop();
  }
}

/** PER_CORE processes a core that never wait, until the returned function is called. */
async function makeBusy(): Promise<() => Promise<void>> {
  await preferTunnels();
  const load = Array.from({ length: PER_CORE * availableParallelism() }, () => start(['sh', '-c', 'while :; do :; done']));
  await sleep(HOLD_MS);
  return async () => {
    for (const each of load) each.kill('SIGKILL');
    await Promise.all(load.map(ended));
  };
}

/**
 * WireGuard in the kernel does not wait for its turn with processes, and what is asked here is what agents make of being late. So the
 * processes that stand for it where the kernel has none go first, among processes and among sessions (sched(7), autogroup).
 */
async function preferTunnels(): Promise<void> {
  const first = 'for pid in $(pgrep -x wireguard-go); do renice -n -15 -p $pid; echo -15 > /proc/$pid/autogroup; done; true';
  await run(['bash', '-c', first]);
}
