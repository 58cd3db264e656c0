import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFlatMap } from './flatMap.js';

const change = fc.record({
  at: fc.nat(30),
  gone: fc.nat(3),
  come: fc.array(fc.nat(3), { maxLength: 3 }),
  factor: fc.integer({ min: 1, max: 2 }),
});

test('whatever comes, goes or is made of something else, the list is the one that is made afresh', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const memory = createFlatMap<number, number>();
      const find = (factor: number) => (item: number) => Array.from({ length: item }, (_, index) => factor * (10 * item + index));
      let items = Array.from({ length: 20 }, (_, index) => index % 4);
      for (const { at, gone, come, factor } of [{ at: 0, gone: 0, come: [], factor: 1 }, ...changes]) {
        items = items.toSpliced(at, gone, ...come);
        expect(memory.get(items, [factor], find(factor))).toEqual(items.flatMap(find(factor)));
      }
    }),
    { numRuns: 300 },
  );
});

test('what both lists begin and end with is not asked again, and the same list is given while it is the same', () => {
  const memory = createFlatMap<object, object>();
  const items = Array.from({ length: 10 }, () => ({}));
  const asked: object[] = [];
  const get = (list: readonly object[]): readonly object[] =>
    memory.get(list, [], (item) => {
      asked.push(item);
      return [item];
    });
  const first = get(items);
  expect(asked).toEqual(items);
  asked.length = 0;
  expect(get([...items])).toBe(first);
  expect(asked).toEqual([]);
  const come = {};
  get(items.toSpliced(4, 1, come));
  expect(asked).toEqual([come]);
});

test('an element that is another and gives the same leaves the list as it is', () => {
  const memory = createFlatMap<{ readonly name: string }, string>();
  const get = (names: readonly string[]): readonly string[] =>
    memory.get(
      names.map((name) => ({ name })),
      [],
      ({ name }) => [name],
    );
  const first = get(['a', 'b']);
  expect(get(['a', 'b'])).toBe(first);
  expect(get(['a', 'c'])).toEqual(['a', 'c']);
});
