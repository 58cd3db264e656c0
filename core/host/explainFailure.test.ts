import { expect, test } from '@jest/globals';
import type { Change } from './change.js';
import { explainFailure } from './explainFailure.js';

const ipip: Change = { kind: 'ipip.add', device: { name: 'kiloip', mtu: 1480, local: '10.0.0.2' } };
const vxlan: Change = { kind: 'vxlan.add', device: { name: 'kilovx', vni: 1, port: 1, mtu: 1450, local: '10.0.0.2', mac: '02:00:00:00:00:01', neighbours: [] } };

/** The first two texts are iproute2's. */
test.each<[string, Change, string, string]>([
  ['no ipip', ipip, 'Error: Unknown device type.', 'Error: Unknown device type: this kernel has no ipip: load the module on this host (modprobe ipip), or let the Mesh say encapsulationType vxlan'],
  ['no vxlan', vxlan, 'RTNETLINK answers: Operation not supported', 'RTNETLINK answers: Operation not supported: this kernel has no vxlan: load the module on this host (modprobe vxlan), or let the Mesh say encapsulationType ipip'],
  ['another reason', ipip, 'RTNETLINK answers: File exists', 'RTNETLINK answers: File exists'],
  ['another change', { kind: 'link.delete', name: 'kiloip' }, 'Error: Unknown device type.', 'Error: Unknown device type.'],
])('%s', (_what, change, reason, expected) => {
  expect(explainFailure(change, reason)).toBe(expected);
});
