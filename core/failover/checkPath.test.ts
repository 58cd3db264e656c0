import { expect, test } from '@jest/globals';
import type { PathName } from '../mesh/probing.js';
import { GIVEN_UP_MS, probePath, tableOf, target } from '../../test/fakes/probedPaths.js';
import { checkPath } from './checkPath.js';
import { nextProbe } from './nextProbe.js';
import { HEALTHY } from './report.js';
import { DEFAULT_SETTINGS } from './settings.js';

const PATHS = [
  probePath({ kind: 'tunnel', slot: 0, segment: 'far' }),
  probePath({ kind: 'alternate', slot: 0, segment: 'far' }),
  probePath({ kind: 'lan', node: 'sib' }),
  probePath({ kind: 'relay', node: 'sib' }),
];

test.each<[PathName, 'up' | 'down', PathName | undefined]>([
  ['tunnel/0/far', 'down', 'alternate/0/far'],
  ['tunnel/0/far', 'up', undefined],
  ['relay/sib', 'down', undefined],
  ['relay/sib', 'up', 'lan/sib'],
  ['lan/sib', 'down', undefined],
  ['alternate/0/far', 'up', undefined],
])('when %s goes %s, what is probed at once is %s', (name, state, expected) => {
  const table = tableOf(PATHS);
  const tracked = table.get(name);
  if (tracked === undefined) throw new Error('no such path');
  tracked.report = { ...HEALTHY, draining: true };
  const now = GIVEN_UP_MS;
  // Nothing is due of itself.
  for (const { probed } of table.all()) {
    probed.setTiming({ pace: { periodMs: 10_000, failureThreshold: 1 }, idleMs: 10_000, ownMs: 10_000, burstMs: 20 }, now);
    probed.sent(0, now);
  }
  if (state === 'up') tracked.probed.answered(0, now);
  const at = state === 'up' ? now : now + GIVEN_UP_MS;
  expect(checkPath(table, tracked, at)).toEqual({ path: tracked.path, state, afterMs: at });
  expect(tracked.report.draining).toBe(state === 'up');
  expect([...table.all()].filter(({ path, probed }) => path.name !== name && probed.isDue(at)).map(({ path }) => path.name)).toEqual(
    expected === undefined ? [] : [expected],
  );
  expect(checkPath(table, tracked, at)).toBeUndefined();
});

test('when a relay path falls silent, its gateway is told at once, and once', () => {
  const [, , lan, relay] = PATHS;
  const table = tableOf(PATHS, { 'lan/sib': { state: 'up' }, 'relay/sib': { state: 'up' } });
  const [told, asked] = [lan, relay].map((path) => path && table.get(path.name));
  if (told === undefined || asked === undefined) throw new Error('no such path');
  const due = (at: number): boolean => (checkPath(table, asked, at), told.probed.isDue(at));
  const probe = (at: number): unknown => nextProbe(table, told, { inUse: false, nonce: at }, at)?.forwards;
  const now = GIVEN_UP_MS;
  for (const { probed } of [told, asked])
    probed.setTiming({ pace: { periodMs: 10_000, failureThreshold: 3 }, idleMs: 10_000, ownMs: 10_000, burstMs: 20 }, now);
  expect(probe(now)).toBe('yes');
  asked.probed.sent(0, now);
  expect(due(now)).toBe(false);
  const late = now + GIVEN_UP_MS;
  expect(due(late)).toBe(true);
  expect(probe(late)).toBe('unknown');
  expect(due(late)).toBe(false);
  asked.probed.answered(0, late);
  expect(due(late)).toBe(true);
  expect(probe(late)).toBe('yes');
});

test('a path that stays what it is changes nothing', () => {
  const table = tableOf(PATHS);
  table.configure(PATHS, DEFAULT_SETTINGS, 0);
  expect([...table.all()].map((tracked) => checkPath(table, tracked, 0))).toEqual(PATHS.map(() => undefined));
});

test('when a relay path falls silent, the tunnels to those that were asked by it are probed at once', () => {
  const tunnels = [0, 1, 2].map((slot) => probePath({ kind: 'tunnel', slot, segment: 'far' }));
  const table = tableOf([probePath({ kind: 'relay', node: 'sib' }), ...tunnels], {
    'relay/sib': { state: 'up' },
    'tunnel/0/far': { state: 'up' },
    'tunnel/1/far': { state: 'up' },
  });
  const relay = table.get('relay/sib');
  if (relay === undefined) throw new Error('no such path');
  const now = GIVEN_UP_MS;
  // Nothing else is due of itself; the far end of the third was never heard of, and may be waited for.
  for (const { probed } of table.all()) {
    probed.setTiming({ pace: { periodMs: 10_000, failureThreshold: 3 }, idleMs: 10_000, ownMs: 10_000, burstMs: 20 }, now);
    probed.sent(0, now);
    if (probed !== relay.probed) probed.answered(0, now);
  }
  for (const name of ['f0', 'f2']) relay.asked.add(target(name).publicKey);
  const due = (at: number): readonly PathName[] =>
    [...table.all()].filter(({ path, probed }) => path.kind === 'tunnel' && probed.isDue(at)).map(({ path }) => path.name);
  expect(checkPath(table, relay, now)).toBeUndefined();
  expect(due(now)).toEqual([]);
  checkPath(table, relay, now + GIVEN_UP_MS);
  expect(due(now + GIVEN_UP_MS)).toEqual(['tunnel/0/far']);
});
