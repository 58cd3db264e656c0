/**
 * Passes items on at a bounded rate. Of those that wait with one key, one is left, and none is lost.
 */
import type { Clock } from './clock.js';
import { createTokenBucket, type Rate } from './tokenBucket.js';

interface PacedDeps<T> {
  readonly clock: Clock;
  readonly rate: Rate;
  readonly pass: (item: T) => void;
  readonly keyOf: (item: T) => string;
  /** What is left of two items with one key. Default: the later one. */
  readonly merge?: (earlier: T, later: T) => T;
}

export function createPaced<T>({ clock, rate, pass, keyOf, merge = (_earlier, later) => later }: PacedDeps<T>): (item: T) => void {
  const bucket = createTokenBucket(rate, clock);
  /** While some wait, the first has a token on credit. */
  const waiting = new Map<string, T>();

  function passOn(): void {
    const first = waiting.entries().next();
    if (first.done === true) return;
    const [key, item] = first.value;
    waiting.delete(key);
    if (waiting.size > 0) clock.after(bucket.take(1), passOn);
    pass(item);
  }

  return (item) => {
    const wait = waiting.size === 0 ? bucket.take(1) : undefined;
    if (wait === 0) return pass(item);
    const key = keyOf(item);
    const earlier = waiting.get(key);
    waiting.set(key, earlier === undefined ? item : merge(earlier, item));
    if (wait !== undefined) clock.after(wait, passOn);
    return undefined;
  };
}
