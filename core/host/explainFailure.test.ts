import { expect, test } from '@jest/globals';
import type { Change } from './change.js';
import { explainFailure } from './explainFailure.js';

const ipip: Change = { kind: 'device.add', device: { kind: 'ipip', name: 'kiloip', mtu: 1480, local: '10.0.0.2', alternative: 'vxlan' } };
const vxlan: Change = {
  kind: 'device.add',
  device: {
    kind: 'vxlan',
    name: 'kilovx',
    vni: 1,
    port: 1,
    mtu: 1450,
    local: '10.0.0.2',
    mac: '02:00:00:00:00:01',
    neighbours: [],
    alternative: 'ipip',
  },
};

/** The texts are iproute2's and wg's. */
test.each<[string, Change, string, string]>([
  [
    'no ipip',
    ipip,
    'Error: Unknown device type.',
    'Error: Unknown device type: ' +
      'this kernel has no ipip: load the module on this host (modprobe ipip), or let the Mesh say encapsulationType vxlan',
  ],
  [
    'no vxlan',
    vxlan,
    'RTNETLINK answers: Operation not supported',
    'RTNETLINK answers: Operation not supported: ' +
      'this kernel has no vxlan: load the module on this host (modprobe vxlan), or let the Mesh say encapsulationType ipip',
  ],
  [
    'a name that is taken',
    ipip,
    'RTNETLINK answers: File exists',
    'RTNETLINK answers: File exists: ' +
      'there is a device kiloip of another kind, which is not ours: delete or rename it (ip -d link show kiloip tells what it is); ' +
      'or somebody else has a device with local address 10.0.0.2 and no remote (ip -d link show type ipip): delete that one',
  ],
  [
    'another VXLAN device with our number',
    vxlan,
    'Error: A VXLAN device with the specified VNI already exists.',
    'Error: A VXLAN device with the specified VNI already exists: ' +
      'somebody else has a device with VNI 1 and port 1 (ip -d link show type vxlan): delete that one, ' +
      'or let the Mesh say encapsulationType ipip',
  ],
  [
    'the same for a tunnel',
    { kind: 'wireguard.add', name: 'kilo0' },
    'RTNETLINK answers: File exists',
    'RTNETLINK answers: File exists: ' +
      'there is a device kilo0 of another kind, which is not ours: delete or rename it (ip -d link show kilo0 tells what it is)',
  ],
  [
    'a port that is taken',
    { kind: 'wireguard.configure', name: 'kilo0', listenPort: 51820, key: true, publicKey: '' },
    'Unable to modify interface: Address already in use',
    'Unable to modify interface: Address already in use: ' +
      'something else has UDP port 51820 (ss -ulnp tells what): end it, or choose another spec.port in the Mesh',
  ],
  [
    'report 4: a port that is taken, with WireGuard in the kernel',
    { kind: 'link.set', name: 'kilo0', mtu: 1420, listenPort: 51820 },
    'RTNETLINK answers: Address already in use',
    'RTNETLINK answers: Address already in use: ' +
      'something else has UDP port 51820 (ss -ulnp tells what): end it, or choose another spec.port in the Mesh',
  ],
  [
    'report 4: the port of VXLAN',
    { kind: 'link.set', name: 'kilovx', mtu: 1420 },
    'RTNETLINK answers: Address already in use',
    'RTNETLINK answers: Address already in use: ' +
      'something else has UDP port 51819 (ss -ulnp tells what): end it, or let the Mesh say encapsulationType ipip',
  ],
  [
    'a device without a port',
    { kind: 'link.set', name: 'kiloip', mtu: 1420 },
    'RTNETLINK answers: Address already in use',
    'RTNETLINK answers: Address already in use',
  ],
  [
    'report 11: no device of flannel',
    { kind: 'nexthop.set', id: 7, nexthop: { dev: 'flannel.1', via: '10.42.1.0', family: 'inet', onlink: true } },
    'device flannel.1 is missing',
    'device flannel.1 is missing: ' +
      'run flannel here with its backend vxlan, which makes that device, or let the Mesh say encapsulationType vxlan',
  ],
  ['another reason', ipip, 'RTNETLINK answers: No buffer space available', 'RTNETLINK answers: No buffer space available'],
  ['another change', { kind: 'link.delete', name: 'kiloip' }, 'Error: Unknown device type.', 'Error: Unknown device type.'],
])('%s', (_what, change, reason, expected) => {
  expect(explainFailure(change, reason)).toBe(expected);
});
