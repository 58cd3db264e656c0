/**
 * Pauses that can be cut short, by whoever knows that waiting has become pointless.
 */
import type { Clock } from '../../core/runtime/clock.js';

export interface Pacer {
  /** Resolves after `ms`, at the next `hurry`, or when the signal aborts. A `hurry` since the last pause counts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  hurry(): void;
}

export function createPacer(clock: Clock): Pacer {
  let hurried = false;
  let wake: (() => void) | undefined;
  return {
    pause: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          cancel();
          signal.removeEventListener('abort', done);
          wake = undefined;
          hurried = false;
          resolve();
        };
        const cancel = clock.after(ms, done);
        wake = done;
        signal.addEventListener('abort', done, { once: true });
        if (hurried || signal.aborted) done();
      }),
    hurry() {
      hurried = true;
      wake?.();
    },
  };
}
