/**
 * A location of two nodes, both gateways, one of which fails: the other has nobody else to compare it with.
 */
import { CRASHES, strike } from './crashes.js';
import { ALL_LOST_SOME, losses, NONE_LOST, outages, type Row } from './row.js';
import type { FlowSpec } from './watch.js';
import type { World } from './world.js';

const PAIR = ['east-b1', 'east-b2'] as const;
/** Nodes with and without a tunnel, of the same cluster and of another. */
const OTHERS = ['east-a3', 'east-a1', 'west-c3', 'west-c1'];
/** Two whose LAN is cut find that both have lost it, and neither is better (docs/failover.md). */
const UNDECIDED = 'gateway cut off from its LAN';

export const twoNodes: readonly Row[] = CRASHES.filter(({ name, alone }) => alone !== true && name !== UNDECIDED).map((crash) => {
  const name = `${crash.name}, one of two nodes`;
  return {
    name,
    seconds: (rounds) => rounds * 12,
    async run(context) {
      const { fallen, returns } = await strike(name, crash, { context, place: { victim: carrier, flows } });
      const [hit, spared] = [true, false].map((carried) => fallen.filter((each) => each.hit === carried));
      return [
        ...outages(`${name}: pods of the other, in`, hit ?? [], crash.must),
        ...losses(`${name}: lost`, hit ?? [], ALL_LOST_SOME),
        ...losses(`${name}: lost by flows through the other`, spared ?? [], NONE_LOST),
        ...losses(`${name}, and returns: lost`, returns, NONE_LOST),
      ];
    },
  };
});

/** The one by which the others reach the pods of both. */
async function carrier(world: World): Promise<string> {
  const [first, second] = PAIR;
  return (await world.gatewaysBetween('east-a3', second)).includes(first) ? first : second;
}

function flows(victim: string): readonly FlowSpec[] {
  const other = PAIR.find((name) => name !== victim) ?? '';
  return OTHERS.flatMap((name) => [
    { from: name, to: other, packetsPerSecond: 100, direction: 'one-way' as const },
    { from: other, to: name, packetsPerSecond: 100, direction: 'one-way' as const },
  ]);
}
