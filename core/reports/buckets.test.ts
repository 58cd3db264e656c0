import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LOSS_BUCKETS } from '../api/reportBounds.js';
import { lossBucket, rttBucket, type Spread } from './buckets.js';

const spread = (least: number, most = least): Spread => ({ least, most });

describe('round-trip times', () => {
  test.each([
    [0.2, 5],
    [5, 5],
    [5.1, 7.5],
    [14, 16.9],
    [100, 128.1],
    [1e9, 84_170.6],
  ])('%d ms is in the bucket up to %d', (ms, bucket) => {
    expect(rttBucket(spread(ms), undefined)).toBe(bucket);
  });

  test.each<[string, number, Spread, number]>([
    ['stays while it wavers about the edge', 16.9, spread(16, 19), 16.9],
    ['stays in a moment of a busy processor', 16.9, spread(14, 900), 16.9],
    ['stays where all of it was only a little slower', 16.9, spread(19, 22), 16.9],
    ['goes where all of it was much slower', 16.9, spread(40, 60), 57],
    ['stays where the quickest was only a little quicker', 16.9, spread(9, 15), 16.9],
    ['goes to what the network takes, whatever processors add now and then', 16.9, spread(2, 60), 5],
    ['goes where all of it was much quicker', 16.9, spread(7, 8), 7.5],
    ['never goes below the first', 5, spread(0), 5],
  ])('%s', (_what, before, seen, after) => {
    expect(rttBucket(seen, before)).toBe(after);
  });
});

describe('loss', () => {
  test.each<[string, number | undefined, Spread, number]>([
    ['none', undefined, spread(0), 0],
    ['one probe of the last hundred, long ago', undefined, spread(0.004), 0],
    ['one probe lost: it fades', 0, spread(0.004, 0.02), 0],
    ['three of a hundred, all the time', 0, spread(0.025, 0.04), 5],
    ['a fifth', 5, spread(0.18, 0.22), 20],
    ['all', 20, spread(1), 100],
    ['gone again', 5, spread(0, 0.003), 0],
    ['nearly gone', 1, spread(0.001, 0.006), 1],
  ])('%s', (_what, before, seen, after) => {
    expect(lossBucket(seen, before)).toBe(after);
  });

  test('is one of the buckets, and stays where it is when it is looked at again', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(undefined, ...LOSS_BUCKETS), (share, before) => {
        const bucket = lossBucket(spread(share), before);
        expect(LOSS_BUCKETS).toContain(bucket);
        expect(lossBucket(spread(share), bucket)).toBe(bucket);
      }),
    );
  });
});
