/**
 * Runs a key that came from Redis, and decides whether Redis retries it.
 */
import type { Backoff } from '../../core/workqueue/backoff.js';
import type { ExclusiveReconcile } from './exclusive.js';
import type { Handle } from './worker.js';

export interface JobHandler {
  readonly handle: Handle;
  /** To be called when `key` is added. */
  asked(key: string): void;
  counts(): { readonly active: number; readonly processed: number; readonly retried: number };
}

interface JobHandlerDeps {
  readonly perform: ExclusiveReconcile;
  readonly signal: AbortSignal;
  readonly backoff: Backoff;
  readonly addAfter: (key: string, ms: number) => void;
  /** Retries a key in memory. */
  readonly keepRetry: (key: string, ms: number) => void;
  readonly redisInUse: () => boolean;
}

export function createJobHandler(deps: JobHandlerDeps): JobHandler {
  const { signal, backoff } = deps;
  /** How often each key was added during its run. */
  const asked = new Map<string, number>();
  let processed = 0;
  let retried = 0;

  return {
    async handle(key, attempts) {
      // Fetched while the queue was stopping: left to the next process.
      if (signal.aborted) return 0;
      asked.set(key, 0);
      const result = await deps.perform(key, signal);
      const askedMeanwhile = (asked.get(key) ?? 0) > 0;
      asked.delete(key);
      if (result === undefined) return undefined;
      processed += 1;
      if (result.kind === 'retry') {
        retried += 1;
        const pauseMs = backoff.next(key, attempts);
        // An event during the run may be news that it has not seen. Its job waits behind this one, so this one ends now.
        if (askedMeanwhile) return undefined;
        if (deps.redisInUse()) return pauseMs;
        deps.keepRetry(key, pauseMs);
        return undefined;
      }
      backoff.forget(key);
      if (result.kind === 'after') deps.addAfter(key, result.ms);
      return undefined;
    },
    asked(key) {
      const times = asked.get(key);
      if (times !== undefined) asked.set(key, times + 1);
    },
    counts: () => ({ active: asked.size, processed, retried }),
  };
}
