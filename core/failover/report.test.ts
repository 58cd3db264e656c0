import { expect, test } from '@jest/globals';
import { HEALTHY, type Report, sameReport } from './report.js';

test.each<[string, Partial<Report>, Partial<Report>, boolean]>([
  ['the same', {}, {}, true],
  ['a flag', { draining: true }, {}, false],
  ['another flag', { lanLost: true }, { notForwarding: true }, false],
  ['the same segments', { unreachable: [1, 2] }, { unreachable: [1, 2] }, true],
  ['fewer segments', { unreachable: [1, 2] }, { unreachable: [1] }, false],
  ['all segments', { unreachable: [] }, { unreachable: 'all' }, false],
])('reports that differ by %s', (_what, a, b, same) => {
  expect([sameReport({ ...HEALTHY, ...a }, { ...HEALTHY, ...b }), sameReport({ ...HEALTHY, ...b }, { ...HEALTHY, ...a })]).toEqual([
    same,
    same,
  ]);
});
