import { expect, test } from '@jest/globals';
import { type Arrivals, reportOf } from './flow.js';

/** 100 packets in a second, from 5000 to 6000 of the machine's clock. */
const SENT = { sent: 100, began: 5_000, ended: 6_000 };
const calm: Arrivals = { seen: [[0, 99]], sources: ['10.41.1.10'], first: 5_001, last: 5_999, longest: { at: 5_400, ms: 12 }, gaps: [] };

test.each<[string, Arrivals | null, { received: number; lost: number; outageMs: number; outageAt: number; losses: [number, number][] }]>([
  ['all arrive', calm, { received: 100, lost: 0, outageMs: 2, outageAt: 5_400, losses: [] }],
  ['none arrives', null, { received: 0, lost: 100, outageMs: 1_000, outageAt: 5_000, losses: [[0, 99]] }],
  [
    'some in the middle are lost',
    {
      ...calm,
      seen: [
        [0, 39],
        [60, 99],
      ],
      longest: { at: 5_390, ms: 210 },
    },
    { received: 80, lost: 20, outageMs: 200, outageAt: 5_390, losses: [[40, 59]] },
  ],
  [
    'it never recovers',
    { ...calm, seen: [[0, 39]], last: 5_390 },
    { received: 40, lost: 60, outageMs: 600, outageAt: 5_390, losses: [[40, 99]] },
  ],
  [
    'it begins late',
    { ...calm, seen: [[50, 99]], first: 5_500 },
    { received: 50, lost: 50, outageMs: 490, outageAt: 5_000, losses: [[0, 49]] },
  ],
  [
    'late, but nothing is lost',
    { ...calm, longest: { at: 5_200, ms: 310 } },
    { received: 100, lost: 0, outageMs: 300, outageAt: 5_200, losses: [] },
  ],
])('%s', (_what, arrivals, expected) => {
  expect(reportOf(SENT, arrivals, 100)).toMatchObject({ sent: 100, ...expected });
});
