/**
 * A clock that a test moves by hand, and a log that nobody reads.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';

export interface HandClock extends Clock {
  /** Moves time, running what comes due, each in its turn, with everything it sets off. */
  advance(ms: number): Promise<void>;
}

export function createHandClock(): HandClock {
  let now = 0;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    wall: () => 1_700_000_000_000 + now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => void (timers = timers.filter((one) => one !== timer));
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (let next = earliest(timers, end); next !== undefined; next = earliest(timers, end)) {
        const due = next;
        timers = timers.filter((one) => one !== due);
        now = due.at;
        due.run();
        await settle();
      }
      now = end;
    },
  };
}

export const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => SILENT };

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function earliest(
  timers: readonly { readonly at: number; readonly run: () => void }[],
  end: number,
): { readonly at: number; readonly run: () => void } | undefined {
  return timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
}

function ignore(): void {
  // Nobody reads it.
}
