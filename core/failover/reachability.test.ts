import { expect, test } from '@jest/globals';
import { hash32 } from '../net/hash.js';
import { probePath, tableOf } from '../../test/fakes/probedPaths.js';
import { createReachability } from './reachability.js';

const TUNNEL = probePath({ kind: 'tunnel', slot: 0, segment: 'far' });
const DOWN = { 'tunnel/0/far': { state: 'down' } } as const;

test('unreachable are segments whose tunnels are down, and external peers without a tunnel', () => {
  const reachability = createReachability(tableOf([TUNNEL], DOWN));
  reachability.setUnreachable(['peer:laptop']);
  expect(reachability.unreachable()).toEqual([hash32('far'), hash32('peer:laptop')]);
  expect(['peer:laptop', 'far'].map((segment) => reachability.isUnreachable(segment))).toEqual([true, false]);
});

test('external peers are others than before only where they differ', () => {
  const reachability = createReachability(tableOf([]));
  const told = [[], ['a'], ['a'], ['a', 'b'], ['b', 'a'], ['b', 'c'], []];
  expect(told.map((segments) => reachability.setUnreachable(segments))).toEqual([false, true, false, true, false, true, true]);
  expect(reachability.unreachable()).toEqual([]);
});

test('tunnels count as they were until something says that they changed', () => {
  const table = tableOf([TUNNEL], DOWN);
  const reachability = createReachability(table);
  expect(reachability.unreachable()).toEqual([hash32('far')]);
  const [tunnel] = table.all();
  for (const nonce of [1, 2, 3]) {
    tunnel?.probed.sent(nonce, 5000 + nonce);
    tunnel?.probed.answered(nonce, 5000 + nonce);
  }
  tunnel?.probed.check(5010);
  expect(reachability.unreachable()).toEqual([hash32('far')]);
  reachability.invalidate();
  expect(reachability.unreachable()).toEqual([]);
});

test('L8: a member that names its segment like another by hash does not have that one taken for unreachable', () => {
  // The name of a location is the member's own choice, and such a one is found in a second.
  const twin = 'evil/vf40absc';
  expect(hash32(twin)).toBe(hash32('victim/paris'));
  const paths = ['victim/paris', twin].map((segment) => probePath({ kind: 'tunnel', slot: 0, segment }));
  const unreachable = (states: Parameters<typeof tableOf>[1]): readonly number[] =>
    createReachability(tableOf(paths, states)).unreachable();
  expect(unreachable({ [`tunnel/0/${twin}`]: { state: 'down' } })).toEqual([]);
  expect(unreachable({ [`tunnel/0/${twin}`]: { state: 'down' }, 'tunnel/0/victim/paris': { state: 'down' } })).toHaveLength(2);
});
