/**
 * Pauses that an abort ends early, and, where somebody may know that waiting has become pointless, an interruption. They never
 * reject: whoever is told to stop looks at the signal anyway.
 */
import './abort.js';
import type { Clock } from './clock.js';

export interface InterruptiblePause {
  /** Resolves after `ms` milliseconds, at the next `interrupt`, or when `signal` aborts. An `interrupt` since the last pause counts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  interrupt(): void;
  /** Forgets an `interrupt` since the last pause: what it was for is about to be done. */
  clear(): void;
}

/** Resolves after `ms` milliseconds, or when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return createInterruptiblePause(clock).pause(ms, signal);
}

export function createInterruptiblePause(clock: Clock): InterruptiblePause {
  let interrupted = false;
  let wake: (() => void) | undefined;
  return {
    pause: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          cancel();
          signal.removeEventListener('abort', done);
          wake = undefined;
          interrupted = false;
          resolve();
        };
        const cancel = clock.after(ms, done);
        wake = done;
        signal.addEventListener('abort', done, { once: true });
        if (interrupted || signal.aborted) done();
      }),
    interrupt() {
      interrupted = true;
      wake?.();
    },
    clear() {
      interrupted = false;
    },
  };
}
