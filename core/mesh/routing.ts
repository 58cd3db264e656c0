/**
 * Nexthops, groups and routes.
 *
 * A remote prefix points at the group of its segment, and the group at one of its paths: on a gateway a plane, on any other node one of
 * its gateways. A WireGuard nexthop has no gateway address: the device finds the peer by its allowed IPs.
 *
 * Behind every route, even those inside the location, there is an `unreachable` guard. So packets to the mesh never follow the default
 * route in clear, neither when a tunnel is gone nor while a neighbour's address is unknown.
 */
import { FAMILIES, type Family, familyName } from '../net/family.js';
import type { Neighbour } from './encapsulation/strategy.js';
import { assignIds } from './ids.js';
import { type NeighbourRoutesInput, neighbourRoutes, routesToNodes } from './neighbourRoutes.js';
import { nexthopKey, type NexthopName, nexthopName, type NexthopTarget } from './nexthopName.js';
import type { GroupPath, Nexthop, NexthopGroup, NodePlan, Route } from './plan.js';
import { type ProbingPlan, probingOf } from './probes.js';
import { bySegmentPrecedence } from './precedence.js';
import { INTERFACE_PREFIX, ROUTE_METRIC } from './reserved.js';
import { guard, route, sortRoutes } from './routes.js';
import type { Segment } from './segments.js';

/** A path to a remote segment, and the slot it stands for. */
export type RemotePath = NexthopTarget & { readonly slot: number };

interface RemoteSegment {
  readonly segment: Pick<Segment, 'name' | 'kind' | 'member' | 'origin'>;
  /** CIDRs to route there. */
  readonly destinations: readonly string[];
  /** CIDRs of it that lead nowhere. */
  readonly refused: readonly string[];
  /** In order of preference. */
  readonly paths: readonly RemotePath[];
}

interface RoutingInput extends NeighbourRoutesInput {
  readonly remote: readonly RemoteSegment[];
  /** Absent: nothing is probed. */
  readonly probes?: ProbingPlan | undefined;
  /** Whether all good paths of a group share the flows. */
  readonly spread: boolean;
}

type Routing = Pick<NodePlan, 'nexthops' | 'groups' | 'routes' | 'rules' | 'tunnelRules' | 'probing' | 'problems'>;

export function planRouting(input: RoutingInput): Routing {
  const named = new Map(
    [...planeNexthops(input.planes), ...input.neighbours.flatMap(neighbourNexthops)].map((each) => [
      nexthopKey(each.name, each.family),
      each,
    ]),
  );
  const reached = input.remote.flatMap(({ segment, destinations, paths }) =>
    FAMILIES.flatMap((family) => {
      const usable = paths.filter((path) => named.has(nexthopKey(nexthopName(path), family)));
      return usable.length === 0 || !destinations.some((dst) => familyName(dst) === family) ? [] : [{ segment, family, usable }];
    }),
  );
  const keyOf = (segment: string, family: Family): string => groupKey(segment, family, input.spread);
  const ids = assignIds(
    named.keys(),
    ...reached.toSorted((a, b) => bySegmentPrecedence(a.segment, b.segment)).map(({ segment, family }) => [keyOf(segment.name, family)]),
  );
  const sources = Object.fromEntries(input.meshAddresses.map((address) => [familyName(address), address])) as Partial<
    Record<Family, string>
  >;

  const groups = reached.map(({ segment, family, usable }): NexthopGroup => {
    const paths = usable.map((path): GroupPath => {
      const name = nexthopName(path);
      return { ...path, name, nexthop: ids.get(nexthopKey(name, family)) as number };
    });
    const name = keyOf(segment.name, family);
    return {
      id: ids.get(name) as number,
      name,
      segment: segment.name,
      ...(segment.kind === 'externalPeer' ? { externalPeer: true } : {}),
      paths,
      active: paths.slice(0, 1).map(({ nexthop }) => nexthop),
      ...(input.spread ? { spread: true } : {}),
    };
  });
  const grouped = new Set(groups.map(({ name }) => name));
  const remoteRoutes = input.remote.flatMap(({ segment, destinations, refused }) => [
    ...destinations.flatMap((dst) => {
      const key = keyOf(segment.name, familyName(dst));
      return grouped.has(key)
        ? [route(dst, { kind: 'group', id: ids.get(key) as number }, sources[familyName(dst)]), guard(dst)]
        : [guard(dst)];
    }),
    ...refused.map(guard),
  ]);
  const idOf = (node: string, family: Family): number | undefined => ids.get(nexthopKey(nexthopName({ kind: 'node', node }), family));
  const near = neighbourRoutes(input, { idOf, sources });
  const nodes = routesToNodes(input, idOf);
  const probes =
    input.probes === undefined ? undefined : probingOf(input.probes, (nexthop, family) => ids.get(nexthopKey(nexthop, family)));
  const probeRoutes = (probes?.routes ?? []).map(({ dst, table, nexthop }): Route => ({
    dst,
    table,
    metric: ROUTE_METRIC,
    to: { kind: 'nexthop', id: nexthop },
  }));
  const used = new Set([
    ...groups.flatMap(({ paths }) => paths.map(({ nexthop }) => nexthop)),
    ...[...near.routes, ...nodes.routes, ...probeRoutes].flatMap(({ to }) => (to.kind === 'nexthop' ? [to.id] : [])),
  ]);
  return {
    nexthops: [...named]
      .map(([key, nexthop]) => ({ ...nexthop, id: ids.get(key) as number }))
      .filter(({ id }) => used.has(id))
      .toSorted(byId),
    groups: groups.toSorted(byId),
    routes: sortRoutes([...remoteRoutes, ...near.routes, ...nodes.routes, ...probeRoutes]),
    rules: nodes.rules,
    ...(nodes.tunnelRules.length === 0 ? {} : { tunnelRules: nodes.tunnelRules }),
    ...(probes === undefined ? {} : { probing: probes.probing }),
    problems: near.problems,
  };
}

interface NamedNexthop extends Omit<Nexthop, 'id'> {
  readonly name: NexthopName;
}

function planeNexthops(planes: readonly number[]): NamedNexthop[] {
  return planes.flatMap((plane) =>
    FAMILIES.map((family) => ({ name: nexthopName({ kind: 'plane', slot: plane }), dev: `${INTERFACE_PREFIX}${plane}`, family })),
  );
}

function neighbourNexthops({ node, nextHops }: Neighbour): NamedNexthop[] {
  return FAMILIES.flatMap((family) => {
    const hop = nextHops[family];
    return hop === undefined
      ? []
      : [{ name: nexthopName({ kind: 'node', node: node.metadata.name }), dev: hop.dev, via: hop.address, family }];
  });
}

/** The kernel cannot replace a group by one of another type, so each type has an id of its own. */
function groupKey(segment: string, family: Family, spread: boolean): string {
  return `${spread ? 'spread' : 'group'}/${segment}/${family}`;
}

function byId(a: { readonly id: number }, b: { readonly id: number }): number {
  return a.id - b.id;
}
