/**
 * Whose work the network of pods is: whether we provide it, whether a plugin carries it, whether pods are translated to the outside.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { MeshNode } from '../api/meshNode.js';
import { familyOf } from '../net/cidr.js';
import { IPV6_MIN_MTU } from '../net/family.js';
import type { Encapsulation } from './encapsulation/strategy.js';
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

/**
 * Whether the network plugin carries packets to the node's pods inside a location, so that the mesh makes no routes for them. A plugin that
 * gives pods their addresses out of ranges of its own has routes for them, too.
 */
export function pluginCarriesPods(node: MeshNode, { podTraffic }: Pick<Encapsulation, 'podTraffic'>): boolean {
  const by = node.status?.assignedPods?.by;
  return podTraffic === 'plugin' || by === 'calico' || by === 'cilium';
}

/** By default only where no network plugin does it. */
export function translatesPods({ podNAT, cni }: MeshSpec): boolean {
  return podNAT ?? cni?.enabled ?? false;
}
