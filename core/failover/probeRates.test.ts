import { describe, expect, test } from '@jest/globals';
import type { PathName } from '../mesh/probing.js';
import { ANSWER_MS, GIVEN_UP_MS, probePath, tableOf } from '../../test/fakes/probedPaths.js';
import type { FailoverConfig } from './config.js';
import type { PathTable } from './pathTable.js';
import { createProbeRates } from './probeRates.js';
import { DEFAULT_SETTINGS } from './settings.js';

const CONFIG: FailoverConfig = {
  settings: DEFAULT_SETTINGS,
  isGateway: true,
  paths: [0, 1].map((slot) => probePath({ kind: 'tunnel', slot, segment: 'far' })),
  segmentPeers: [],
  segments: new Map([
    [
      'far',
      {
        spread: false,
        paths: [
          { kind: 'plane', slot: 0, name: 'plane/0', probe: 'tunnel/0/far' },
          { kind: 'plane', slot: 1, name: 'plane/1', probe: 'tunnel/1/far' },
        ],
      },
    ],
  ]),
};
const CHOICES = new Map([['far', ['plane/0']]]);
const UP = 5000;

function works(): PathTable {
  return tableOf(CONFIG.paths, { 'tunnel/0/far': { state: 'up', at: UP }, 'tunnel/1/far': { state: 'up', at: UP } });
}

/** Milliseconds to the next probe of each path, once one is sent at `now`, long after it was due. */
function steps(table: PathTable, now: number): Partial<Record<PathName, number>> {
  return Object.fromEntries(
    [...table.all()].map(({ path, probed }) => {
      probed.sent(99, now);
      probed.answered(99, now);
      return [path.name, probed.next() - now];
    }),
  );
}

describe('probe rates', () => {
  test.each([
    ['in use by others: at the period; a tunnel on standby: rarely', true, 400],
    ['in use by the gateway itself: once a second', false, 1000],
  ])('a tunnel %s', (_what, isTransit, ms) => {
    const table = works();
    const rates = createProbeRates(table);
    rates.update(CONFIG, CHOICES, isTransit, UP + ANSWER_MS);
    const found = steps(table, 20_000);
    expect(found['tunnel/0/far']).toBe(ms);
    expect(found['tunnel/1/far']).toBe(2000);
    expect((['tunnel/0/far', 'tunnel/1/far'] as const).map((name) => rates.isInUse(name))).toEqual([true, false]);
  });

  test('what may replace a path that falls silent is probed at once, and only then', () => {
    const table = works();
    const rates = createProbeRates(table);
    rates.update(CONFIG, CHOICES, true, 6000);
    steps(table, 6000);
    table.get('tunnel/0/far')?.probed.sent(7, 6100);
    const now = 6100 + GIVEN_UP_MS;
    expect(table.get('tunnel/1/far')?.probed.isDue(now)).toBe(false);
    rates.update(CONFIG, CHOICES, true, now);
    expect(table.get('tunnel/1/far')?.probed.isDue(now)).toBe(true);
    steps(table, now);
    table.get('tunnel/0/far')?.probed.sent(8, now);
    rates.update(CONFIG, CHOICES, true, now + 1);
    expect(table.get('tunnel/1/far')?.probed.isDue(now + 1)).toBe(false);
  });

  test('a path in use that falls silent is a change, once; one on standby is none', () => {
    const table = works();
    const rates = createProbeRates(table);
    rates.update(CONFIG, CHOICES, true, 6000);
    expect(rates.hasSilenceChanged(6000)).toBe(false);
    table.get('tunnel/1/far')?.probed.sent(7, 6000);
    expect(rates.hasSilenceChanged(7000)).toBe(false);
    table.get('tunnel/0/far')?.probed.sent(7, 6000);
    expect([7000, 7100].map((now) => rates.hasSilenceChanged(now))).toEqual([true, false]);
    table.get('tunnel/0/far')?.probed.answered(7, 7200);
    expect(rates.hasSilenceChanged(7200)).toBe(true);
  });
});
