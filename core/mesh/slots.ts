/**
 * Gateway slots: which nodes terminate the tunnels of their segment.
 *
 * Slots are sticky. A holder keeps its slot as long as it can be a gateway and its Node is not lost, even if a better node appears: a move
 * costs every remote segment a new peer. (Kilo's stateless choice moves leaders whenever a node with a lower name joins.) While Kilo's
 * routes carry the traffic a move costs nothing. Then the best node of each segment is chosen, whoever held the slot. It is the one that
 * leads for Kilo, too (Kilo pkg/mesh/topology.go findLeader), so it keeps the tunnels of external peers.
 */
import type { MeshNode } from '../api/meshNode.js';
import { isSpecial } from '../net/special.js';
import { isWithin } from '../net/sets.js';
import { groupByName } from './groupByName.js';
import { firstPlane, present, type Segmentation, segmentName } from './segments.js';

const NOBODY: ReadonlySet<string> = new Set();
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];

/**
 * Node name to slot, for the nodes that are to have one. Where every node is a segment, each is its own gateway, whatever it wishes.
 * `lost`: nodes whose kubelet Kubernetes has lost contact with; one keeps its slot only while nobody else could have it.
 */
export function assignSlots(
  nodes: readonly MeshNode[],
  mesh: Segmentation,
  lost: ReadonlySet<string> = NOBODY,
): ReadonlyMap<string, number> {
  const first = firstPlane(mesh);
  if (mesh.granularity !== 'location') return new Map(present(nodes).map((node) => [node.metadata.name, first]));
  // Slots whose plane is left to Kilo come last: a single gateway must have one that carries traffic.
  const slots = Array.from({ length: mesh.planes }, (_, index) => (first + index) % mesh.planes);
  const result = new Map<string, number>();
  for (const [, group] of groupByName(present(nodes), (node) => segmentName(node, 'location'))) {
    const eligible = eligibleNodes(group);
    const live = eligible.filter((node) => !lost.has(node.metadata.name));
    const away = eligible.filter((node) => lost.has(node.metadata.name));
    const free = new Set(slots);
    const place = (node: MeshNode, slot: number | undefined): void => {
      if (slot !== undefined && free.delete(slot)) result.set(node.metadata.name, slot);
    };
    const keep = (holders: readonly MeshNode[]): void => {
      if (mesh.besideKilo !== 'behind') for (const node of holders) place(node, node.status?.slot);
    };
    const fill = (candidates: readonly MeshNode[]): void => {
      // Slots that nobody holds go first, then those of the lost.
      const held = new Set(away.map(({ status }) => status?.slot));
      const vacancies = [...free].toSorted((a, b) => Number(held.has(a)) - Number(held.has(b)));
      for (const node of candidates.filter(({ metadata }) => !result.has(metadata.name)).toSorted(byPreference))
        place(node, vacancies.shift());
    };
    keep(live);
    fill(live);
    keep(away);
    // A gateway that may come back is better than none.
    fill(away);
  }
  return result;
}

/** Those who may be gateways; where any of them can be dialled, only those who can. */
function eligibleNodes(nodes: readonly MeshNode[]): MeshNode[] {
  const willing = nodes.filter((node) => node.spec.gateway !== 'never');
  const reachable = willing.filter((node) => node.spec.endpoints.length > 0);
  return reachable.length > 0 ? reachable : willing;
}

function byPreference(a: MeshNode, b: MeshNode): number {
  const rank = (node: MeshNode): number => (node.spec.gateway === 'preferred' ? 0 : 2) + (hasPublicEndpoint(node) ? 0 : 1);
  return rank(a) - rank(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

function hasPublicEndpoint(node: MeshNode): boolean {
  return node.spec.endpoints.some(({ host }) => !isSpecial(host) && !isWithin(host, PRIVATE));
}
