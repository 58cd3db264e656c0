/**
 * How many suspect messages count: each has this node probe somebody as often as it can. A node sends one when a path fails or its own
 * report changes; whoever sends more is not heard for the rest of the second.
 */

interface Suspicions {
  /** `sender`: whose messages are counted together. True counts as received. */
  accept(sender: string, now: number): boolean;
}

const PER_SECOND = 8;

export function createSuspicions(): Suspicions {
  const bySender = new Map<string, { at: number; count: number }>();
  return {
    accept(sender, now) {
      const before = bySender.get(sender);
      const second = before === undefined || now - before.at >= 1000 ? { at: now, count: 0 } : before;
      second.count += 1;
      bySender.set(sender, second);
      return second.count <= PER_SECOND;
    },
  };
}
