import { describe, expect, test } from '@jest/globals';
import type { ProbePath } from '../mesh/probing.js';
import { probePath, tableOf, target } from '../../test/fakes/probedPaths.js';
import { HEALTHY } from './report.js';
import { DEFAULT_SETTINGS } from './settings.js';

const TUNNEL = probePath({ kind: 'tunnel', slot: 0, segment: 'far' });
const LAN = probePath({ kind: 'lan', node: 'sib' });
const RELAY = probePath({ kind: 'relay', node: 'sib' });
const ALTERNATE = probePath({ kind: 'alternate', slot: 0, segment: 'far' });

describe('a table that is configured anew', () => {
  const UP = { 'tunnel/0/far': { state: 'up' } } as const;
  test.each<[string, Partial<ProbePath>, 'up' | 'new']>([
    ['keeps what is known of a path that stays', {}, 'up'],
    ['and of one whose far gateway has another name', { targets: [{ ...target('f0', 'far'), name: 'renamed' }] }, 'up'],
    ['not of one that leads to another key', { targets: [target('f9', 'far')] }, 'new'],
    ['nor to another address', { targets: [{ ...target('f0', 'far'), address: '10.4.0.9' }] }, 'new'],
    ['nor to more targets', { targets: [target('f0', 'far'), target('f1', 'far')] }, 'new'],
    ['nor goes by another port', { from: 2 }, 'new'],
    ['nor is answered by another plane', { answerVia: 1 }, 'new'],
  ])('%s', (_what, change, state) => {
    const table = tableOf([TUNNEL], UP);
    const report = { ...HEALTHY, draining: true };
    for (const tracked of table.all()) tracked.report = report;
    const path = { ...TUNNEL, ...change } as ProbePath;
    table.configure([path], DEFAULT_SETTINGS, 1000);
    const tracked = table.get(TUNNEL.name);
    expect([tracked?.path, tracked?.probed.state(), tracked?.report]).toEqual([path, state, state === 'up' ? report : HEALTHY]);
  });

  test('forgets paths that are gone', () => {
    const table = tableOf([TUNNEL, LAN], UP);
    table.configure([LAN], DEFAULT_SETTINGS, 1000);
    expect([[...table.all()].map(({ path }) => path.name), table.get(TUNNEL.name), table.tunnelTo('key-f0', 0)]).toEqual([
      ['lan/sib'],
      undefined,
      undefined,
    ]);
  });
});

test.each([
  ['the tunnel by that plane to that key', 'key-f0', 0, 'tunnel/0/far'],
  ['none by another plane', 'key-f0', 1, undefined],
  ['none to another key', 'key-f1', 0, undefined],
  ['none where nothing came by a plane', 'key-f0', undefined, undefined],
])('finds %s', (_what, key, plane, name) => {
  expect(tableOf([TUNNEL, ALTERNATE, LAN, RELAY]).tunnelTo(key, plane)?.path.name).toBe(name);
});

test.each([
  ['a far gateway: its tunnel, and no alternate path or relay', 'key-f0', ['tunnel/0/far']],
  ['a gateway of the own segment', 'key-sib', ['lan/sib']],
  ['somebody else', 'key-f1', []],
])('knows which paths bring the report of %s', (_what, key, names) => {
  const table = tableOf([TUNNEL, ALTERNATE, LAN, RELAY]);
  expect(table.reportersOf(key).map(({ path }) => path.name)).toEqual(names);
});

test('of the two ends of a tunnel the one that yields sends its first probe half a second later', () => {
  const first = (path: ProbePath): number => tableOf([path]).get(path.name)?.probed.next() ?? Number.NaN;
  const begins = first(TUNNEL);
  expect(begins).toBeGreaterThanOrEqual(0);
  expect(begins).toBeLessThan(200);
  expect(first({ ...TUNNEL, yields: true })).toBe(begins + 500);
});
