/**
 * Lets each key wait for something that is on its way, but only for a bounded time.
 */
import type { Clock } from '../../core/runtime/clock.js';

export interface BoundedWait {
  /** Milliseconds that the key may still wait. The first call starts the wait. 0: it has waited long enough. */
  remainingMs(key: string): number;
  /** The key no longer has anything to wait for. */
  end(key: string): void;
}

export function createBoundedWait(limitMs: number, clock: Clock): BoundedWait {
  const began = new Map<string, number>();
  return {
    remainingMs(key) {
      const since = began.get(key) ?? clock.now();
      began.set(key, since);
      return Math.max(0, since + limitMs - clock.now());
    },
    end: (key) => void began.delete(key),
  };
}
