/**
 * One run per key at a time in this process, though two queues hand out keys: around an outage a key may be in Redis and in
 * process at once, and a job whose lock was lost while Redis hung is handed out again.
 */
import type { Reconcile, ReconcileResult } from '../../core/workqueue/queue.js';

/** Undefined: the key is in other hands, and `again` is called for it as soon as it is not. */
export type ExclusiveReconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined>;

export function createExclusive(reconcile: Reconcile, again: (key: string) => void): ExclusiveReconcile {
  const busy = new Set<string>();
  /** Keys of `busy` that were asked for by the other queue meanwhile. */
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
