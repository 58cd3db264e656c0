import { expect, test } from '@jest/globals';
import type { ProbePath } from '../../core/mesh/probing.js';
import { createPendingProbes } from './pendingProbes.js';

const target = { name: 'f0', publicKey: 'key', address: '10.4.0.2' };
const path: ProbePath = { name: 'tunnel/0/far', kind: 'tunnel', slot: 0, segment: 'far', from: 1, targets: [target] };
const LIFE = 7n;

test.each<[string, bigint, string, boolean]>([
  ['of whom was asked', (LIFE << 32n) | 5n, 'key', true],
  ['of somebody else', (LIFE << 32n) | 5n, 'other', false],
  ['to a probe that nobody sent', (LIFE << 32n) | 6n, 'key', false],
  ['to a probe of an earlier process', (3n << 32n) | 5n, 'key', false],
])('an answer %s', (_what, nonce, from, isTaken) => {
  const pending = createPendingProbes(LIFE);
  expect(pending.add({ path, target, nonce: 5 })).toBe((LIFE << 32n) | 5n);
  expect(pending.take(nonce, from)).toEqual(isTaken ? { path: 'tunnel/0/far', nonce: 5 } : undefined);
});

test('an answer is taken once', () => {
  const pending = createPendingProbes(LIFE);
  const nonce = pending.add({ path, target, nonce: 5 });
  expect([pending.take(nonce, 'key') !== undefined, pending.take(nonce, 'key') !== undefined]).toEqual([true, false]);
});

test('of more than 65,536 that are pending the oldest are forgotten', () => {
  const pending = createPendingProbes(LIFE);
  for (let nonce = 0; nonce < 65_538; nonce += 1) pending.add({ path, target, nonce });
  expect([1n, 2n].map((nonce) => pending.take((LIFE << 32n) | nonce, 'key')?.nonce)).toEqual([undefined, 2]);
});
