/**
 * Keeps what was found while all that it was made of is the same: the same objects, not equal ones.
 */
export interface WhileSame<T> {
  /** What was found last, or what `find` finds if `madeOf` differs from last time. */
  get(madeOf: readonly unknown[], find: () => T): T;
}

export function createWhileSame<T>(): WhileSame<T> {
  let before: { readonly madeOf: readonly unknown[]; readonly found: T } | undefined;
  return {
    get(madeOf, find) {
      if (before === undefined || !sameItems(before.madeOf, madeOf)) before = { madeOf, found: find() };
      return before.found;
    },
  };
}

/** Whether two lists have the same items in the same order. */
export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
