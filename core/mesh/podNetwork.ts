/**
 * What the Mesh says about this node's own pods: whether we provide their network, and whether they are translated to the outside.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { MeshNode } from '../api/meshNode.js';
import { familyOf } from '../net/cidr.js';
import { IPV6_MIN_MTU } from '../net/family.js';
import type { EncapsulationDevice } from './encapsulation/device.js';
import type { MeshInput } from './input.js';
import { tunnelMtu } from './mtu.js';
import type { Cni } from './plan.js';

/** Undefined: it is off. Without pod CIDRs the list is empty: nothing can be written then, and that is reported. */
export function planCni(input: MeshInput, self: MeshNode, device: EncapsulationDevice | undefined): Cni | undefined {
  const { cni } = input.mesh;
  if (cni?.enabled !== true) return undefined;
  const podCIDRs = [4, 6].flatMap((family) => self.spec.podCIDRs.find((text) => familyOf(text) === family) ?? []);
  return {
    podCIDRs,
    mtu: Math.max(IPV6_MIN_MTU, Math.min(tunnelMtu(input), device?.mtu ?? Infinity)),
    others: cni.others,
  };
}

/** By default only where no network plugin does it. */
export function translatesPods({ podNAT, cni }: MeshSpec): boolean {
  return podNAT ?? cni?.enabled ?? false;
}
