/**
 * What is done with a key that came out of Redis, and whether Redis is to try it again.
 */
import type { Backoff } from '../../core/workqueue/backoff.js';
import type { ExclusiveReconcile } from './exclusive.js';
import type { Handle } from './worker.js';

export interface JobHandler {
  readonly handle: Handle;
  /** `key` was asked for. */
  asked(key: string): void;
  counts(): { readonly active: number; readonly processed: number; readonly retried: number };
}

export interface JobHandlerDeps {
  readonly perform: ExclusiveReconcile;
  readonly signal: AbortSignal;
  readonly backoff: Backoff;
  readonly addAfter: (key: string, ms: number) => void;
  /** Tries a key again in process. */
  readonly keepRetry: (key: string, ms: number) => void;
  readonly redisInUse: () => boolean;
}

export function createJobHandler(deps: JobHandlerDeps): JobHandler {
  const { signal, backoff } = deps;
  /** How often each key was asked for during its run. */
  const asked = new Map<string, number>();
  let processed = 0;
  let retried = 0;

  return {
    async handle(key, attempts) {
      // Fetched as the queue was stopping: left to who comes next.
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
        // Whoever asked during the run knows something it did not: that add waits behind this job, which ends here and now.
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
