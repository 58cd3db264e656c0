/**
 * One run per key at a time, though two queues hand out keys: around an outage a key may be in Redis and in process at once.
 */
import type { Reconcile } from '../../core/workqueue/queue.js';

/** `reconcile`, but a key that is being worked on elsewhere is asked for again a moment later. */
export function createExclusive(reconcile: Reconcile): Reconcile {
  const busy = new Set<string>();
  return async (key, signal) => {
    if (busy.has(key)) return { kind: 'after', ms: 50 };
    busy.add(key);
    try {
      return await reconcile(key, signal);
    } finally {
      busy.delete(key);
    }
  };
}
