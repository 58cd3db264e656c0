/**
 * Calls `tick` when it has something to do. What is due at about the same time is done in one go: waking up costs more than a probe.
 */
import type { Clock } from '../../core/runtime/clock.js';

interface Ticker {
  start(): void;
  /** `next` may say something else than before. */
  reschedule(): void;
  stop(): void;
}

interface TickerDeps {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Clock milliseconds of the next tick. */
  next(): number;
  tick(): void;
  /** Calls `run` when what has come was read: an answer that waits is no silence. */
  afterReading(run: () => void): void;
}

export function createTicker({ clock, next, tick, afterReading }: TickerDeps): Ticker {
  let cancel: (() => void) | undefined;
  let running = false;

  function reschedule(): void {
    cancel?.();
    if (!running) return;
    const now = clock.now();
    const at = Math.ceil(Math.max(now + MIN_WAIT_MS, next()) / GRAIN_MS) * GRAIN_MS;
    cancel = clock.after(Math.max(0, at - now), () => afterReading(run));
  }

  function run(): void {
    cancel = undefined;
    if (!running) return;
    tick();
    reschedule();
  }

  return {
    start() {
      running = true;
      run();
    },
    reschedule,
    stop() {
      running = false;
      cancel?.();
    },
  };
}

const MIN_WAIT_MS = 4;
const GRAIN_MS = 20;
