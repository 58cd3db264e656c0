/**
 * flannel: packets of ours to nodes of the location go by flannel's own VXLAN device, and pods inside the location are left to flannel.
 */
import type { MeshNode } from '../../api/meshNode.js';
import { formatAddress, parseCidr } from '../../net/cidr.js';
import { type Addresses, firstByFamily, nextHopsBetween } from './addresses.js';
import type { Encapsulation } from './strategy.js';

const DEVICES = { inet: 'flannel.1', inet6: 'flannel-v6.1' } as const;

export const flannel: Encapsulation = {
  podTraffic: 'plugin',
  nextHops: (self, node) => nextHopsBetween(firstOfPods(self), firstOfPods(node), (family) => DEVICES[family]),
  device: () => undefined,
  pluginDevices: Object.values(DEVICES),
};

/** flannel gives each node the first address of its pod network, with a neighbour and an FDB entry for it (flannel pkg/backend/vxlan). */
function firstOfPods(node: MeshNode): Addresses {
  return firstByFamily(
    node.spec.podCIDRs
      .map(parseCidr)
      .filter((cidr) => cidr !== undefined)
      .map(({ family, first }) => formatAddress(family, first)),
  );
}
