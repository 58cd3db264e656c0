/**
 * How much the hub hears of one member: beyond that, the member is not read for a while, and its API server waits or gives up.
 *
 * Bytes cost time to parse, and chunks to receive, so they are counted as well. What is heard shares the turns of the event loop with what
 * is heard of all other members.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { NextTurn } from '../../core/runtime/sharedTurns.js';
import { createTokenBucket } from '../../core/runtime/tokenBucket.js';
import type { Pace } from '../../kube/wire/client.js';

export interface Intake {
  readonly pace: Pace;
  /** For how many milliseconds the member has sent more than is read, without a break. */
  behindFor(): number;
}

/** Events a second. A member in which much changes at once has more to say for a while, and says again all that the hub
 * writes into it (memberClient.ts), beside what is its own. */
export const INTAKE = { perSecond: 750, burst: 3_000 } as const;
/** Items of lists a second: those of a whole cluster at once, but not over and over. Apart from events, which would hold up each list. */
const ITEMS = { perSecond: 1_000, burst: 20_000 } as const;
/** Chunks of 16 KiB a second. Many small ones cost as much as a large one. */
const CHUNKS = { perSecond: 500, burst: 2_000, bytes: 16 << 10, least: 1 / 20 } as const;

export function createIntake({ clock, nextTurn }: { readonly clock: Clock; readonly nextTurn: NextTurn }): Intake {
  const [events, items, chunks] = [INTAKE, ITEMS, CHUNKS].map((rate) => createTokenBucket(rate, clock)) as [Bucket, Bucket, Bucket];

  function waitFor(what: Parameters<Pace>[0], bytes: number): number {
    if (what === 'event') return events.take(1);
    return what === 'item' ? items.take(1) : chunks.take(Math.max(CHUNKS.least, bytes / CHUNKS.bytes));
  }

  return {
    behindFor: () => Math.max(events.emptyFor(), chunks.emptyFor()),
    pace(what, bytes) {
      const wait = waitFor(what, bytes);
      if (wait === 0) return nextTurn();
      return new Promise((resolve) => {
        clock.after(wait, () => void Promise.resolve(nextTurn()).then(resolve));
      });
    },
  };
}

type Bucket = ReturnType<typeof createTokenBucket>;
