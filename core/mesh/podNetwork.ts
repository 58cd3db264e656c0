/**
 * What the Mesh says of this node's own pods: who gives them their network, and whether they are translated to the outside.
 */
import type { MeshSpec } from '../api/mesh.js';
import type { MeshNode } from '../api/meshNode.js';
import { familyOf } from '../net/cidr.js';
import type { MeshInput } from './input.js';
import { SMALLEST_MTU, tunnelMtu } from './mtu.js';
import type { Cni, NodePlan } from './plan.js';

/** Undefined: it is off. A node without pod CIDRs gets an empty list: nothing can be written for it, and that is said. */
export function planCni(input: MeshInput, self: MeshNode, { vxlan, ipip }: Pick<NodePlan, 'vxlan' | 'ipip'>): Cni | undefined {
  const { cni } = input.mesh;
  if (cni?.enabled !== true) return undefined;
  const podCIDRs = [4, 6].flatMap((family) => self.spec.podCIDRs.find((text) => familyOf(text) === family) ?? []);
  return { podCIDRs, mtu: Math.max(SMALLEST_MTU, Math.min(tunnelMtu(input), vxlan?.mtu ?? Infinity, ipip?.mtu ?? Infinity)), others: cni.others };
}

/** Where another network plugin is, it does that. */
export function translatesPods({ podNAT, cni }: MeshSpec): boolean {
  return podNAT ?? cni?.enabled ?? false;
}
