/**
 * The one place that catches what a reconcile throws.
 */
import type { Log } from '../runtime/log.js';
import type { Reconcile, ReconcileResult } from './queue.js';

/** Logs what `reconcile` throws, since it is a surprise, and returns `retry` for it. */
export function catchThrows(reconcile: Reconcile, log?: Log): Reconcile {
  return async (key, signal): Promise<ReconcileResult> => {
    try {
      return await reconcile(key, signal);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log?.error('reconcile threw', { key, error: message, ...(error instanceof Error && { stack: error.stack }) });
      return { kind: 'retry', error: message };
    }
  };
}
