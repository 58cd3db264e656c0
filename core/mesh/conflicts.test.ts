import { expect, test } from '@jest/globals';
import { clusterConflicts, type ClusterRanges } from './conflicts.js';

const ranges = (pods: string, services: string, mesh: string): ClusterRanges => ({
  podCIDRs: [pods],
  serviceCIDRs: [services],
  meshCIDRs: [mesh],
});
const east = ranges('10.42.0.0/16', '10.96.0.0/12', '10.4.0.0/16');

test.each([
  ['nothing', ranges('10.43.0.0/16', '10.96.0.0/12', '10.5.0.0/16'), []],
  ['pods', ranges('10.42.128.0/17', '10.112.0.0/12', '10.5.0.0/16'), [['pod', 'pod']]],
  ['mesh', ranges('10.43.0.0/16', '10.112.0.0/12', '10.4.0.0/16'), [['mesh', 'mesh']]],
  ["pods in the other's services", ranges('10.97.0.0/16', '10.112.0.0/12', '10.5.0.0/16'), [['service', 'pod']]],
  ["a mesh in the other's pods", ranges('10.43.0.0/16', '10.112.0.0/12', '10.42.7.0/24'), [['pod', 'mesh']]],
])('what overlaps is told from both sides: %s', (_what, west, kinds) => {
  expect(clusterConflicts(east, west).map((conflict) => conflict.kinds)).toEqual(kinds);
  expect(clusterConflicts(west, east).map((conflict) => conflict.kinds.toReversed())).toEqual(kinds);
});

test('a conflict names a range of each side', () => {
  expect(clusterConflicts(east, { ...east, podCIDRs: ['10.42.1.0/24'], meshCIDRs: [] })).toEqual([
    { kinds: ['pod', 'pod'], ranges: ['10.42.0.0/16', '10.42.1.0/24'] },
  ]);
});
