/**
 * Keeps what was found for each of several names while all that it was made of is the same, and as long as the name is asked for.
 */
import { sameItems } from './whileSame.js';

export interface ByName<T> {
  /** Begins a round: names that the last one did not ask for are forgotten. */
  round(): (name: string, madeOf: readonly unknown[], find: () => T) => T;
}

export function createByName<T>(): ByName<T> {
  type Known = Map<string, { readonly madeOf: readonly unknown[]; readonly found: T }>;
  let known: Known = new Map();
  return {
    round() {
      const before = known;
      const now: Known = new Map();
      known = now;
      return (name, madeOf, find) => {
        const one = before.get(name);
        const kept = one !== undefined && sameItems(one.madeOf, madeOf) ? one : { madeOf, found: find() };
        now.set(name, kept);
        return kept.found;
      };
    },
  };
}
