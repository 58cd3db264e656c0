import { describe, expect, test } from '@jest/globals';
import { quantile, summarise } from './measure.js';

describe('summarise', () => {
  test('takes nearest ranks, so every figure was measured', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarise({ name: 'x', unit: 'ms', samples })).toEqual({ name: 'x', unit: 'ms', n: 100, p50: 50, p95: 95, p99: 99, max: 100 });
  });

  test.each([
    [{ max: { most: 3 } }, 'max <= 3', true],
    [{ max: { most: 2.9 } }, 'max <= 2.9', false],
    [{ p50: { most: 2 }, max: { most: 2 } }, 'p50 <= 2, max <= 2', false],
    [{ p50: { least: 2 } }, 'p50 >= 2', true],
  ])('1, 2, 3 against %p', (must, text, holds) => {
    expect(summarise({ name: 'x', unit: 'ms', samples: [1, 2, 3], must }).must).toEqual({ text, holds });
  });

  test.each([
    [[7], 0.5, 7],
    [[1, 2], 0.5, 1],
    [[1, 2, 3], 0.99, 3],
  ])('quantile of %p at %p is %p', (sorted, q, expected) => {
    expect(quantile(sorted, q)).toBe(expected);
  });

  test('refuses a figure without samples', () => {
    expect(() => summarise({ name: 'x', unit: 'ms', samples: [] })).toThrow('took no samples');
  });
});
