import { describe, expect, test } from '@jest/globals';
import { createRoundTrip } from './roundTrip.js';

test('the shortest round trip is remembered for a while', () => {
  const roundTrip = createRoundTrip(() => 0);
  expect(roundTrip.least()).toBeUndefined();
  const least: (number | undefined)[] = [];
  for (const ms of [9, 4, ...Array.from({ length: 62 }, () => 7), 8]) {
    roundTrip.sample(ms, 0);
    least.push(roundTrip.least());
  }
  expect(least.slice(0, 3)).toEqual([9, 4, 4]);
  expect(least.slice(-2)).toEqual([4, 7]);
});

describe('a round trip', () => {
  test.each<[string, readonly number[], number | undefined, number]>([
    ['nothing is known of', [], undefined, 300],
    ['of one answer', [100], 100, 300],
    ['that is short: the timeout has a floor', [1, 1, 1, 1], 1, 50],
    ['that is steady: the timeout comes near', [100, 100, 100, 100, 100], 100, 100 + 4 * (50 / 16)],
    ['that varies: the timeout leaves room', [100, 140], 110, 110 + 4 * 45],
    ['that grew: a quarter of each sample counts', [10, 50], 20, 20 + 4 * 22.5],
    ['that varies much: the room is bounded', [10, 810], 210, 210 + 310],
    [
      'that was late once: the timeout waits as long again',
      [1, 200, 1, 1, 1, 1, 1, 1],
      1 + (199 / 4) * 0.75 ** 6,
      1 + (199 / 4) * 0.75 ** 6 + 199,
    ],
    ['that was late once by more: up to a bound', [1, 900, 1, 1, 1, 1, 1, 1], 1 + (899 / 4) * 0.75 ** 6, 1 + (899 / 4) * 0.75 ** 6 + 300],
  ])('%s', (_what, samples, smoothed, timeout) => {
    const roundTrip = createRoundTrip(() => 0);
    for (const ms of samples) roundTrip.sample(ms, 0);
    expect([roundTrip.smoothed(), roundTrip.timeout()]).toEqual([smoothed, timeout]);
  });

  test('that was late is forgotten by half every half minute', () => {
    const roundTrip = createRoundTrip(() => 0);
    for (const ms of [1, 201]) roundTrip.sample(ms, 0);
    for (let count = 0; count < 40; count += 1) roundTrip.sample(1, 60_000);
    expect(roundTrip.timeout()).toBeCloseTo(1 + 50, 0);
  });

  test.each([
    [0, 50],
    [40, 50],
    [100, 101],
    [1000, 301],
  ])('to those that we ask while we are late by %d ms ourselves: the timeout is %d', (late, timeout) => {
    const roundTrip = createRoundTrip(() => late);
    for (let count = 0; count < 40; count += 1) roundTrip.sample(1, 0);
    expect(roundTrip.timeout()).toBe(timeout);
  });

  test('of which nothing is known waits for us, too', () => {
    expect(createRoundTrip(() => 100).timeout()).toBe(400);
  });
});
