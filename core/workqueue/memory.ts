/**
 * The work queue inside one process, after client-go's util/workqueue: the same three sets, the same rules.
 */
import type { Clock, Random } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { type BackoffOptions, createBackoff, DEFAULT_BACKOFF } from './backoff.js';
import { createBreather } from './breather.js';
import { createDelays } from './delays.js';
import { createFifo } from './fifo.js';
import type { Reconcile, ReconcileResult, WorkQueue } from './queue.js';
import { settling } from './settle.js';

export interface MemoryQueueOptions {
  /** Pauses after failures in a row. Default: 200 ms, doubling up to 5 min. */
  readonly backoff?: BackoffOptions;
}

export interface MemoryQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of reconciles that throw. */
  readonly log?: Log;
  readonly onResult?: (key: string, result: ReconcileResult, ms: number) => void;
}

export function createMemoryQueue(options: MemoryQueueOptions, deps: MemoryQueueDeps): WorkQueue {
  const { clock } = deps;
  /** Keys that want work. A key is in here at most once however often it was added: that is how equal events become one. */
  const dirty = new Set<string>();
  /** Keys a worker holds. A key that is also dirty was asked for during its run, and gets another one after it. */
  const processing = new Set<string>();
  /** The order of work: exactly the keys that are dirty and not processing, each once. */
  const queue = createFifo<string>();
  const delays = createDelays(clock, add);
  const backoff = createBackoff(options.backoff ?? DEFAULT_BACKOFF, deps.random);
  let state: 'new' | 'running' | 'stopped' = 'new';
  let wake = (): void => undefined;
  let processed = 0;
  let retried = 0;

  function add(key: string): void {
    delays.drop(key);
    if (state === 'stopped' || dirty.has(key)) return;
    dirty.add(key);
    if (processing.has(key)) return;
    queue.push(key);
    wake();
  }

  function addAfter(key: string, ms: number): void {
    if (!(ms > 0)) add(key);
    else if (state !== 'stopped' && !dirty.has(key)) delays.set(key, ms);
  }

  async function work(key: string, reconcile: Reconcile, signal: AbortSignal): Promise<void> {
    const began = clock.now();
    const result = await reconcile(key, signal);
    processed += 1;
    deps.onResult?.(key, result, clock.now() - began);
    processing.delete(key);
    // Whoever asked during the run knows something the run did not: not even a failure makes that wait.
    if (dirty.has(key)) queue.push(key);
    if (result.kind === 'retry') {
      retried += 1;
      addAfter(key, backoff.next(key));
      return;
    }
    backoff.forget(key);
    if (result.kind === 'after') addAfter(key, result.ms);
  }

  return {
    add,
    addAfter,
    async run(reconcile, { concurrency, signal }) {
      if (state !== 'new') throw new Error('a work queue runs once');
      state = 'running';
      const settled = settling(reconcile, deps.log);
      const breather = createBreather(clock);
      const running = new Set<Promise<void>>();
      const stop = (): void => wake();
      signal.addEventListener('abort', stop, { once: true });
      while (!signal.aborted) {
        if (queue.size === 0 || running.size >= concurrency) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const pause = breather.pause();
        if (pause !== undefined) {
          await pause;
          continue;
        }
        const key = queue.shift() as string;
        processing.add(key);
        dirty.delete(key);
        const job: Promise<void> = work(key, settled, signal).finally(() => {
          running.delete(job);
          wake();
        });
        running.add(job);
      }
      state = 'stopped';
      signal.removeEventListener('abort', stop);
      delays.clear();
      await Promise.all(running);
    },
    stats: () => ({ waiting: dirty.size, delayed: delays.size, active: processing.size, processed, retried }),
  };
}
