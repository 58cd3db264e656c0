/**
 * ipip: a device of our own that adds less to a packet than VXLAN, for IPv4 only, where the network lets IP protocol 4 pass.
 */
import type { MeshNode } from '../../api/meshNode.js';
import { internalByFamily } from './addresses.js';
import { ipipNextHops, planIpipDevice } from './ipipDevice.js';
import type { Encapsulation } from './strategy.js';

export const ipip: Encapsulation = {
  podTraffic: 'mesh',
  nextHops: (self, node) => ipipNextHops(endOf(self), endOf(node)),
  device: (input) => planIpipDevice(input, { local: endOf(input.self), overhead: OVERHEAD, alternative: 'vxlan' }),
  pluginDevices: [],
  explainUncarried: (family) =>
    family === 'inet'
      ? undefined
      : {
          reason: 'NotCarried',
          message: 'has pods in IPv6, which IPIP does not carry to them',
          remedy: 'let the Mesh say encapsulationType vxlan',
        },
};

/** One IPv4 header. */
const OVERHEAD = 20;

function endOf(node: MeshNode): string | undefined {
  return internalByFamily(node).inet;
}
