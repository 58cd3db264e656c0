/**
 * What follows from an object is found once for it. Objects of a store are replaced when they change, and never altered: while the same one
 * comes again, so does what was found, the same object too.
 */
import { sameItems } from './whileSame.js';

/** `find`, which must ask for nothing but the object. */
export function perObject<K extends object, T>(find: (of: K) => T): (of: K) => T {
  const known = new WeakMap<K, { readonly found: T }>();
  return (of) => {
    let one = known.get(of);
    if (one === undefined) known.set(of, (one = { found: find(of) }));
    return one.found;
  };
}

export interface PerObject<K extends object, T> {
  /** What was found last for `of`, or what `find` finds if `madeOf`, what else it asks for, differs from last time. */
  get(of: K, madeOf: readonly unknown[], find: () => T): T;
}

export function createPerObject<K extends object, T>(): PerObject<K, T> {
  const known = new WeakMap<K, { readonly madeOf: readonly unknown[]; readonly found: T }>();
  return {
    get(of, madeOf, find) {
      const before = known.get(of);
      if (before !== undefined && sameItems(before.madeOf, madeOf)) return before.found;
      const found = find();
      known.set(of, { madeOf, found });
      return found;
    },
  };
}
