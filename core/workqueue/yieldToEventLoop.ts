/**
 * Lets the rest of the program run between reconciles.
 *
 * A reconcile that has nothing to write never waits for I/O. Thousands of them in a row would block timers and connections, so
 * after some milliseconds the queue yields to the event loop for one turn.
 */
import type { Clock } from '../runtime/clock.js';

/** Resolves after a turn of the event loop. Undefined: the last turn was just now, so there is no need to wait. */
type YieldToEventLoop = () => Promise<void> | undefined;

const SLICE_MS = 10;

export function createYieldToEventLoop(clock: Clock): YieldToEventLoop {
  /** When the current turn of the event loop was first seen. Undefined: a new turn has begun since. */
  let began: number | undefined;
  let resume = (): void => undefined;
  return () => {
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
  };
}
