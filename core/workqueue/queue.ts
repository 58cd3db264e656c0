/**
 * The level-triggered work queue: keys go in, each key is reconciled by at most one worker at a time, and an event that
 * arrives while its key is being processed runs it once more (client-go util/workqueue).
 *
 * Two implementations, one contract suite (test/contract/queue.ts): `core/workqueue/memory.ts` and `hub/queue/redis.ts`.
 */

import '../runtime/abort.js';

export type ReconcileResult =
  | { readonly kind: 'done' }
  /** Nothing failed; reconcile again after so many milliseconds. */
  | { readonly kind: 'after'; readonly ms: number }
  /** Failed; retried with back-off, for ever. */
  | { readonly kind: 'retry'; readonly error: string }
  /** Failed, and no retry can help: waits for the next event. */
  | { readonly kind: 'terminal'; readonly error: string };

/** Brings one key to its desired state. Must be idempotent; a throw counts as `retry`. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

export interface WorkQueue {
  /** Processes `key` soon. Never blocks and never throws. Equal keys that wait are coalesced. */
  add(key: string): void;
  /** Processes `key` in `ms` milliseconds, unless something asks for it earlier. */
  addAfter(key: string, ms: number): void;
  /** Runs until `signal` aborts and the reconciles under way have ended. Call once. */
  run(reconcile: Reconcile, options: { readonly concurrency: number; readonly signal: AbortSignal }): Promise<void>;
  stats(): QueueStats;
}

export interface QueueStats {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly processed: number;
  readonly retried: number;
  /** Why the queue works in another way for now, e.g. `redis unreachable: working in process`. Absent: it is healthy. */
  readonly degraded?: string;
}
