/**
 * Nexthops, groups and routes.
 *
 * A remote prefix points at the group of its segment, and the group at one of its candidates: on a gateway a plane, on any
 * other node one of its own gateways. Behind every route of ours lies an `unreachable` guard, so that a prefix of the mesh
 * never follows the default route in clear. No WireGuard nexthop has a gateway address: the device finds the peer itself.
 */
import { familyOf, singleAddress, sortCidrs } from '../net/cidr.js';
import { assignIds } from './ids.js';
import type { Neighbour } from './neighbours.js';
import {
  GUARD_METRIC,
  INTERFACE_PREFIX,
  type Nexthop,
  type NexthopGroup,
  ROUTE_METRIC,
  type Route,
  RULE_PRIORITY,
  RULE_TABLE,
  type Rule,
  VXLAN_INTERFACE,
} from './plan.js';
import type { Segment } from './segments.js';

const MAIN_TABLE = 254;

type Family = Nexthop['family'];

/** Where a remote segment can be left to: a nexthop's name, and the slot it stands for. */
export interface Candidate {
  readonly slot: number;
  readonly nexthop: string;
}

export interface PathInput {
  readonly meshAddresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly neighbours: readonly Neighbour[];
  /** Planes this node has; 0 on a member. */
  readonly planes: number;
  readonly remote: readonly {
    readonly segment: Segment;
    readonly prefixes: readonly string[];
    readonly candidates: readonly Candidate[];
  }[];
  /** Addresses that tunnels end at: a route to one would send a tunnel into itself (Kilo pkg/mesh/routes.go). */
  readonly tunnelEnds: ReadonlySet<string>;
}

export interface Paths {
  readonly nexthops: readonly Nexthop[];
  readonly groups: readonly NexthopGroup[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

export function planPaths(input: PathInput): Paths {
  const nexthops = [...planeNexthops(input.planes), ...input.neighbours.map(neighbourNexthop)];
  const groups = input.remote.flatMap(({ segment, prefixes, candidates }) =>
    families(prefixes).flatMap((family) => (candidates.length === 0 ? [] : [{ segment, family, candidates }])),
  );
  const ids = assignIds([...nexthops.map(nexthopKey), ...groups.map(groupKey)]);
  const idOf = (key: string): number => ids.get(key) as number;
  const sources = sourcesByFamily(input.meshAddresses);

  const remoteRoutes = input.remote.flatMap(({ segment, prefixes, candidates }) =>
    prefixes.filter((dst) => !input.tunnelEnds.has(dst)).flatMap((dst): Route[] => {
      const family = familyName(dst);
      const to = candidates.length === 0 ? [] : [{ kind: 'group' as const, id: idOf(groupKey({ segment, family })) }];
      return [...to.map((target) => route(dst, target, sources[family])), guard(dst)];
    }),
  );
  const neighbourRoutes = input.neighbours.flatMap((neighbour) =>
    prefixesBehind(neighbour).flatMap((dst): Route[] => {
      const family = familyName(dst);
      if (family !== familyName(neighbour.address)) return [guard(dst)];
      return [route(dst, { kind: 'nexthop', id: idOf(nexthopKey({ name: `node/${neighbour.node.metadata.name}`, family })) }), guard(dst)];
    }),
  );
  const toNodes = podToNode(input, idOf);
  const routes = [...remoteRoutes, ...neighbourRoutes, ...toNodes.routes].toSorted(byRoute);
  const used = new Set([
    ...groups.flatMap(({ family, candidates: ways }) => ways.map(({ nexthop }) => nexthopKey({ name: nexthop, family }))),
    ...input.neighbours.map(({ node, address }) => nexthopKey({ name: `node/${node.metadata.name}`, family: familyName(address) })),
  ]);
  return {
    nexthops: nexthops.filter((each) => used.has(nexthopKey(each))).map((each) => ({ ...each, id: idOf(nexthopKey(each)) })).toSorted(byId),
    groups: groups
      .map(({ segment, family, candidates }): NexthopGroup => {
        const members = candidates.map(({ slot, nexthop }) => ({ slot, name: nexthop, nexthop: idOf(nexthopKey({ name: nexthop, family })) }));
        return {
          id: idOf(groupKey({ segment, family })),
          name: groupKey({ segment, family }),
          segment: segment.name,
          candidates: members,
          active: members.slice(0, 1).map(({ nexthop }) => nexthop),
        };
      })
      .toSorted(byId),
    rules: toNodes.rules,
    routes,
  };
}

/**
 * Pods reach the nodes of their location in VXLAN where other traffic does: an underlay that cannot carry pod addresses drops
 * a pod's packet to a node, too (Kilo pkg/mesh/routes.go, table 1107).
 */
function podToNode(input: PathInput, idOf: (key: string) => number): { readonly rules: Rule[]; readonly routes: Route[] } {
  const encapsulated = input.neighbours.filter((each) => each.encapsulated);
  return {
    rules: encapsulated
      .flatMap(({ address }) =>
        input.podCIDRs
          .filter((from) => familyOf(from) === familyOf(address))
          .map((from): Rule => ({ priority: RULE_PRIORITY, from, to: singleAddress(address), table: RULE_TABLE })),
      )
      .toSorted((a, b) => (ruleText(a) < ruleText(b) ? -1 : 1)),
    routes: encapsulated.map(({ node, address }) => ({
      dst: singleAddress(address),
      table: RULE_TABLE,
      metric: ROUTE_METRIC,
      to: { kind: 'nexthop', id: idOf(nexthopKey({ name: `node/${node.metadata.name}`, family: familyName(address) })) },
    })),
  };
}

function planeNexthops(planes: number): Omit<Nexthop, 'id'>[] {
  return Array.from({ length: planes }, (_, plane) => plane).flatMap((plane) =>
    (['inet', 'inet6'] as const).map((family) => ({ name: `plane/${plane}`, dev: `${INTERFACE_PREFIX}${plane}`, family })),
  );
}

function neighbourNexthop({ node, address, encapsulated }: Neighbour): Omit<Nexthop, 'id'> {
  return {
    name: `node/${node.metadata.name}`,
    dev: encapsulated ? VXLAN_INTERFACE : 'underlay',
    via: address,
    family: familyName(address),
  };
}

function prefixesBehind({ node }: Neighbour): string[] {
  return sortCidrs([...node.spec.podCIDRs, ...(node.status?.meshAddresses ?? []).map(singleAddress)]);
}

function route(dst: string, to: Route['to'], src?: string): Route {
  return { dst, table: MAIN_TABLE, metric: ROUTE_METRIC, to, ...(src === undefined ? {} : { src }) };
}

function guard(dst: string): Route {
  return { dst, table: MAIN_TABLE, metric: GUARD_METRIC, to: { kind: 'unreachable' } };
}

function sourcesByFamily(addresses: readonly string[]): Partial<Record<Family, string>> {
  return Object.fromEntries(addresses.map((address) => [familyName(address), address]));
}

function families(prefixes: readonly string[]): Family[] {
  return [...new Set(prefixes.map(familyName))];
}

function familyName(text: string): Family {
  return familyOf(text) === 4 ? 'inet' : 'inet6';
}

function nexthopKey({ name, family }: { readonly name: string; readonly family: Family }): string {
  return `${name}/${family}`;
}

function groupKey({ segment, family }: { readonly segment: Segment; readonly family: Family }): string {
  return `group/${segment.name}/${family}`;
}

function ruleText(rule: Rule): string {
  return `${rule.from} ${rule.to}`;
}

function byId(a: { readonly id: number }, b: { readonly id: number }): number {
  return a.id - b.id;
}

function byRoute(a: Route, b: Route): number {
  return a.table - b.table || (a.dst === b.dst ? a.metric - b.metric : a.dst < b.dst ? -1 : 1);
}
