/**
 * Gateways that fail without a word, and come back. Always the one fails that carries the traffic.
 */
import type { Fault } from '../lab/network/faults.js';
import { sleep, until } from '../lab/process.js';
import type { BareNode } from '../bare/cluster.js';
import type { Figure, Must } from '../bench/measure.js';
import { ALL_LOST_SOME, losses, NONE_LOST, outages, repeat, type Row, type RowContext } from './row.js';
import { type FlowSpec, manyFlows, type Observed, watch } from './watch.js';
import type { World } from './world.js';

export const DEATH: Must = { p50: { most: 600 }, max: { most: 1000 } };
export const DEGRADED: Must = { max: { most: 2000 } };
/** How long a fault lasts, and how long its end is watched. */
const FAULT_MS = 3_000;
const RETURN_MS = 4_000;

export interface Crash {
  readonly name: string;
  readonly must: Must;
  fault(world: World, victim: BareNode): Promise<Fault>;
  /** With the hub, the cluster-agents and the API servers stopped. */
  readonly alone?: boolean;
}

export const silence: Crash['fault'] = (world, victim) => world.faults.silence(victim);

export const CRASHES: readonly Crash[] = [
  { name: 'gateway dies silently', must: DEATH, fault: silence },
  { name: 'gateway dies silently, hub and API servers stopped', must: DEATH, fault: silence, alone: true },
  { name: 'gateway does not forward', must: DEGRADED, fault: (_world, victim) => stopForwarding(victim) },
  { name: 'gateway cut off from its LAN', must: DEGRADED, fault: (world, victim) => world.faults.cutFromLan(victim) },
  { name: 'gateway cut off from the WAN', must: DEGRADED, fault: (world, victim) => world.faults.cutFromWan(victim) },
];

export const crashes: readonly Row[] = CRASHES.map((crash) => ({
  name: crash.name,
  seconds: (rounds) => rounds * 12 + (crash.alone === true ? 30 : 0),
  run: (context) => (crash.alone === true ? alone(context, () => measure(crash, context)) : measure(crash, context)),
}));

interface Struck extends Observed {
  /** The victim carried it. */
  readonly hit: boolean;
}

/** Where it happens. */
interface Place {
  victim(world: World): Promise<string>;
  flows(victim: string): readonly FlowSpec[];
}

/** Lets it happen to the gateway in use at `place`, and end again. */
export async function strike(
  name: string,
  { must, fault: strikeWith }: Pick<Crash, 'must' | 'fault'>,
  { context, place }: { readonly context: RowContext; readonly place: Place },
): Promise<{ readonly fallen: readonly Struck[]; readonly returns: readonly Observed[] }> {
  const { world } = context;
  const returns: Observed[] = [];
  const fallen = await repeat<Struck>(name, context, {
    anew: true,
    async once() {
      const victim = await place.victim(world);
      const flows = place.flows(victim);
      let fault: Fault | undefined;
      const struck = await watch(world, flows, async () => {
        fault = await strikeWith(world, world.node(victim));
        await sleep(FAULT_MS);
      });
      returns.push(
        ...(await watch(world, flows, async () => {
          await fault?.heal();
          await sleep(RETURN_MS);
        })),
      );
      return struck.map((each) => ({ ...each, hit: each.gateways.includes(victim) }));
    },
    failed: ({ hit, report }) => (hit ? report.outageMs > (must.max?.most ?? 0) : report.lost > 0),
  });
  return { fallen, returns };
}

async function measure(crash: Crash, context: RowContext): Promise<readonly Figure[]> {
  const { world } = context;
  const place = { victim: gatewayOfBothWays, flows: (victim: string) => manyFlows([victim]) };
  const { fallen: all, returns } = await strike(crash.name, crash, { context, place });
  const hit = all.filter((each) => each.hit);
  const local = hit.filter(({ from, to }) => world.gateways.has(from) || world.gateways.has(to));
  const others = hit.filter((each) => !local.includes(each));
  const isOut = ({ from }: Observed): boolean => from.startsWith(LOCATION);
  return [
    ...outages(`${crash.name}: nodes without a tunnel, out`, others.filter(isOut), crash.must),
    ...outages(
      `${crash.name}: nodes without a tunnel, in`,
      others.filter((each) => !isOut(each)),
      crash.must,
    ),
    ...outages(`${crash.name}: pods of gateways, out`, local.filter(isOut), crash.must),
    ...outages(
      `${crash.name}: pods of gateways, in`,
      local.filter((each) => !isOut(each)),
      crash.must,
    ),
    ...losses(`${crash.name}: lost`, hit, ALL_LOST_SOME),
    ...losses(
      `${crash.name}: lost by flows through other gateways`,
      all.filter((each) => !each.hit),
      NONE_LOST,
    ),
    ...losses(`${crash.name}, and returns: lost`, returns, NONE_LOST),
  ];
}

/** Where the victims are. */
const LOCATION = 'east-a';

/** The gateway of east's location a by which its other node's packets leave. */
export async function gatewayInUse(world: World): Promise<string> {
  const [gateway] = await world.gatewaysBetween('east-a3', 'west-c3');
  if (gateway === undefined) throw new Error('east-a3 reaches west-c3 without a gateway');
  return gateway;
}

/**
 * The same, by which they come back, too. What only one end saw fail has parted the two ways, and nobody goes back by himself (STICKY): the
 * other gateway's agent leaves for a moment then.
 */
async function gatewayOfBothWays(world: World): Promise<string> {
  const gateway = await gatewayInUse(world);
  const back = async (): Promise<readonly string[]> => world.gatewaysBetween('west-c3', 'east-a3');
  const other = (await back()).find((name) => name.startsWith(LOCATION));
  if (other === undefined || other === gateway) return gateway;
  await world.node(other).killAgent('SIGTERM');
  await until('what comes back to take the same gateway', 20_000, async () => ((await back()).includes(gateway) ? true : undefined));
  await world.calm('anew');
  return gateway;
}

/** Measures with everything stopped that is no node, and then that its return disturbs nobody. */
async function alone({ world, note }: RowContext, run: () => Promise<readonly Figure[]>): Promise<readonly Figure[]> {
  await world.calm('anew');
  await sleep(SAVED_MS);
  note('hub, cluster-agents and API servers stop');
  await world.stopControl();
  let figures: readonly Figure[] = [];
  let back: readonly Observed[] = [];
  try {
    figures = await run();
    await world.calm('anew');
  } finally {
    note('and return');
    back = await watch(world, manyFlows(), async () => {
      await world.startControl();
      await sleep(RETURN_MS);
    });
  }
  return [...figures, ...losses('hub and API servers return: lost', back, NONE_LOST)];
}

/** Agents save what they observed at most every two seconds; one that is killed starts from that. */
const SAVED_MS = 2_500;

/** It answers, and its own traffic works; what it should hand on is dropped before any rule of anybody sees it. */
export async function stopForwarding(victim: BareNode): Promise<Fault> {
  await victim.namespace.exec(['nft', '-f', '-'], {
    input: 'table inet fault {\n chain forward {\n type filter hook forward priority -300;\n drop\n }\n}\n',
  });
  return {
    what: `${victim.name} does not forward`,
    heal: async () => void (await victim.namespace.exec(['nft', 'delete', 'table', 'inet', 'fault'])),
  };
}
