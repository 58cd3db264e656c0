import { describe, expect, test } from '@jest/globals';
import { missed, quantile, summarise } from './measure.js';

describe('summarise', () => {
  test('takes nearest ranks, so every figure was measured', () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarise({ name: 'x', unit: 'ms', samples })).toEqual({
      name: 'x',
      unit: 'ms',
      n: 100,
      min: 1,
      p50: 50,
      p95: 95,
      p99: 99,
      max: 100,
    });
  });

  test.each([
    [{ max: { most: 3 } }, 'max <= 3', true],
    [{ max: { most: 2.9 } }, 'max <= 2.9', false],
    [{ p50: { most: 2 }, max: { most: 2 } }, 'p50 <= 2, max <= 2', false],
    [{ p50: { least: 2 } }, 'p50 >= 2', true],
    [{ min: { least: 1 } }, 'min >= 1', true],
    [{ min: { least: 1.1 }, max: { most: 3 } }, 'min >= 1.1, max <= 3', false],
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

  test('a run has failed by what misses its bound, also by a row that could not be measured, and by nothing else', () => {
    const most = (value: number) => ({ max: { most: value } });
    const summaries = [
      { name: 'compared', unit: 'ms' as const, samples: [9] },
      { name: 'holds', unit: 'ms' as const, samples: [9], must: most(9) },
      { name: 'misses', unit: 'ms' as const, samples: [1, 10], must: most(9) },
      { name: 'not measured', unit: 'rows' as const, samples: [1], must: most(0) },
    ].map(summarise);
    expect(missed(summaries).map(({ name }) => name)).toEqual(['misses', 'not measured']);
    expect(missed(summaries.slice(0, 2))).toEqual([]);
  });

  test('refuses a figure without samples', () => {
    expect(() => summarise({ name: 'x', unit: 'ms', samples: [] })).toThrow('took no samples');
  });
});
