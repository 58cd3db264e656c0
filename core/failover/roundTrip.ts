/**
 * How long an answer on one path takes, and from when on it is overdue: the retransmission timeout of RFC 6298, section 2, with weights
 * twice as large. There every round trip is a sample, and here one in many.
 *
 * That timeout follows a network. A process that waits for its turn on a busy machine answers quickly most of the time and very late at
 * times, and no average shows it. So the longest recent delay counts as well, ours and the other's: accrual failure detectors judge by
 * the spread of what came (Hayashibara et al. 2004).
 */

import { createRecentWorst } from './recentWorst.js';

interface RoundTrip {
  /** One answer came after `ms` milliseconds. */
  sample(ms: number, now: number): void;
  /** Smoothed, milliseconds; undefined: no answer yet. */
  smoothed(): number | undefined;
  /** The shortest of the last 32 to 64, milliseconds: what the network takes, without busy processors. Undefined: no answer yet. */
  least(): number | undefined;
  /** Milliseconds after which a probe counts as unanswered. */
  timeout(): number;
}

/** Before the first answer. */
const FIRST_TIMEOUT_MS = 300;
const MIN_TIMEOUT_MS = 50;
/** For jitter of the network. */
const MAX_SLACK_MS = 100;
/** Samples of which the shortest is remembered, twice. */
const WINDOW = 32;
/** For delays of machines. More would make a death too long a one. */
const MAX_DELAY_MS = 300;

/** `lateMs`: how late we were recently ourselves. */
export function createRoundTrip(lateMs: () => number): RoundTrip {
  let smoothed: number | undefined;
  let deviation = 0;
  let least = { before: Number.POSITIVE_INFINITY, now: Number.POSITIVE_INFINITY, samples: 0 };
  const delay = createRecentWorst();
  return {
    sample(ms, now) {
      if (least.samples === WINDOW) least = { before: least.now, now: Number.POSITIVE_INFINITY, samples: 0 };
      least = { ...least, now: Math.min(least.now, ms), samples: least.samples + 1 };
      delay.observe(ms - (smoothed ?? ms), now);
      if (smoothed === undefined) {
        smoothed = ms;
        deviation = ms / 2;
        return;
      }
      deviation += (Math.abs(smoothed - ms) - deviation) / 2;
      smoothed += (ms - smoothed) / 4;
    },
    smoothed: () => smoothed,
    least: () => (smoothed === undefined ? undefined : Math.min(least.before, least.now)),
    timeout() {
      const late = Math.min(MAX_DELAY_MS, Math.max(delay.worst(), lateMs()));
      if (smoothed === undefined) return FIRST_TIMEOUT_MS + late;
      return Math.max(MIN_TIMEOUT_MS, smoothed + Math.max(late, Math.min(4 * deviation, smoothed + MAX_SLACK_MS)));
    },
  };
}
