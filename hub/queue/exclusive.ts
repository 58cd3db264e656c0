/**
 * Runs each key once at a time in this process, although two queues hand out keys: around an outage a key may be in Redis and
 * in memory at once, and a job that lost its lock while Redis hung is handed out again.
 */
import type { Reconcile, ReconcileResult } from '../../core/workqueue/queue.js';

/** Undefined: the key is being run already, and `again` is called for it afterwards. */
export type ExclusiveReconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined>;

export function createExclusive(reconcile: Reconcile, again: (key: string) => void): ExclusiveReconcile {
  const busy = new Set<string>();
  /** Keys of `busy` that the other queue handed out meanwhile. */
  const wanted = new Set<string>();
  return async (key, signal) => {
    if (busy.has(key)) {
      wanted.add(key);
      return undefined;
    }
    busy.add(key);
    try {
      return await reconcile(key, signal);
    } finally {
      busy.delete(key);
      if (wanted.delete(key)) again(key);
    }
  };
}
