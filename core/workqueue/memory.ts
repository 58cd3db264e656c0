/**
 * The work queue in memory, after client-go's util/workqueue: the same three sets and the same rules.
 */
import type { Clock, Random } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { type BackoffOptions, createBackoff, DEFAULT_BACKOFF } from './backoff.js';
import { catchThrows } from './catchThrows.js';
import { createDelays } from './delays.js';
import { createFlows, type FlowOf } from './flows.js';
import type { Reconcile, WorkQueue } from './queue.js';
import { createYieldToEventLoop } from './yieldToEventLoop.js';

interface MemoryQueueOptions {
  /** Pauses after failures in a row. Default: 200 ms, doubling up to 5 min. */
  readonly backoff?: BackoffOptions;
  /** Default: all keys are one flow. */
  readonly flowOf?: FlowOf;
}

interface MemoryQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Logs what reconciles throw. */
  readonly log?: Log;
}

export function createMemoryQueue(options: MemoryQueueOptions, deps: MemoryQueueDeps): WorkQueue {
  const { clock } = deps;
  /** Keys that need work. However often a key is added, it is here once: this is how equal events are coalesced. */
  const dirty = new Set<string>();
  /** Keys that are being reconciled. One that is also dirty was added during its run and runs again afterwards. */
  const processing = new Set<string>();
  /** The order of work: exactly the keys that are dirty and not processing. */
  const queue = createFlows(options.flowOf ?? (() => ''));
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
    const result = await reconcile(key, signal);
    processed += 1;
    processing.delete(key);
    // An event during the run may be news that the run has not seen, so it does not wait for a back-off.
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
      const caught = catchThrows(reconcile, deps.log);
      const yieldToEventLoop = createYieldToEventLoop(clock);
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
        const turn = yieldToEventLoop();
        if (turn !== undefined) {
          await turn;
          continue;
        }
        const key = queue.shift() as string;
        processing.add(key);
        dirty.delete(key);
        const job: Promise<void> = work(key, caught, signal).finally(() => {
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
