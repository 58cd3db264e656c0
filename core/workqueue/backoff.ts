/**
 * How long a key that failed waits: a cap that doubles with every failure in a row, and a throw of dice in its upper half, so
 * that many keys which failed at once do not come back at once.
 */
import type { Random } from '../runtime/clock.js';

export interface BackoffOptions {
  /** Longest pause after the first failure, in milliseconds. */
  readonly baseMs: number;
  /** Longest pause ever, in milliseconds. */
  readonly maxMs: number;
}

export interface Backoff {
  /** One more failure of `key`: the pause before it is tried again, in milliseconds. `atLeast`: failures known from elsewhere. */
  next(key: string, atLeast?: number): number;
  /** `key` did not fail: its next failure is a first one. */
  forget(key: string): void;
}

export const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 200, maxMs: 300_000 };

export function createBackoff(options: BackoffOptions, random: Random): Backoff {
  /** Failures in a row; absent: none. Bounded by the keys that fail now. */
  const failures = new Map<string, number>();
  return {
    next(key, atLeast = 0) {
      const count = Math.max(failures.get(key) ?? 0, atLeast) + 1;
      failures.set(key, count);
      return pauseAfter(count, options, random);
    },
    forget: (key) => void failures.delete(key),
  };
}

/** `failures` in a row, at least one. */
export function pauseAfter(failures: number, { baseMs, maxMs }: BackoffOptions, random: Random): number {
  const cap = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return cap * (0.5 + random() / 2);
}
