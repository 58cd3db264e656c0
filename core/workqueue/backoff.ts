/**
 * Exponential back-off with jitter: a cap that doubles with each failure in a row, and a random pause in its upper half, so
 * that keys which failed together are not retried together.
 */
import type { Random } from '../runtime/clock.js';

export interface BackoffOptions {
  /** Longest pause after the first failure, in milliseconds. */
  readonly baseMs: number;
  /** Longest pause after any number of failures, in milliseconds. */
  readonly maxMs: number;
}

export interface Backoff {
  /** Counts one more failure of `key`. Returns the pause before its retry, in milliseconds. `atLeast`: failures counted elsewhere. */
  next(key: string, atLeast?: number): number;
  /** `key` succeeded: its next failure counts as the first. */
  forget(key: string): void;
}

export const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 200, maxMs: 300_000 };

export function createBackoff(options: BackoffOptions, random: Random): Backoff {
  /** Failures in a row by key. Holds only keys whose last run failed. */
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
