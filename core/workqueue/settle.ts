/**
 * The one place where what a reconcile throws is caught.
 */
import type { Log } from '../runtime/log.js';
import type { Reconcile, ReconcileResult } from './queue.js';

/** The result of `reconcile`; a throw is a surprise, so it is logged, and counts as `retry`. */
export function settling(reconcile: Reconcile, log?: Log): Reconcile {
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
