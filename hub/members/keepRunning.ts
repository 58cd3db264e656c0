/**
 * Keeps a loop running that should never end by itself: what it throws is told, and after a pause it begins anew.
 */
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { pause } from '../../core/runtime/pause.js';

interface KeepRunningDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What was thrown; undefined: it begins again. Must not throw. */
  readonly failed: (error: unknown) => void;
}

const MIN_MS = 500;
const MAX_MS = 30_000;
/** Who ran this long before it failed has not failed in a row. */
const STEADY_MS = 60_000;

/** Runs until `signal` aborts, or `run` ends. */
export async function keepRunning(run: (signal: AbortSignal) => Promise<void>, deps: KeepRunningDeps, signal: AbortSignal): Promise<void> {
  const { clock, random, log, failed } = deps;
  for (let failures = 0; !signal.aborted; failures += 1) {
    const began = clock.now();
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await run(attempt.signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.error('A loop of a member failed', { error });
      failed(error);
      if (clock.now() - began > STEADY_MS) failures = 0;
    } finally {
      attempt.abort();
      signal.removeEventListener('abort', stop);
    }
    await pause(Math.min(MAX_MS, MIN_MS * 2 ** Math.min(failures, 16)) * (0.5 + random() / 2), signal, clock);
    failed(undefined);
  }
}
