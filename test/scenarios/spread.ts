/**
 * Both gateways of every location at work at a time (`Mesh.spec.gatewayMode: ActiveActive`): the same guarantees as where one stands by.
 *
 * The kernel chooses a flow's path by addresses and ports, so nobody knows it beforehand. A flow that loses something went by
 * the gateway that failed; of many flows some must, and some must not.
 */
import type { Fault } from '../lab/network/faults.js';
import { sleep, until } from '../lab/process.js';
import type { BareNode } from '../bare/cluster.js';
import type { Must } from '../bench/measure.js';
import { DEATH, DEGRADED, silence, stopForwarding } from './crashes.js';
import { planned } from './planned.js';
import { figure, losses, NONE_LOST, outages, repeat, type Row, type RowContext } from './row.js';
import { manyFlows, type Observed, watch } from './watch.js';
import { STICKY, type World } from './world.js';

const ALL = { gatewayMode: 'ActiveActive', probes: { failbackDelaySeconds: 1 } };
const VICTIM = 'east-a1';
const FAULT_MS = 3_000;
/** A gateway is taken again a second after it answers, and everybody asks a second later at most; then there is time to lose something. */
const RETURN_MS = 5_000;

export const spread: readonly Row[] = [
  struck('gateway dies silently', DEATH, silence),
  struck('gateway does not forward', DEGRADED, (_world, victim) => stopForwarding(victim)),
  ...planned.filter(({ name }) =>
    ['drain by annotation, then power off', 'drain by SIGTERM, then power off', 'agent killed'].includes(name),
  ),
].map(withBothAtWork);

function struck(name: string, must: Must, fault: (world: World, victim: BareNode) => Promise<Fault>): Row {
  return {
    name,
    seconds: (rounds) => rounds * 14,
    async run(context) {
      const { world } = context;
      const returns: Observed[] = [];
      const shares: number[] = [];
      const all = await repeat(name, context, {
        anew: true,
        async once() {
          const flows = [...manyFlows([VICTIM]), ...manyFlows([VICTIM])];
          let struckBy: Fault | undefined;
          const fallen = await watch(world, flows, async () => {
            struckBy = await fault(world, world.node(VICTIM));
            await sleep(FAULT_MS);
          });
          returns.push(
            ...(await watch(world, flows, async () => {
              await struckBy?.heal();
              await sleep(RETURN_MS);
            })),
          );
          await untilBothWork(world);
          shares.push((fallen.filter(({ report }) => report.lost > 0).length / fallen.length) * 100);
          return fallen;
        },
        failed: ({ report }) => report.outageMs > (must.max?.most ?? 0),
      });
      return [
        ...outages(
          `${name}: outage`,
          all.filter(({ report }) => report.lost > 0),
          must,
        ),
        ...figure(`${name}: flows that went by it`, '%', shares, { min: { least: 5 }, max: { most: 95 } }),
        ...losses(`${name}, and returns: lost`, returns, NONE_LOST),
      ];
    },
  };
}

/** Calm is not there before both are in use again. */
function withBothAtWork(row: Row): Row {
  const prefix = 'both gateways at work';
  return {
    name: `${prefix}: ${row.name}`,
    seconds: (rounds) => row.seconds(rounds) + rounds * 3,
    async run(context: RowContext) {
      const { world } = context;
      const calm: World['calm'] = async (how) => {
        await world.calm(how);
        await untilBothWork(world);
      };
      await world.setMesh(ALL);
      try {
        return (await row.run({ ...context, world: { ...world, calm } })).map((each) => ({ ...each, name: `${prefix}: ${each.name}` }));
      } finally {
        await world.setMesh(STICKY);
      }
    },
  };
}

export async function untilBothWork(world: World): Promise<void> {
  await until('both gateways to be in use everywhere', 30_000, async () => {
    const single = (await Promise.all(world.federation.nodes().map(singles))).flat();
    if (single.length > 0) throw new Error(single.join(', '));
    return true;
  });
}

/** Groups of the node that do not have two paths. */
async function singles({ name, namespace }: BareNode): Promise<string[]> {
  const listed = JSON.parse(await namespace.exec(['ip', '-json', 'nexthop', 'show', 'protocol', '107'])) as {
    readonly id: number;
    readonly type?: string;
    readonly group?: readonly unknown[];
  }[];
  const groups = listed.filter(({ group }) => group !== undefined);
  if (groups.length === 0) return [`${name}: no group`];
  return groups
    .filter(({ group }) => group?.length !== 2)
    .map(({ id, type, group }) => `${name}: group ${id} (${type ?? 'plain'}) has ${group?.length} paths`);
}
