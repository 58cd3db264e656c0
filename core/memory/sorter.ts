/**
 * Sorts a list that is nearly the one of last time: what went is taken out, what came is put in its place.
 */
import { changedPart } from './changedPart.js';

export interface Sorter<T> {
  /** In order; of equal ones only the first. The list of last time, if it is the same. */
  inOrder(items: readonly T[]): readonly T[];
}

interface Sorted<T> {
  readonly items: readonly T[];
  /** All of `items`. Where equal ones were left out, it is not remembered: one that goes may have hidden another. */
  readonly sorted: readonly T[];
}

export function createSorter<T extends object>(compare: (a: T, b: T) => number): Sorter<T> {
  let before: Sorted<T> = { items: [], sorted: [] };
  return {
    inOrder(items) {
      const sorted = follow(before, items, compare) ?? sortAll(items, compare);
      before = sorted.length === items.length ? { items, sorted } : { items: [], sorted: [] };
      return sorted;
    },
  };
}

/** Undefined: too much has changed, or there are equal ones. */
function follow<T extends object>(before: Sorted<T>, items: readonly T[], compare: (a: T, b: T) => number): readonly T[] | undefined {
  const { start, endBefore, endNow } = changedPart(before.items, items);
  const [were, are] = [new Set(before.items.slice(start, endBefore)), new Set(items.slice(start, endNow))];
  const [gone, come] = [[...were].filter((item) => !are.has(item)), [...are].filter((item) => !were.has(item))];
  if (gone.length + come.length === 0) return before.sorted;
  if ((gone.length + come.length) * FEW > items.length) return undefined;
  const sorted = [...before.sorted];
  for (const item of gone) sorted.splice(placeOf(item, sorted, compare), 1);
  for (const item of come) {
    const at = placeOf(item, sorted, compare);
    if (at < sorted.length && compare(sorted[at] as T, item) === 0) return undefined;
    sorted.splice(at, 0, item);
  }
  return sorted;
}

/** Each one that goes or comes moves those behind it. */
const FEW = 32;

/** Index of the first that does not come before it. */
function placeOf<T>(item: T, sorted: readonly T[], compare: (a: T, b: T) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(sorted[middle] as T, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sortAll<T>(items: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  return items.toSorted(compare).filter((item, index, all) => index === 0 || compare(all[index - 1] as T, item) !== 0);
}
