/**
 * Nexthops, groups and routes.
 *
 * A remote prefix points at the group of its segment, and the group at one of its candidates: on a gateway a plane, on any
 * other node one of its own gateways. No WireGuard nexthop has a gateway address: the device finds the peer itself.
 *
 * Behind every route of ours, also those inside the location, lies an `unreachable` guard: a prefix of the mesh never follows
 * the default route in clear, neither when a tunnel is gone nor while a neighbour's address is not known.
 */
import { formatCidr, parseCidr, singleAddress, sortCidrs, type Cidr } from '../net/cidr.js';
import { assignIds } from './ids.js';
import { type EncapsulationType, FAMILIES, type Family, familyName, leavesPods, type Neighbour } from './neighbours.js';
import {
  GUARD_METRIC,
  INTERFACE_PREFIX,
  MAIN_TABLE,
  type Nexthop,
  type NexthopGroup,
  type NodePlan,
  type Problem,
  ROUTE_METRIC,
  type Route,
  RULE_PRIORITY,
  RULE_TABLE,
} from './plan.js';
import { internalAddresses } from './segments.js';
import { type ProbingPlan, probingOf } from './probes.js';

/** A way to a remote segment: a nexthop's name, and the slot it stands for. */
export interface Candidate {
  readonly slot: number;
  readonly nexthop: string;
}

export interface RemotePaths {
  /** The segment's name. */
  readonly segment: string;
  /** CIDRs to route there. */
  readonly destinations: readonly string[];
  /** In slot order. */
  readonly candidates: readonly Candidate[];
}

export interface PathInput {
  readonly meshAddresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly neighbours: readonly Neighbour[];
  readonly encapsulationType: EncapsulationType;
  /** The planes this node has an interface for; none on a member. */
  readonly planes: readonly number[];
  readonly remote: readonly RemotePaths[];
  /** Absent: nothing is probed. */
  readonly probes?: ProbingPlan | undefined;
  /** Whether all good ways of a group share the flows. */
  readonly spread: boolean;
}

export type Paths = Pick<NodePlan, 'nexthops' | 'groups' | 'routes' | 'rules' | 'tunnelRules' | 'probing' | 'problems'>;

export function planPaths(input: PathInput): Paths {
  const named = new Map([...planeNexthops(input.planes), ...input.neighbours.flatMap(neighbourNexthops)].map((each) => [nexthopKey(each.name, each.family), each]));
  const ways = input.remote.flatMap(({ segment, destinations, candidates }) =>
    FAMILIES.flatMap((family) => {
      const usable = candidates.filter(({ nexthop }) => named.has(nexthopKey(nexthop, family)));
      return usable.length === 0 || !destinations.some((dst) => familyName(dst) === family) ? [] : [{ segment, family, candidates: usable }];
    }),
  );
  const keyOf = (segment: string, family: Family): string => groupKey(segment, family, input.spread);
  const ids = assignIds([...named.keys(), ...ways.map(({ segment, family }) => keyOf(segment, family))]);
  const sources = Object.fromEntries(input.meshAddresses.map((address) => [familyName(address), address])) as Partial<Record<Family, string>>;

  const groups = ways.map(({ segment, family, candidates }): NexthopGroup => {
    const members = candidates.map(({ slot, nexthop }) => ({ slot, name: nexthop, nexthop: ids.get(nexthopKey(nexthop, family)) as number }));
    const name = keyOf(segment, family);
    return { id: ids.get(name) as number, name, segment, candidates: members, active: members.slice(0, 1).map(({ nexthop }) => nexthop), ...(input.spread ? { spread: true } : {}) };
  });
  const grouped = new Set(groups.map(({ name }) => name));
  const remoteRoutes = input.remote.flatMap(({ segment, destinations }) =>
    destinations.flatMap((dst) => {
      const key = keyOf(segment, familyName(dst));
      return grouped.has(key) ? [route(dst, { kind: 'group', id: ids.get(key) as number }, sources[familyName(dst)]), guard(dst)] : [guard(dst)];
    }),
  );
  const near = neighbourRoutes(input, { ids, sources });
  const pods = podsToNodes(input, ids);
  const probes = input.probes === undefined ? undefined : probingOf(input.probes, (nexthop, family) => ids.get(nexthopKey(nexthop, family)));
  const probeRoutes = (probes?.routes ?? []).map(({ dst, table, nexthop }): Route => ({ dst, table, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: nexthop } }));
  const used = new Set([
    ...groups.flatMap(({ candidates }) => candidates.map(({ nexthop }) => nexthop)),
    ...[...near.routes, ...pods.routes, ...probeRoutes].flatMap(({ to }) => (to.kind === 'nexthop' ? [to.id] : [])),
  ]);
  return {
    nexthops: [...named].map(([key, nexthop]) => ({ ...nexthop, id: ids.get(key) as number })).filter(({ id }) => used.has(id)).toSorted(byId),
    groups: groups.toSorted(byId),
    routes: sortRoutes([...remoteRoutes, ...near.routes, ...pods.routes, ...probeRoutes]),
    rules: pods.rules,
    ...(pods.tunnelRules.length === 0 ? {} : { tunnelRules: pods.tunnelRules }),
    ...(probes === undefined ? {} : { probing: probes.probing }),
    problems: near.problems,
  };
}

interface Naming {
  readonly ids: ReadonlyMap<string, number>;
  readonly sources: Partial<Record<Family, string>>;
}

/** Pods and mesh addresses of the location's other nodes. */
function neighbourRoutes(input: PathInput, { ids, sources }: Naming): { readonly routes: Route[]; readonly problems: Problem[] } {
  const problems: Problem[] = [];
  const holders = new Map([...input.podCIDRs, ...input.meshAddresses.map(singleAddress)].map((prefix) => [canonical(prefix), 'this node']));
  const routes = input.neighbours.flatMap(({ node, via, carriedIn }) => {
    const { name } = node.metadata;
    const podCIDRs = leavesPods(input.encapsulationType) ? [] : node.spec.podCIDRs;
    const behind = sortCidrs([...podCIDRs, ...(node.status?.meshAddresses ?? []).map(singleAddress)]);
    const podFamilies = new Set(podCIDRs.map(familyName));
    for (const family of podFamilies) {
      if (via[family] !== undefined) continue;
      problems.push({
        subject: `node ${name}`,
        ...(carriedIn === 'ipip' && family === 'inet6'
          ? { reason: 'NotCarried', message: 'has pods in IPv6, which IPIP does not carry to them: let the Mesh say encapsulationType vxlan' }
          : { reason: 'NoAddress', message: `has pods in ${FAMILY_TEXT[family]}, but no internal address by which this node could reach them: give both nodes one of that family` }),
      });
    }
    return behind.flatMap((dst): Route[] => {
      const holder = holders.get(dst);
      if (holder !== undefined) {
        problems.push({ subject: `node ${name}`, reason: 'PrefixTaken', message: `${dst} already belongs to ${holder}: remove it from one of the two` });
        return [];
      }
      holders.set(dst, `node ${name}`);
      const family = familyName(dst);
      const id = via[family] === undefined ? undefined : ids.get(nexthopKey(`node/${name}`, family));
      if (id === undefined) return [guard(dst)];
      // Our own carriers have no address: without a source the kernel would take one of some other device.
      return [route(dst, { kind: 'nexthop', id }, carriedIn === undefined ? undefined : sources[family]), guard(dst)];
    });
  });
  return { routes, problems };
}

/**
 * An underlay that cannot carry pod addresses drops a pod's packet to a node, too. So what comes from own pods, and what a
 * gateway takes out of its tunnels, is carried to such neighbours also where it is meant for the node itself (Kilo
 * pkg/mesh/routes.go, table 1107). The table holds nothing but these nodes; all else falls through to the main table. Packets
 * of the host itself, the carrier's own among them, match no rule and stay on the underlay. What comes from own pods is a network
 * plugin's to carry where there is one.
 */
function podsToNodes(input: PathInput, ids: ReadonlyMap<string, number>): Pick<NodePlan, 'rules'> & { readonly routes: Route[]; readonly tunnelRules: NonNullable<NodePlan['tunnelRules']> } {
  const sources = leavesPods(input.encapsulationType) ? [] : input.podCIDRs;
  const routes = (sources.length + input.planes.length === 0 ? [] : input.neighbours)
    .filter(({ carriedIn }) => carriedIn !== undefined)
    .flatMap(({ node, via }) =>
      internalAddresses(node).flatMap((address): Route[] => {
        const family = familyName(address);
        if (via[family] === undefined) return [];
        return [{ dst: singleAddress(address), table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id: ids.get(nexthopKey(`node/${node.metadata.name}`, family)) as number } }];
      }),
    );
  const families = FAMILIES.filter((family) => routes.some(({ dst }) => familyName(dst) === family));
  return {
    routes,
    rules: sortCidrs(sources)
      .filter((from) => families.includes(familyName(from)))
      .map((from) => ({ priority: RULE_PRIORITY, from, table: RULE_TABLE })),
    tunnelRules: input.planes.flatMap((plane) =>
      families.map((family) => ({ priority: RULE_PRIORITY + 1, family, iif: `${INTERFACE_PREFIX}${plane}`, table: RULE_TABLE })),
    ),
  };
}

const FAMILY_TEXT: Readonly<Record<Family, string>> = { inet: 'IPv4', inet6: 'IPv6' };

function planeNexthops(planes: readonly number[]): Omit<Nexthop, 'id'>[] {
  return planes.flatMap((plane) => FAMILIES.map((family) => ({ name: `plane/${plane}`, dev: `${INTERFACE_PREFIX}${plane}`, family })));
}

function neighbourNexthops({ node, via }: Neighbour): Omit<Nexthop, 'id'>[] {
  return FAMILIES.flatMap((family) => {
    const hop = via[family];
    return hop === undefined ? [] : [{ name: `node/${node.metadata.name}`, dev: hop.dev, via: hop.address, family }];
  });
}

function route(dst: string, to: Route['to'], src?: string): Route {
  return { dst, table: MAIN_TABLE, metric: ROUTE_METRIC, to, ...(src === undefined ? {} : { src }) };
}

function guard(dst: string): Route {
  return { dst, table: MAIN_TABLE, metric: GUARD_METRIC, to: { kind: 'unreachable' } };
}

/** By table, then destination, and the guard behind what it guards. Of two for one place the first stands. */
function sortRoutes(routes: readonly Route[]): Route[] {
  const byPlace = new Map<string, Route>();
  for (const each of routes) {
    const place = `${each.table} ${each.dst} ${each.metric}`;
    if (!byPlace.has(place)) byPlace.set(place, each);
  }
  return [...byPlace.values()].toSorted((a, b) => a.table - b.table || (a.dst === b.dst ? a.metric - b.metric : a.dst < b.dst ? -1 : 1));
}

function canonical(text: string): string {
  return formatCidr(parseCidr(text) as Cidr);
}

function nexthopKey(name: string, family: Family): string {
  return `${name}/${family}`;
}

/** The kernel replaces no group by one of another type, so each type has an id of its own. */
function groupKey(segment: string, family: Family, spread: boolean): string {
  return `${spread ? 'spread' : 'group'}/${segment}/${family}`;
}

function byId(a: { readonly id: number }, b: { readonly id: number }): number {
  return a.id - b.id;
}
