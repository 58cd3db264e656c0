/**
 * Lets the rest of the program run between reconciles.
 *
 * A reconcile that finds nothing to write ends without waiting for anything. Thousands of them in a row would hold up timers
 * and connections until the last one is done; so after some milliseconds of that, one turn of the event loop is let through.
 */
import type { Clock } from '../runtime/clock.js';

export interface Breather {
  /** Resolves after a turn of the event loop; undefined: there was one just now, go on. */
  pause(): Promise<void> | undefined;
}

const SLICE_MS = 10;

export function createBreather(clock: Clock): Breather {
  /** When the turn of the event loop that is still going on was first noticed; undefined: the next one is the first. */
  let began: number | undefined;
  let resume = (): void => undefined;
  return {
    pause() {
      if (began === undefined) {
        began = clock.now();
        clock.after(0, () => {
          began = undefined;
          resume();
        });
      }
      if (clock.now() - began < SLICE_MS) return undefined;
      return new Promise((resolve) => {
        resume = resolve;
      });
    },
  };
}
