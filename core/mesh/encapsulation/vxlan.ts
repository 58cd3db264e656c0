/**
 * vxlan: a device of our own, for IPv4 and IPv6.
 */
import { VXLAN_PORT } from '../../api/ports.js';
import type { Encapsulation } from './strategy.js';
import { planVxlanDevice, vxlanNextHops } from './vxlanDevice.js';

export const vxlan: Encapsulation = {
  podTraffic: 'mesh',
  nextHops: vxlanNextHops,
  device: (input) => planVxlanDevice(input, { vni: VNI, port: VXLAN_PORT, overhead: OVERHEAD, alternative: 'ipip' }),
  pluginDevices: [],
};

const VNI = 1107;
/** Outer Ethernet, IP, UDP and VXLAN headers. */
const OVERHEAD = { inet: 50, inet6: 70 } as const;
