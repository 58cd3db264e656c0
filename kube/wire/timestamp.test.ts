import { expect, test } from '@jest/globals';
import { microTime, timestamp } from './timestamp.js';

test('whole seconds, in UTC', () => {
  expect(timestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05Z');
});

test('microseconds, as many digits as Go expects', () => {
  expect(microTime(Date.UTC(2026, 0, 2, 3, 4, 5, 60))).toBe('2026-01-02T03:04:05.060000Z');
});
