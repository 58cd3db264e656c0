/**
 * Routes inside the location: to the pods and mesh addresses of its nodes, and, where they are encapsulated, to the nodes themselves.
 */
import type { Complaint, Problem } from '../api/problem.js';
import { type Cidr, formatCidr, parseCidr, singleAddress, sortCidrs } from '../net/cidr.js';
import { FAMILIES, type Family, FAMILY_TEXT, familyName } from '../net/family.js';
import type { Encapsulation, Neighbour } from './encapsulation/strategy.js';
import type { NodePlan, Route } from './plan.js';
import { pluginCarriesPods } from './podNetwork.js';
import type { NearDestination, NearWay, RoutingMemory } from './planMemory.js';
import { INTERFACE_PREFIX, ROUTE_METRIC, RULE_PRIORITY, RULE_TABLE } from './reserved.js';
import { guard, route } from './routes.js';
import { underlayAddressesOf } from './segments.js';

export interface NeighbourRoutesInput {
  readonly meshAddresses: readonly string[];
  readonly podCIDRs: readonly string[];
  /** Whether packets from them are left to a network plugin inside the location. */
  readonly leavesPods: boolean;
  readonly neighbours: readonly Neighbour[];
  readonly encapsulation: Encapsulation;
  /** The planes that this node has an interface for; none on a member. */
  readonly planes: readonly number[];
}

interface NearRoutesContext {
  /** What `idsOf` asks. */
  readonly ids: ReadonlyMap<string, number>;
  readonly idsOf: NexthopIdsOf;
  readonly sources: Partial<Record<Family, string>>;
  readonly memory: RoutingMemory;
}

/** The ids of the nexthops to a node of the location; undefined: it has none in that family. */
export type NexthopIdsOf = (neighbour: Neighbour) => NexthopIds;
type NexthopIds = Readonly<Record<Family, number | undefined>>;

/** Routes to the pods and mesh addresses of the location's other nodes. `sources`: this node's mesh address of each family. */
export function neighbourRoutes(
  input: NeighbourRoutesInput,
  { ids, idsOf, sources, memory }: NearRoutesContext,
): { readonly routes: readonly Route[]; readonly problems: readonly Problem[] } {
  const { near } = memory;
  const { inet, inet6 } = sources;
  // A node that joins is given an id, and the others nearly always keep theirs.
  const ways = near.ways.get(input.neighbours, [input.encapsulation, ids, inet, inet6], (neighbour) => {
    const mine = idsOf(neighbour);
    const madeOf = [input.encapsulation, mine.inet, mine.inet6, inet, inet6];
    return [near.way.get(neighbour, madeOf, () => wayTo(neighbour, input.encapsulation, { ids: mine, sources }))];
  });
  const mine = [...new Set([...input.podCIDRs, ...input.meshAddresses.map(singleAddress)].map(canonical))];
  const there = near.destinations.get(ways, [], ({ destinations }) => destinations);
  const all: readonly NearDestination[] = [...mine.map((dst) => ({ holder: 'this node', dst, routes: [] })), ...there];
  const problems = [...near.problems.get(ways, [], (way) => way.problems)];
  const isUnique = near.sorted.inOrder(all).length === all.length;
  return { routes: near.routes.get(isUnique ? there : withoutTaken(all, problems), [], (each) => each.routes), problems };
}

/** Of two ways to one destination the first is kept. */
function withoutTaken(ways: readonly NearDestination[], problems: Problem[]): readonly NearDestination[] {
  const holders = new Map<string, string>();
  return ways.filter(({ dst, holder, node }) => {
    const first = holders.get(dst);
    if (first === undefined) holders.set(dst, holder);
    else
      problems.push({
        subject: { kind: 'node', name: node ?? '' },
        reason: 'PrefixTaken',
        message: `${dst} already belongs to ${first}`,
        remedy: 'remove it from one of the two',
      });
    return first === undefined;
  });
}

function wayTo(
  { node, nextHops, encapsulated }: Neighbour,
  encapsulation: Encapsulation,
  { ids, sources }: { readonly ids: NexthopIds; readonly sources: Partial<Record<Family, string>> },
): NearWay {
  const podCIDRs = pluginCarriesPods(node, encapsulation) ? [] : node.spec.podCIDRs;
  const without = [...new Set(podCIDRs.map(familyName))].filter((family) => nextHops[family] === undefined);
  return {
    destinations: sortCidrs([...podCIDRs, ...(node.status?.meshAddresses ?? []).map(singleAddress)]).map((dst) => {
      const family = familyName(dst);
      const id = ids[family];
      // The device of an encapsulation may have no address: without a source the kernel would take that of some other device.
      const routes =
        id === undefined ? [guard(dst)] : [route(dst, { kind: 'nexthop', id }, encapsulated ? sources[family] : undefined), guard(dst)];
      return { holder: `node ${node.metadata.name}`, node: node.metadata.name, dst, routes };
    }),
    problems: without.map((family) => ({
      subject: { kind: 'node', name: node.metadata.name },
      ...((encapsulated ? encapsulation.explainUncarried?.(family) : undefined) ?? noAddress(family)),
    })),
  };
}

interface NodeRoutes {
  readonly routes: readonly Route[];
  readonly rules: NodePlan['rules'];
  readonly tunnelRules: NonNullable<NodePlan['tunnelRules']>;
}

/**
 * An underlay that cannot carry pod addresses drops a pod's packet to a node, too. So packets from own pods, and those that a gateway takes
 * out of its tunnels, are encapsulated even when they are for the neighbour node itself (Kilo pkg/mesh/routes.go, table 1107). The table
 * holds only these nodes; everything else falls through to the main table. Packets of the host itself, encapsulated ones among them, match
 * no rule and stay on the underlay. Beside a network plugin, own pods are left to the plugin.
 */
export function routesToNodes(input: NeighbourRoutesInput, { ids, idsOf, memory }: Omit<NearRoutesContext, 'sources'>): NodeRoutes {
  const sources = input.leavesPods ? [] : input.podCIDRs;
  const isNeeded = sources.length + input.planes.length > 0;
  const routes = memory.near.toNodes.get(input.neighbours, [isNeeded, ids], (neighbour) => {
    const { inet, inet6 } = idsOf(neighbour);
    return isNeeded && neighbour.encapsulated
      ? memory.near.wayToNode.get(neighbour, [inet, inet6], () => routesToNode(neighbour, { inet, inet6 }))
      : [];
  });
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

function routesToNode({ node }: Neighbour, ids: NexthopIds): readonly Route[] {
  return underlayAddressesOf(node).flatMap((address): Route[] => {
    const id = ids[familyName(address)];
    return id === undefined ? [] : [{ dst: singleAddress(address), table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id } }];
  });
}

function noAddress(family: Family): Complaint {
  return {
    reason: 'NoAddress',
    message: `has pods in ${FAMILY_TEXT[family]}, but no internal address by which this node could reach them`,
    remedy: 'give both nodes one of that family',
  };
}

function canonical(text: string): string {
  return formatCidr(parseCidr(text) as Cidr);
}
