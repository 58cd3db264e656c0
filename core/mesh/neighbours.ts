/**
 * The other nodes of the own location, and how packets reach them: directly over the underlay, or encapsulated.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { MeshNode } from '../api/meshNode.js';
import { contains, parseCidr } from '../net/cidr.js';
import { familyName } from '../net/family.js';
import { internalByFamily, nextHopsBetween, outerFamily } from './encapsulation/addresses.js';
import type { Neighbour } from './encapsulation/strategy.js';
import { ENCAPSULATIONS } from './encapsulation/table.js';
import type { PlanMemory } from './planMemory.js';

/** In the order of `site`, the nodes that reach each other without a tunnel. */
export function neighboursOf(
  self: MeshNode,
  site: readonly MeshNode[],
  mesh: Pick<MeshSpec, 'encapsulation' | 'encapsulationType'>,
  memory: Pick<PlanMemory, 'neighbour' | 'neighbours'>,
): readonly Neighbour[] {
  const { nextHops } = ENCAPSULATIONS[mesh.encapsulationType];
  const madeOf = [self, mesh.encapsulation, mesh.encapsulationType];
  const toNode = (node: MeshNode): Neighbour =>
    isEncapsulated(self, node, mesh.encapsulation)
      ? { node, nextHops: nextHops(self, node), encapsulated: true }
      : { node, nextHops: nextHopsBetween(internalByFamily(self), internalByFamily(node), () => 'underlay'), encapsulated: false };
  return memory.neighbours.get(site, madeOf, (node) =>
    node.metadata.name === self.metadata.name ? [] : [memory.neighbour.get(node, madeOf, () => toNode(node))],
  );
}

/** Symmetric, so that both ends have the device: if one of the two sees a subnet border, both encapsulate. */
function isEncapsulated(a: MeshNode, b: MeshNode, encapsulation: MeshSpec['encapsulation']): boolean {
  if (encapsulation !== 'crosssubnet') return encapsulation === 'always';
  return !(sharesNetwork(a, b) && sharesNetwork(b, a));
}

function sharesNetwork(from: MeshNode, to: MeshNode): boolean {
  const family = outerFamily(from);
  const network = from.spec.internalIPs
    .map(parseCidr)
    .find((cidr, index) => cidr !== undefined && familyName(from.spec.internalIPs[index] ?? '') === family);
  const address = parseCidr(internalByFamily(to)[family] ?? '');
  return network !== undefined && address !== undefined && contains(network, address);
}
