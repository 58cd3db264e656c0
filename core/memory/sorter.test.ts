import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createSorter } from './sorter.js';

interface Item {
  readonly key: number;
}

const compare = (a: Item, b: Item): number => a.key - b.key;
const list = (count: number, key: (index: number) => number): Item[] => Array.from({ length: count }, (_, index) => ({ key: key(index) }));
/** Neither in order nor with equal ones. */
const scattered = (index: number): number => (index * 7919) % 100_003;

function sortedAfresh(items: readonly Item[]): readonly Item[] {
  return items.filter(({ key }, index) => items.findIndex((one) => one.key === key) === index).toSorted(compare);
}

/** What goes at an index, and what comes there: a new item of that key, if any, perhaps of one that is there, or moved from elsewhere. */
const step = fc.record({
  at: fc.nat(199),
  gone: fc.integer({ min: 0, max: 2 }),
  come: fc.array(fc.oneof(fc.integer({ min: 0, max: 100_003 }), fc.constant('twin' as const), fc.constant('moved' as const)), {
    maxLength: 2,
  }),
});

test('whatever comes, goes, moves or is there twice, the list is the one that is sorted afresh', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const sorter = createSorter(compare);
      let items = list(200, scattered);
      expect(sorter.inOrder(items)).toEqual(sortedAfresh(items));
      for (const { at, gone, come } of steps) {
        const kept = items.toSpliced(at, gone);
        const other = kept[(at * 31) % kept.length] as Item;
        const rest = come.includes('moved') ? kept.filter((one) => one !== other) : kept;
        const added = come.map((key) => (key === 'moved' ? other : { key: key === 'twin' ? other.key : key }));
        items = rest.toSpliced(at, 0, ...new Set(added));
        const [sorted, expected] = [sorter.inOrder(items), sortedAfresh(items)];
        expect(sorted.length === expected.length && sorted.every((one, index) => one === expected[index])).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test('the same list is given again while it holds the same', () => {
  const sorter = createSorter(compare);
  const items = list(50, scattered);
  const first = sorter.inOrder(items);
  expect(sorter.inOrder([...items])).toBe(first);
  expect(sorter.inOrder(items.toReversed())).toBe(first);
  expect(sorter.inOrder(items.slice(1))).not.toBe(first);
});
