import { describe, expect, test } from '@jest/globals';
import { countWork } from './countWork.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const double = (value: number): number => 2 * value;

test.each<[string, (list: readonly number[]) => unknown]>([
  ['calls', (list) => list.map(double)],
  [
    'calls in a loop without anything to walk',
    (list) => {
      for (let index = 0; index < list.length; index += 1) double(index);
    },
  ],
  [
    'for ... of',
    (list) => {
      for (const value of list) void value;
    },
  ],
  ['a spread', (list) => [...list]],
  ['a set from a list', (list) => new Set(list)],
  ['a map, walked', (list) => [...new Map(list.map((value) => [value, value]))]],
  ['a search', (list) => list.includes(-1)],
])('%s: ten times the list is ten times the work', (_what, act) => {
  const [few, many] = [numbers(100), numbers(1000)];
  const ratio = countWork(() => act(many)) / countWork(() => act(few));
  expect(ratio).toBeGreaterThan(9);
  expect(ratio).toBeLessThan(11);
});

describe('a hundred times the work', () => {
  test.each<[string, (list: readonly number[]) => unknown]>([
    ['a search in a loop', (list) => list.filter((value) => list.includes(-value))],
    [
      'a loop in a loop',
      (list) => {
        for (const one of list) for (const other of list) if (one === -other) return;
      },
    ],
    [
      'a list that is copied for each element',
      (list) => {
        let copy: readonly number[] = [];
        for (const value of list) copy = [...copy, value];
      },
    ],
  ])('%s', (_what, act) => {
    const [few, many] = [numbers(20).map((value) => value + 1), numbers(200).map((value) => value + 1)];
    expect(countWork(() => act(many)) / countWork(() => act(few))).toBeGreaterThan(80);
  });
});

test('the same work is the same number, however often it was done before', () => {
  const work = (): unknown => numbers(50).map(double);
  const first = countWork(work);
  for (let round = 0; round < 5_000; round += 1) work();
  expect(countWork(work)).toBe(first);
});

test('what it wrapped is as it was, also after a throw', () => {
  const before = [Array.prototype.includes, Object.getPrototypeOf([][Symbol.iterator]()).next];
  expect(() =>
    countWork(() => {
      throw new Error('no');
    }),
  ).toThrow('no');
  expect([Array.prototype.includes, Object.getPrototypeOf([][Symbol.iterator]()).next]).toEqual(before);
});
