/**
 * Keys that are to be added later. If one key is delayed several times, the earliest time counts.
 */
import type { Clock } from '../runtime/clock.js';

interface Delays {
  /** Calls `due` for `key` in `ms` milliseconds, unless an earlier call is scheduled. */
  set(key: string, ms: number): void;
  drop(key: string): void;
  clear(): void;
  readonly size: number;
}

/** Longest delay of a timer, 24.8 days; Node fires longer ones at once. Calling too early is harmless. */
const MAX_MS = 2 ** 31 - 1;

export function createDelays(clock: Clock, due: (key: string) => void): Delays {
  const waiting = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  function drop(key: string): void {
    const entry = waiting.size === 0 ? undefined : waiting.get(key);
    if (entry === undefined) return;
    waiting.delete(key);
    entry.cancel();
  }
  return {
    set(key, ms) {
      const at = clock.now() + ms;
      const earlier = waiting.get(key);
      if (earlier !== undefined && earlier.at <= at) return;
      earlier?.cancel();
      const cancel = clock.after(Math.min(ms, MAX_MS), () => {
        waiting.delete(key);
        due(key);
      });
      waiting.set(key, { at, cancel });
    },
    drop,
    clear() {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
    },
    get size() {
      return waiting.size;
    },
  };
}
