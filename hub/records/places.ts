/**
 * A bounded number of places, for what a member may have any number of: so many in all, and so many for each group.
 *
 * Who has a place keeps it until he leaves, so that newcomers take nothing away: what others were told of stays. Of those who wait, the
 * first by name order gets the next place that is free.
 */
import { firstByName } from '../../core/text/firstByName.js';

export interface Places {
  /** Everybody who has a place. */
  readonly taken: ReadonlySet<string>;
  /** Returns whether `key`, which had none and did not wait, has a place now. */
  ask(key: string, group: string): boolean;
  /** Returns who has the place now that `key` had. Undefined: nobody. */
  leave(key: string): string | undefined;
  waits(key: string): boolean;
  /** Gives all places anew: to those that are `preferred` before others, and among these by name order. */
  settle(preferred: (key: string) => boolean): void;
  /** Who waits, in a few words. Undefined: nobody. */
  leftOut(): string | undefined;
}

interface Limits {
  readonly all: number;
  readonly group: number;
}

export function createPlaces(limits: Limits): Places {
  const groups = new Map<string, string>();
  const taken = new Set<string>();
  const sizes = new Map<string, number>();
  const waiting = new Set<string>();

  function fits(key: string): boolean {
    return taken.size < limits.all && (sizes.get(groups.get(key) ?? '') ?? 0) < limits.group;
  }

  function take(key: string): boolean {
    if (!fits(key)) return false;
    const group = groups.get(key) ?? '';
    taken.add(key);
    sizes.set(group, (sizes.get(group) ?? 0) + 1);
    return true;
  }

  function free(key: string): void {
    const group = groups.get(key) ?? '';
    const size = (sizes.get(group) ?? 1) - 1;
    taken.delete(key);
    if (size === 0) sizes.delete(group);
    else sizes.set(group, size);
  }

  /** One walk: sorting those who wait for each place would let newcomers cost as much as they like. */
  function next(): string | undefined {
    let first: string | undefined;
    for (const key of waiting) if ((first === undefined || key < first) && fits(key)) first = key;
    if (first !== undefined && take(first)) waiting.delete(first);
    return first;
  }

  return {
    taken,
    waits: (key) => waiting.has(key),
    ask(key, group) {
      groups.set(key, group);
      if (take(key)) return true;
      waiting.add(key);
      return false;
    },
    leave(key) {
      if (waiting.delete(key)) {
        groups.delete(key);
        return undefined;
      }
      if (!taken.has(key)) return undefined;
      free(key);
      groups.delete(key);
      return waiting.size === 0 ? undefined : next();
    },
    settle(preferred) {
      if (waiting.size === 0) return;
      const all = [...taken, ...waiting].toSorted();
      taken.clear();
      sizes.clear();
      waiting.clear();
      for (const key of [...all.filter(preferred), ...all.filter((each) => !preferred(each))]) if (!take(key)) waiting.add(key);
    },
    leftOut: () => firstByName([...waiting], 0, (key) => key).leftOut,
  };
}
