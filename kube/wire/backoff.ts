/**
 * How long a reflector waits after a failure: half fixed, half jitter, under a doubling cap; or what the server asked for, when that is
 * longer.
 */
import type { Random } from '../../core/runtime/clock.js';
import type { KubeFailure } from './client.js';

interface Backoff {
  /** Since the last reset. */
  failures(): number;
  /** Milliseconds. */
  next(failure: KubeFailure): number;
  reset(): void;
}

const BASE_MS = 250;
const MAX_MS = 30_000;
/** A CustomResourceDefinition that does not exist yet is retried often: someone is about to apply it. */
const ABSENT_MAX_MS = 5_000;

/** `refusedMaxMs`: the longest pause after an answer that says no, for a right or a resource that is not there. */
export function createBackoff(random: Random, refusedMaxMs = Number.POSITIVE_INFINITY): Backoff {
  let failures = 0;
  return {
    failures: () => failures,
    next(failure) {
      const most = failure.kind === 'notFound' ? ABSENT_MAX_MS : MAX_MS;
      const refused = failure.kind === 'notFound' || failure.kind === 'forbidden' ? refusedMaxMs : most;
      const cap = Math.min(most, refused, BASE_MS * 2 ** Math.min(failures, 16));
      failures += 1;
      return Math.max(failure.retryAfterMs ?? 0, cap * (0.5 + random() / 2));
    },
    reset() {
      failures = 0;
    },
  };
}
