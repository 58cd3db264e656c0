/**
 * What a node probes.
 *
 * Every node probes the gateways of its segment (lan), and through each of them remote gateways (relay): a gateway that answers but
 * forwards nothing is no gateway. A gateway probes each remote gateway that it has a tunnel to, through that tunnel (tunnel). A path is
 * probed even where there is nothing to choose, though rarely, for the metrics.
 */
import type { MeshNode } from '../api/meshNode.js';
import { FAMILIES, type Family, familyName } from '../net/family.js';
import type { FlatMap } from '../memory/flatMap.js';
import { perObject } from '../memory/perObject.js';
import type { Neighbour } from './encapsulation/strategy.js';
import { PLANE_PROBE_PORT, PROBE_PORT, RELAY_PROBE_PORT } from '../api/ports.js';
import { type NexthopName, nexthopName } from './nexthopName.js';
import {
  type PathName,
  pathName,
  type ProbePath,
  type ProbePathId,
  type ProbeRule,
  type ProbeSenders,
  type ProbeTarget,
  type Probing,
} from './probing.js';
import { PLANE_TABLE, PROBE_PRIORITY, RELAY_TABLE } from './reserved.js';
import type { Segment } from './segments.js';

interface ProbingInput {
  readonly self: MeshNode;
  readonly own: Segment;
  readonly neighbours: readonly Neighbour[];
  /** What follows from neighbours, as it follows that of last time. */
  readonly memory: FlatMap<Neighbour, ProbeTarget>;
  readonly remote: readonly Segment[];
  readonly senders: readonly ProbeSenders[];
  /** The name of the segment that an address leads to. */
  readonly holderOf: (address: string) => string | undefined;
  /** Absent: this node ends no tunnel. */
  readonly tunnels: { readonly slot: number; readonly reached: ReadonlyMap<string, readonly number[]> } | undefined;
}

/** A source port and where its probes go, whatever the routes say: the only route of `table` leads to `nexthop`. */
interface ProbeSource {
  readonly port: number;
  readonly table: number;
  readonly nexthop: NexthopName;
}

export interface ProbingPlan {
  readonly sources: readonly ProbeSource[];
  readonly paths: readonly ProbePath[];
  readonly segmentPeers: readonly ProbeTarget[];
  readonly senders: readonly ProbeSenders[];
  readonly families: readonly Family[];
}

/** Undefined: there is nobody to probe, or this node has no address to probe from. */
export function planProbes(input: ProbingInput): ProbingPlan | undefined {
  const { self, own, neighbours, memory, remote, holderOf, tunnels } = input;
  const families = new Set((self.status?.meshAddresses ?? []).map(familyName));
  const reach = (addresses: readonly string[]): string | undefined => addresses.find((address) => families.has(familyName(address)));
  const segmentPeers = memory.get(
    neighbours,
    [...families],
    ({ node }) => targetsAt(node).find(([{ address }]) => families.has(familyName(address))) ?? [],
  );
  const far = remote
    .filter(({ kind }) => kind !== 'externalPeer')
    .flatMap((segment) =>
      segment.gateways.flatMap((gateway) => {
        // What a gateway says of itself must not have others send packets elsewhere.
        const address = reach(gateway.meshAddresses.filter((each) => holderOf(each) === segment.name));
        return address === undefined
          ? []
          : [
              {
                slot: gateway.slot,
                planes: gateway.planes,
                target: {
                  name: gateway.name,
                  publicKey: gateway.publicKey,
                  address,
                  segment: segment.name,
                  ...(segment.member === undefined ? {} : { member: segment.member }),
                },
              },
            ];
      }),
    );
  const gateways = own.gateways.flatMap(({ name, slot }) =>
    segmentPeers.filter((peer) => peer.name === name).map((target) => ({ slot, target })),
  );
  /** Who can answer by our gateway in `slot`. */
  const beyond = (slot: number): ProbeTarget[] => far.filter(({ planes }) => slot < planes).map(({ target }) => target);
  const paths: ProbePath[] = [
    ...gateways.map(({ slot, target }): ProbePath => ({
      ...named({ kind: 'lan', node: target.name }),
      slot,
      from: PROBE_PORT,
      targets: [target],
    })),
    ...gateways
      .filter(({ slot }) => beyond(slot).length > 0)
      .map(({ slot, target }): ProbePath => ({
        ...named({ kind: 'relay', node: target.name }),
        slot,
        from: RELAY_PROBE_PORT + slot,
        answerVia: slot,
        targets: beyond(slot),
      })),
    ...(tunnels === undefined ? [] : far.flatMap((one) => tunnelPaths(one, tunnels, self.spec.publicKey > one.target.publicKey))),
  ];
  if (segmentPeers.length + far.length === 0 || families.size === 0) return undefined;
  const planes = [...new Set([...(tunnels?.reached.values() ?? [])].flat())].toSorted((a, b) => a - b);
  return {
    sources: [
      ...planes.map((plane) => ({
        port: PLANE_PROBE_PORT + plane,
        table: PLANE_TABLE + plane,
        nexthop: nexthopName({ kind: 'plane', slot: plane }),
      })),
      ...gateways.map(({ slot, target }) => ({
        port: RELAY_PROBE_PORT + slot,
        table: RELAY_TABLE + slot,
        nexthop: nexthopName({ kind: 'node', node: target.name }),
      })),
    ],
    paths: paths.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    segmentPeers,
    senders: input.senders,
    families: FAMILIES.filter((family) => families.has(family)),
  };
}

/** One for each of its mesh addresses. */
const targetsAt = perObject(({ metadata: { name }, spec: { publicKey }, status }: MeshNode): readonly (readonly [ProbeTarget])[] =>
  (status?.meshAddresses ?? []).map((address) => [{ name, publicKey, address }]),
);

/** Probed by an alternate path only where there is another tunnel. */
function tunnelPaths(
  { slot, target }: { readonly slot: number; readonly target: ProbeTarget & { readonly segment: string } },
  tunnels: NonNullable<ProbingInput['tunnels']>,
  yields: boolean,
): ProbePath[] {
  const { segment } = target;
  const planes = tunnels.reached.get(segment) ?? [];
  if (!planes.includes(slot)) return [];
  const tunnel: ProbePath = {
    ...named({ kind: 'tunnel', slot, segment }),
    slot,
    from: PLANE_PROBE_PORT + slot,
    answerVia: tunnels.slot,
    ...(yields ? { yields } : {}),
    targets: [target],
  };
  return planes.length < 2
    ? [tunnel]
    : [tunnel, { ...named({ kind: 'alternate', slot, segment }), slot, from: PROBE_PORT, targets: [target] }];
}

/**
 * The rules of the sources and the only routes of their tables, in the families in which their nexthop exists. `idOf`: of a nexthop by
 * name and family.
 */
export function probingOf(
  plan: ProbingPlan,
  idOf: (nexthop: NexthopName, family: ProbeRule['family']) => number | undefined,
): { readonly probing: Probing; readonly routes: readonly ProbeRoute[] } {
  const placed = plan.sources.flatMap((source) =>
    plan.families.flatMap((family) => {
      const id = idOf(source.nexthop, family);
      return id === undefined ? [] : [{ ...source, family, id }];
    }),
  );
  return {
    probing: {
      rules: placed.map(({ port, table, family }) => ({ priority: PROBE_PRIORITY, family, sport: port, table })),
      paths: plan.paths,
      segmentPeers: plan.segmentPeers,
      senders: plan.senders,
    },
    routes: placed.map(({ table, family, id }) => ({ dst: family === 'inet' ? '0.0.0.0/0' : '::/0', table, nexthop: id })),
  };
}

interface ProbeRoute {
  readonly dst: string;
  readonly table: number;
  readonly nexthop: number;
}

function named<Id extends ProbePathId>(id: Id): Id & { readonly name: PathName } {
  return { ...id, name: pathName(id) };
}
