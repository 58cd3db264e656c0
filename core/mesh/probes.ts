/**
 * What a node probes.
 *
 * Every node asks the gateways of its segment (near), and sends through each of them to remote gateways and back (through): a
 * gateway that answers but forwards nothing is no gateway. A gateway asks each remote gateway it has a tunnel to, by that tunnel
 * (tunnel). Where there is nothing to choose, it is asked all the same, seldom: people want to know.
 */
import type { MeshNode } from '../api/meshNode.js';
import { FAMILIES, type Family, familyName, type Neighbour } from './neighbours.js';
import {
  PLANE_PROBE_PORT,
  PLANE_TABLE,
  PROBE_PORT,
  PROBE_PRIORITY,
  type ProbePath,
  type ProbeRule,
  type ProbeTarget,
  type Probing,
  THROUGH_PROBE_PORT,
  THROUGH_TABLE,
} from './plan.js';
import type { Segment } from './segments.js';

export interface ProbingInput {
  readonly self: MeshNode;
  readonly own: Segment;
  readonly neighbours: readonly Neighbour[];
  readonly remote: readonly Segment[];
  /** Absent: this node ends no tunnel. */
  readonly tunnels: { readonly slot: number; readonly reached: ReadonlyMap<string, readonly number[]> } | undefined;
}

/** A way that probes are sent by, whatever the routes say: its table's only route leads to `nexthop`. */
export interface ProbeWay {
  readonly port: number;
  readonly table: number;
  /** The name of the nexthop. */
  readonly nexthop: string;
}

export interface ProbingPlan {
  readonly ways: readonly ProbeWay[];
  readonly paths: readonly ProbePath[];
  readonly kin: readonly ProbeTarget[];
  readonly families: readonly Family[];
}

/** Undefined: there is nobody to ask, or this node has no address to ask from. */
export function planProbes(input: ProbingInput): ProbingPlan | undefined {
  const { self, own, neighbours, remote, tunnels } = input;
  const families = new Set((self.status?.meshAddresses ?? []).map(familyName));
  const reach = (addresses: readonly string[]): string | undefined => addresses.find((address) => families.has(familyName(address)));
  const kin = neighbours.flatMap(({ node }): ProbeTarget[] => {
    const address = reach(node.status?.meshAddresses ?? []);
    return address === undefined ? [] : [{ name: node.metadata.name, publicKey: node.spec.publicKey, address }];
  });
  const far = remote.filter(({ kind }) => kind !== 'person').flatMap((segment) =>
    segment.gateways.flatMap((gateway) => {
      const address = reach(gateway.meshAddresses);
      return address === undefined ? [] : [{ slot: gateway.slot, planes: gateway.planes, target: { name: gateway.name, publicKey: gateway.publicKey, address, segment: segment.name } }];
    }),
  );
  const near = own.gateways.flatMap(({ name, slot }) => kin.filter((one) => one.name === name).map((target) => ({ slot, target })));
  /** Who can answer by our gateway in `slot`. */
  const beyond = (slot: number): ProbeTarget[] => far.filter(({ planes }) => slot < planes).map(({ target }) => target);
  const paths: ProbePath[] = [
    ...near.map(({ slot, target }): ProbePath => ({ name: `near/${target.name}`, kind: 'near', slot, node: target.name, from: PROBE_PORT, targets: [target] })),
    ...near.filter(({ slot }) => beyond(slot).length > 0).map(({ slot, target }): ProbePath => ({
      name: `through/${target.name}`, kind: 'through', slot, node: target.name, from: THROUGH_PROBE_PORT + slot, answerVia: slot, targets: beyond(slot),
    })),
    ...(tunnels === undefined ? [] : far.flatMap((one) => tunnelPaths(one, tunnels, self.spec.publicKey > one.target.publicKey))),
  ];
  if (kin.length + far.length === 0 || families.size === 0) return undefined;
  const planes = [...new Set([...(tunnels?.reached.values() ?? [])].flat())].toSorted((a, b) => a - b);
  return {
    ways: [
      ...planes.map((plane) => ({ port: PLANE_PROBE_PORT + plane, table: PLANE_TABLE + plane, nexthop: `plane/${plane}` })),
      ...near.map(({ slot, target }) => ({ port: THROUGH_PROBE_PORT + slot, table: THROUGH_TABLE + slot, nexthop: `node/${target.name}` })),
    ],
    paths: paths.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    kin,
    families: FAMILIES.filter((family) => families.has(family)),
  };
}

/** Around a tunnel only where there is another. */
function tunnelPaths({ slot, target }: { readonly slot: number; readonly target: ProbeTarget & { readonly segment: string } }, tunnels: NonNullable<ProbingInput['tunnels']>, yields: boolean): ProbePath[] {
  const { segment } = target;
  const planes = tunnels.reached.get(segment) ?? [];
  if (!planes.includes(slot)) return [];
  const tunnel: ProbePath = { name: `tunnel/${slot}/${segment}`, kind: 'tunnel', slot, segment, from: PLANE_PROBE_PORT + slot, answerVia: tunnels.slot, ...(yields ? { yields } : {}), targets: [target] };
  return planes.length < 2 ? [tunnel] : [tunnel, { name: `around/${slot}/${segment}`, kind: 'around', slot, segment, from: PROBE_PORT, targets: [target] }];
}

/** The rules and the only routes of the tables of `ways`, in the families in which their nexthop exists. `idOf`: of a nexthop by name and family. */
export function probingOf(plan: ProbingPlan, idOf: (nexthop: string, family: ProbeRule['family']) => number | undefined): { readonly probing: Probing; readonly routes: readonly ProbeRoute[] } {
  const placed = plan.ways.flatMap((way) =>
    plan.families.flatMap((family) => {
      const id = idOf(way.nexthop, family);
      return id === undefined ? [] : [{ ...way, family, id }];
    }),
  );
  return {
    probing: { rules: placed.map(({ port, table, family }) => ({ priority: PROBE_PRIORITY, family, sport: port, table })), paths: plan.paths, kin: plan.kin },
    routes: placed.map(({ table, family, id }) => ({ dst: family === 'inet' ? '0.0.0.0/0' : '::/0', table, nexthop: id })),
  };
}

export interface ProbeRoute {
  readonly dst: string;
  readonly table: number;
  readonly nexthop: number;
}
