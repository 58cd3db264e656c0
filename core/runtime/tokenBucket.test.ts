import { expect, test } from '@jest/globals';
import { createTokenBucket } from './tokenBucket.js';

/** Ten a second, five at once. Each step: milliseconds since the start, tokens taken, wait. */
test.each<[string, readonly (readonly [number, number, number])[]]>([
  [
    'at once while there are any',
    [
      [0, 3, 0],
      [0, 2, 0],
    ],
  ],
  [
    'then as they come, in order',
    [
      [0, 5, 0],
      [0, 1, 100],
      [0, 1, 200],
      [100, 1, 200],
    ],
  ],
  [
    'no more gather than the burst',
    [
      [60_000, 5, 0],
      [60_000, 1, 100],
    ],
  ],
  [
    'what is dear waits for its price',
    [
      [0, 25, 2_000],
      [2_000, 1, 100],
    ],
  ],
])('tokens are had %s', (_title, steps) => {
  let now = 0;
  const bucket = createTokenBucket({ perSecond: 10, burst: 5 }, { now: () => now });
  for (const [at, tokens, wait] of steps) {
    now = at;
    expect(bucket.take(tokens)).toBeCloseTo(wait);
  }
});

test('it knows for how long it has been empty', () => {
  let now = 0;
  const bucket = createTokenBucket({ perSecond: 10, burst: 5 }, { now: () => now });
  bucket.take(5);
  expect(bucket.emptyFor()).toBe(0);
  bucket.take(10);
  now = 900;
  expect(bucket.emptyFor()).toBe(900);
  now = 1_000;
  bucket.take(1);
  now = 1_200;
  expect(bucket.emptyFor()).toBe(1_200);
  now = 1_700;
  expect(bucket.emptyFor()).toBe(0);
});
