/**
 * The work queue inside one process, after client-go's util/workqueue.
 */
import type { Clock, Random } from '../runtime/clock.js';
import type { Reconcile, ReconcileResult, WorkQueue } from './queue.js';

export interface MemoryQueueOptions {
  /** First and longest pause after failures in a row. Default 200 ms and 5 min. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

export interface MemoryQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly onResult?: (key: string, result: ReconcileResult, ms: number) => void;
}

export function createMemoryQueue(options: MemoryQueueOptions, deps: MemoryQueueDeps): WorkQueue {
  const backoff = options.backoff ?? { baseMs: 200, maxMs: 300_000 };
  /** Keys that want work, in order. None of them is in `processing`. */
  const waiting = new Set<string>();
  /** Keys a worker holds. */
  const processing = new Set<string>();
  /** Keys of `processing` that were asked for again meanwhile; each becomes waiting when its worker is done. */
  const dirty = new Set<string>();
  /** Keys to add later, with the earliest time anyone asked for. */
  const delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  /** Failures in a row; absent: none. */
  const failures = new Map<string, number>();
  let wake = (): void => undefined;
  let processed = 0;
  let retried = 0;

  function add(key: string): void {
    delayed.get(key)?.cancel();
    delayed.delete(key);
    if (processing.has(key)) dirty.add(key);
    else waiting.add(key);
    wake();
  }

  function addAfter(key: string, ms: number): void {
    if (ms <= 0) return add(key);
    const at = deps.clock.now() + ms;
    const earlier = delayed.get(key);
    if (waiting.has(key) || (earlier !== undefined && earlier.at <= at)) return undefined;
    earlier?.cancel();
    delayed.set(key, { at, cancel: deps.clock.after(ms, () => add(key)) });
    return undefined;
  }

  async function work(key: string, reconcile: Reconcile, signal: AbortSignal): Promise<void> {
    const began = deps.clock.now();
    const result = await settle(reconcile, key, signal);
    processing.delete(key);
    processed += 1;
    deps.onResult?.(key, result, deps.clock.now() - began);
    const wanted = dirty.delete(key);
    if (result.kind === 'retry') {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      retried += 1;
      // Whoever asked during the run knows something the run did not: no reason to wait.
      if (wanted) add(key);
      else addAfter(key, pauseAfter(count, backoff, deps.random));
      return;
    }
    failures.delete(key);
    if (wanted) add(key);
    else if (result.kind === 'after') addAfter(key, result.ms);
  }

  return {
    add,
    addAfter,
    async run(reconcile, { concurrency, signal }) {
      const running = new Set<Promise<void>>();
      const stop = (): void => wake();
      signal.addEventListener('abort', stop, { once: true });
      while (!signal.aborted) {
        const [key] = waiting;
        if (key === undefined || running.size >= concurrency) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        waiting.delete(key);
        processing.add(key);
        const job: Promise<void> = work(key, reconcile, signal).finally(() => {
          running.delete(job);
          wake();
        });
        running.add(job);
      }
      signal.removeEventListener('abort', stop);
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      await Promise.all(running);
    },
    stats: () => ({ waiting: waiting.size + dirty.size, delayed: delayed.size, active: processing.size, processed, retried }),
  };
}

/** A doubling cap with full jitter in its upper half: failures of many keys at once do not come back at once. */
export function pauseAfter(failures: number, backoff: { readonly baseMs: number; readonly maxMs: number }, random: Random): number {
  const cap = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30));
  return cap * (0.5 + random() / 2);
}

async function settle(reconcile: Reconcile, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  try {
    return await reconcile(key, signal);
  } catch (error) {
    return { kind: 'retry', error: error instanceof Error ? error.message : String(error) };
  }
}
