/**
 * Keys whose writes a member's API server refuses, for want of a quota, of a right, of a CRD, or by a policy. Nobody tells when the
 * reason is gone, and thousands may wait for it. So one of those that are refused alike tries again each second, and when that is no
 * longer refused, all others follow.
 */
interface RefusedWrites {
  /**
   * A reconcile of `key` ended. `refusal`: how its writes were refused; equal for those that are refused alike. Undefined: they were not.
   * Returns how soon the key tries again, if it is the one that tries; and the keys that follow now.
   */
  ended(key: string, refusal: string | undefined): { readonly againMs?: number; readonly follow: readonly string[] };
}

interface Refused {
  /** The key that tries. */
  readonly scout: string;
  readonly others: Set<string>;
}

/** A second, less what the write itself takes. */
const AGAIN_MS = 800;
/** Where much is refused in many ways, all that try are so many milliseconds apart. */
const APART_MS = 50;

export function createRefusedWrites(): RefusedWrites {
  const byRefusal = new Map<string, Refused>();
  /** By key: how it is refused now. */
  const refusals = new Map<string, string>();

  /** Returns who follows. */
  function leave(key: string): readonly string[] {
    const refusal = refusals.get(key);
    if (refusal === undefined) return [];
    refusals.delete(key);
    const group = byRefusal.get(refusal);
    if (group?.scout !== key) {
      group?.others.delete(key);
      return [];
    }
    byRefusal.delete(refusal);
    for (const other of group.others) refusals.delete(other);
    return [...group.others];
  }

  return {
    ended(key, refusal) {
      const follow = refusals.get(key) === refusal ? [] : leave(key);
      if (refusal === undefined) return { follow };
      refusals.set(key, refusal);
      const group = byRefusal.get(refusal) ?? { scout: key, others: new Set() };
      byRefusal.set(refusal, group);
      if (group.scout === key) return { againMs: Math.max(AGAIN_MS, APART_MS * byRefusal.size), follow };
      group.others.add(key);
      return { follow };
    },
  };
}
