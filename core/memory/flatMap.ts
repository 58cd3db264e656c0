/**
 * What follows from the elements of a list, joined to one list, as it follows that of last time: what both lists begin and end with is not
 * asked again.
 */
import { changedPart } from './changedPart.js';
import { sameItems } from './whileSame.js';

export interface FlatMap<T, R> {
  /** `madeOf`: what else `find` asks for. The list of last time, if it is the same. */
  get(items: readonly T[], madeOf: readonly unknown[], find: (item: T) => readonly R[]): readonly R[];
}

interface Found<T, R> {
  readonly items: readonly T[];
  readonly madeOf: readonly unknown[];
  readonly found: readonly R[];
  /** By item: where in `found` what it gave ends. */
  readonly ends: readonly number[];
}

export function createFlatMap<T, R>(): FlatMap<T, R> {
  let before: Found<T, R> = { items: [], madeOf: [], found: [], ends: [] };
  return {
    get(items, madeOf, find) {
      const usable = sameItems(before.madeOf, madeOf) ? before : { items: [], found: [], ends: [] };
      const { start, endBefore, endNow } = changedPart(usable.items, items);
      const from = usable.ends[start - 1] ?? 0;
      const to = usable.ends[endBefore - 1] ?? 0;
      const changed: R[] = [];
      const ends = usable.ends.slice(0, start);
      for (let index = start; index < endNow; index += 1) {
        for (const each of find(items[index] as T)) changed.push(each);
        ends.push(from + changed.length);
      }
      const moved = from + changed.length - to;
      for (let index = endBefore; index < usable.items.length; index += 1) ends.push((usable.ends[index] as number) + moved);
      const same = usable === before && sameItems(changed, before.found.slice(from, to));
      const found = same ? before.found : [...usable.found.slice(0, from), ...changed, ...usable.found.slice(to)];
      before = { items, madeOf, found, ends };
      return found;
    },
  };
}
