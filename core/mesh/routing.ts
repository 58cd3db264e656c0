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
import { perObject } from '../memory/perObject.js';
import type { Neighbour } from './encapsulation/strategy.js';
import { assignIds } from './ids.js';
import { type NeighbourRoutesInput, neighbourRoutes, type NexthopIdsOf, routesToNodes } from './neighbourRoutes.js';
import { nexthopKey, nexthopName, type NexthopTarget } from './nexthopName.js';
import type { GroupPath, Nexthop, NexthopGroup, NodePlan, Route } from './plan.js';
import { type ProbingPlan, probingOf } from './probes.js';
import { bySegmentPrecedence } from './precedence.js';
import { INTERFACE_PREFIX, ROUTE_METRIC } from './reserved.js';
import { guard, route } from './routes.js';
import type { NamedNexthop, RoutingMemory } from './planMemory.js';
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

export function planRouting(input: RoutingInput, memory: RoutingMemory): Routing {
  const planes = memory.planes.get(input.planes, () => planeNexthops(input.planes));
  const there = memory.named.get(input.neighbours, [], (neighbour) => nexthopsTo(neighbour).there);
  const keys = memory.keys.get(there, [], ({ key }) => [key]);
  const names = memory.names.get([planes, keys], () => new Set([...planes.map(({ key }) => key), ...keys]));
  const reached = input.remote.flatMap(({ segment, destinations, paths }) =>
    FAMILIES.flatMap((family) => {
      const usable = paths.filter((path) => names.has(nexthopKey(nexthopName(path), family)));
      return usable.length === 0 || !destinations.some((dst) => familyName(dst) === family) ? [] : [{ segment, family, usable }];
    }),
  );
  const keyOf = (segment: string, family: Family): string => groupKey(segment, family, input.spread);
  const groupNames = reached
    .toSorted((a, b) => bySegmentPrecedence(a.segment, b.segment))
    .map(({ segment, family }) => keyOf(segment.name, family));
  const ids = memory.ids.get([names, ...groupNames], () => assignIds(names, ...groupNames.map((name) => [name])));
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
  const remoteRoutesOf = memory.remote.round();
  const remoteRoutes = input.remote.flatMap(({ segment, destinations, refused }) => {
    const [inet, inet6] = FAMILIES.map((family) => {
      const key = keyOf(segment.name, family);
      return grouped.has(key) ? ids.get(key) : undefined;
    });
    const groupOf = { inet, inet6 };
    return remoteRoutesOf(segment.name, [inet, inet6, sources.inet, sources.inet6, ...destinations, '', ...refused], () => [
      ...destinations.flatMap((dst) => {
        const family = familyName(dst);
        const id = groupOf[family];
        return id === undefined ? [guard(dst)] : [route(dst, { kind: 'group', id }, sources[family]), guard(dst)];
      }),
      ...refused.map(guard),
    ]);
  });
  const idsOf: NexthopIdsOf = (neighbour) => {
    const { inet, inet6 } = nexthopsTo(neighbour).keys;
    return { inet: ids.get(inet), inet6: ids.get(inet6) };
  };
  const identified = (nexthop: NamedNexthop): Nexthop => {
    const id = ids.get(nexthop.key) as number;
    return memory.nexthop.get(nexthop, [id], () => withId(nexthop, id));
  };
  const identifiedThere = memory.nexthops.get(there, [ids], (nexthop) => [identified(nexthop)]);
  const near = neighbourRoutes(input, { ids, idsOf, sources, memory });
  const nodes = routesToNodes(input, { ids, idsOf, memory });
  const probes =
    input.probes === undefined ? undefined : probingOf(input.probes, (nexthop, family) => ids.get(nexthopKey(nexthop, family)));
  const probed = probes?.routes ?? [];
  const probeRoutes = memory.probes.get(
    probed.flatMap(({ dst, table, nexthop }) => [dst, table, nexthop]),
    () => probed.map(({ dst, table, nexthop }): Route => ({ dst, table, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: nexthop } })),
  );
  const used = new Set(groups.flatMap(({ paths }) => paths.map(({ nexthop }) => nexthop)));
  for (const routes of [near.routes, nodes.routes, probeRoutes]) for (const { to } of routes) if (to.kind === 'nexthop') used.add(to.id);
  return {
    nexthops: memory.sortedNexthops.inOrder([...planes.map(identified), ...identifiedThere].filter(({ id }) => used.has(id))),
    groups: groups.toSorted(byId),
    routes: memory.sortedRoutes.inOrder([...remoteRoutes, ...near.routes, ...nodes.routes, ...probeRoutes]),
    rules: nodes.rules,
    ...(nodes.tunnelRules.length === 0 ? {} : { tunnelRules: nodes.tunnelRules }),
    ...(probes === undefined ? {} : { probing: probes.probing }),
    problems: near.problems,
  };
}

function planeNexthops(planes: readonly number[]): NamedNexthop[] {
  return planes.flatMap((plane) =>
    FAMILIES.map((family) => withKey({ name: nexthopName({ kind: 'plane', slot: plane }), dev: `${INTERFACE_PREFIX}${plane}`, family })),
  );
}

interface NexthopsTo {
  readonly there: readonly NamedNexthop[];
  /** Also of families in which there is none. */
  readonly keys: Readonly<Record<Family, string>>;
}

const nexthopsTo = perObject(({ node, nextHops }: Neighbour): NexthopsTo => {
  const name = nexthopName({ kind: 'node', node: node.metadata.name });
  return {
    there: FAMILIES.flatMap((family) => {
      const hop = nextHops[family];
      return hop === undefined ? [] : [withKey({ name, dev: hop.dev, via: hop.address, family })];
    }),
    keys: { inet: nexthopKey(name, 'inet'), inet6: nexthopKey(name, 'inet6') },
  };
});

function withKey(nexthop: Omit<NamedNexthop, 'key'>): NamedNexthop {
  return { ...nexthop, key: nexthopKey(nexthop.name, nexthop.family) };
}

function withId({ key: _key, ...nexthop }: NamedNexthop, id: number): Nexthop {
  return { ...nexthop, id };
}

/** The kernel cannot replace a group by one of another type, so each type has an id of its own. */
function groupKey(segment: string, family: Family, spread: boolean): string {
  return `${spread ? 'spread' : 'group'}/${segment}/${family}`;
}

function byId(a: { readonly id: number }, b: { readonly id: number }): number {
  return a.id - b.id;
}
