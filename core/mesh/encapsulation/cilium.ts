/**
 * cilium: packets of ours to nodes of the location go in IPIP between the addresses of cilium_host, which Cilium carries as it carries
 * pods; pods inside the location are left to Cilium (Kilo pkg/encapsulation/cilium.go).
 */
import { ipipNextHops, planIpipDevice } from './ipipDevice.js';
import type { Encapsulation } from './strategy.js';

const CILIUM_HOST = 'cilium_host';

export const cilium: Encapsulation = {
  podTraffic: 'plugin',
  nextHops: (self, node) => ipipNextHops(self.spec.cniCompatibilityIP, node.spec.cniCompatibilityIP),
  device: (input) => planIpipDevice(input, { local: input.self.spec.cniCompatibilityIP, overhead: OVERHEAD, alternative: 'vxlan' }),
  pluginDevices: [],
  pluginAddress: {
    device: CILIUM_HOST,
    family: 'inet',
    missing: {
      reason: 'NoCiliumHost',
      message: `the Mesh says encapsulationType cilium, but this host has no device ${CILIUM_HOST} with an IPv4 address`,
      remedy: 'run Cilium here, or choose vxlan',
    },
  },
};

/** One IPv4 header, and 50 bytes of Cilium's own VXLAN, which may come around it. */
const OVERHEAD = 70;
