import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.js';

test.each([
  ['24h', 86_400_000],
  ['1h30m', 5_400_000],
  ['90s', 90_000],
  ['7d', 604_800_000],
  ['1d1s', 86_401_000],
  ['10m', 600_000],
])('%s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['24'],
  [''],
  ['h'],
  ['1.5h'],
  ['-1h'],
  ['1h 30m'],
  ['30m1h'],
  ['0s'],
  ['0h0m'],
  ['1H'],
  ['1w'],
  ['9999999d'],
  ['1h1h'],
  [' 1h'],
])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [86_400_000, '24h'],
  [172_800_000, '2d'],
  [5_400_000, '1h30m'],
  [90_061_000, '25h1m1s'],
  [400, '0s'],
])('%i ms are told as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is told is understood', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (seconds) =>
      expect(parseDuration(formatDuration(seconds * 1_000))).toBe(seconds * 1_000),
    ),
  );
});
