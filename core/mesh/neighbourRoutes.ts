/**
 * Routes inside the location: to the pods and mesh addresses of its nodes, and, where they are encapsulated, to the nodes themselves.
 */
import type { Complaint, Problem } from '../api/problem.js';
import { type Cidr, formatCidr, parseCidr, singleAddress, sortCidrs } from '../net/cidr.js';
import { FAMILIES, type Family, FAMILY_TEXT, familyName } from '../net/family.js';
import type { Encapsulation, Neighbour } from './encapsulation/strategy.js';
import type { NodePlan, Route } from './plan.js';
import { INTERFACE_PREFIX, ROUTE_METRIC, RULE_PRIORITY, RULE_TABLE } from './reserved.js';
import { guard, route } from './routes.js';
import { underlayAddressesOf } from './segments.js';

export interface NeighbourRoutesInput {
  readonly meshAddresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly neighbours: readonly Neighbour[];
  readonly encapsulation: Encapsulation;
  /** The planes that this node has an interface for; none on a member. */
  readonly planes: readonly number[];
}

/** The id of the nexthop to a node of the location; undefined: it has none in that family. */
type NexthopIdOf = (node: string, family: Family) => number | undefined;

/** Routes to the pods and mesh addresses of the location's other nodes. `sources`: this node's mesh address of each family. */
export function neighbourRoutes(
  input: NeighbourRoutesInput,
  { idOf, sources }: { readonly idOf: NexthopIdOf; readonly sources: Partial<Record<Family, string>> },
): { readonly routes: Route[]; readonly problems: Problem[] } {
  const { encapsulation } = input;
  const problems: Problem[] = [];
  const holders = new Map([...input.podCIDRs, ...input.meshAddresses.map(singleAddress)].map((prefix) => [canonical(prefix), 'this node']));
  const routes = input.neighbours.flatMap(({ node, nextHops, encapsulated }) => {
    const { name } = node.metadata;
    const podCIDRs = encapsulation.podTraffic === 'plugin' ? [] : node.spec.podCIDRs;
    const behind = sortCidrs([...podCIDRs, ...(node.status?.meshAddresses ?? []).map(singleAddress)]);
    const podFamilies = new Set(podCIDRs.map(familyName));
    for (const family of podFamilies) {
      if (nextHops[family] !== undefined) continue;
      const uncarried = encapsulated ? encapsulation.explainUncarried?.(family) : undefined;
      problems.push({ subject: { kind: 'node', name }, ...(uncarried ?? noAddress(family)) });
    }
    return behind.flatMap((dst): Route[] => {
      const holder = holders.get(dst);
      if (holder !== undefined) {
        problems.push({
          subject: { kind: 'node', name },
          reason: 'PrefixTaken',
          message: `${dst} already belongs to ${holder}`,
          remedy: 'remove it from one of the two',
        });
        return [];
      }
      holders.set(dst, `node ${name}`);
      const family = familyName(dst);
      const id = idOf(name, family);
      if (id === undefined) return [guard(dst)];
      // The device of an encapsulation may have no address: without a source the kernel would take that of some other device.
      return [route(dst, { kind: 'nexthop', id }, encapsulated ? sources[family] : undefined), guard(dst)];
    });
  });
  return { routes, problems };
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
export function routesToNodes(input: NeighbourRoutesInput, idOf: NexthopIdOf): NodeRoutes {
  const sources = input.encapsulation.podTraffic === 'plugin' ? [] : input.podCIDRs;
  const routes = (sources.length + input.planes.length === 0 ? [] : input.neighbours)
    .filter(({ encapsulated }) => encapsulated)
    .flatMap(({ node }) =>
      underlayAddressesOf(node).flatMap((address): Route[] => {
        const id = idOf(node.metadata.name, familyName(address));
        const dst = singleAddress(address);
        return id === undefined ? [] : [{ dst, table: RULE_TABLE, metric: ROUTE_METRIC, to: { kind: 'nexthop', id } }];
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
