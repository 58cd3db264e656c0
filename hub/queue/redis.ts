/**
 * The work queue on BullMQ and Redis: work that several processes share and that outlives one of them.
 *
 * Jobs are keys only, and every key can be derived again, so Redis may lose everything, hang, or be gone: work then goes on
 * in process, `stats().degraded` says so, and the owner is asked for all keys anew at both ends of the outage.
 *
 * The deduplication settings are those under which BullMQ 6.7 behaves like client-go's queue: one active job per key, an
 * event during a run makes one more run, and an event during a back-off ends it. Delays stay in process, since they need not
 * survive it.
 */
import { type Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createMemoryQueue, pauseAfter } from '../../core/workqueue/memory.js';
import type { QueueStats, Reconcile, ReconcileResult, WorkQueue } from '../../core/workqueue/queue.js';
import { connectProducer, connectWorker, type RedisEndpoint } from './connect.js';
import { createExclusive } from './exclusive.js';

export interface RedisQueueOptions {
  readonly endpoint: RedisEndpoint;
  /** One queue per member, so that none can starve another. No colon in it. */
  readonly name: string;
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

export interface RedisQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Work may have been lost or left behind: add every key again. */
  readonly onResync: () => void;
  readonly onResult?: (key: string, result: ReconcileResult, ms: number) => void;
}

const DEFAULT_BACKOFF = { baseMs: 200, maxMs: 300_000 };
const PING_MS = 1_000;

export function createRedisQueue(options: RedisQueueOptions, deps: RedisQueueDeps): WorkQueue {
  const backoff = options.backoff ?? DEFAULT_BACKOFF;
  const log = deps.log.with({ queue: options.name });
  const { clock } = deps;
  const local = createMemoryQueue({ backoff }, deps);
  /** How often each key was asked for, while it is being worked on. */
  const asked = new Map<string, number>();
  const delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  let redis: Queue | undefined;
  let degraded: string | undefined = 'redis not reached yet: working in process';
  const counts = { waiting: 0, active: 0, processed: 0, retried: 0 };

  function degrade(reason: string): void {
    if (degraded !== undefined) return;
    degraded = `redis ${reason}: working in process`;
    log.warn('redis is out, working in process', { reason });
    deps.onResync();
  }

  function recover(): void {
    if (degraded === undefined) return;
    degraded = undefined;
    log.info('redis is in use');
    deps.onResync();
  }

  function add(key: string): void {
    delayed.get(key)?.cancel();
    delayed.delete(key);
    if (asked.has(key)) asked.set(key, (asked.get(key) ?? 0) + 1);
    if (redis === undefined || degraded !== undefined) {
      local.add(key);
      return;
    }
    redis
      .add('reconcile', { key }, {
        deduplication: { id: key, keepLastIfActive: true, reschedule: true },
        attempts: Number.MAX_SAFE_INTEGER,
        backoff: { type: 'capped' },
        removeOnComplete: true,
        removeOnFail: true,
      })
      .catch((error: unknown) => {
        degrade(error instanceof Error ? error.message : 'refused a job');
        local.add(key);
      });
  }

  function addAfter(key: string, ms: number): void {
    const at = clock.now() + ms;
    const earlier = delayed.get(key);
    if (earlier !== undefined && earlier.at <= at) return;
    earlier?.cancel();
    delayed.set(key, { at, cancel: clock.after(ms, () => add(key)) });
  }

  /** A job of Redis: a throw makes BullMQ retry it after the back-off. */
  async function work(job: Job, reconcile: Reconcile, signal: AbortSignal): Promise<void> {
    const { key } = job.data as { key: string };
    const began = clock.now();
    asked.set(key, 0);
    counts.active += 1;
    const result = await settle(reconcile, key, signal);
    counts.active -= 1;
    counts.processed += 1;
    const askedMeanwhile = (asked.get(key) ?? 0) > 0;
    asked.delete(key);
    deps.onResult?.(key, result, clock.now() - began);
    if (result.kind === 'after') addAfter(key, result.ms);
    if (result.kind !== 'retry') return;
    counts.retried += 1;
    // Whoever asked during the run knows something it did not: BullMQ runs the key again as soon as this run has ended well.
    if (!askedMeanwhile) throw new Error(result.error);
  }

  async function run(reconcile: Reconcile, { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal }): Promise<void> {
    const exclusive = createExclusive(reconcile);
    const producer = connectProducer(options.endpoint);
    const connections: Redis[] = [producer];
    let worker: Worker | undefined;
    producer.on('error', (error: Error) => degrade(error.message));
    producer.on('close', () => degrade('unreachable'));

    const open = (): void => {
      // A Queue without an offline queue can only be made while Redis answers.
      redis = new Queue(options.name, { connection: producer });
      redis.on('error', (error) => log.debug('redis queue', { error: error.message }));
      const blocking = connectWorker(options.endpoint);
      connections.push(blocking);
      blocking.on('error', () => undefined);
      worker = new Worker(options.name, (job) => work(job, exclusive, signal), {
        connection: blocking,
        concurrency,
        lockDuration: 30_000,
        stalledInterval: 5_000,
        maxStalledCount: 1_000_000,
        settings: { backoffStrategy: (attempts: number) => pauseAfter(attempts, backoff, deps.random) },
      });
      worker.on('error', (error) => log.debug('redis worker', { error: error.message }));
    };

    const watch = async (): Promise<void> => {
      while (!signal.aborted) {
        try {
          await producer.ping();
          if (redis === undefined) open();
          counts.waiting = (await redis?.getJobCounts('waiting', 'delayed'))?.['waiting'] ?? 0;
          recover();
        } catch (error) {
          degrade(error instanceof Error ? error.message : 'does not answer');
        }
        await pause(degraded === undefined ? PING_MS : PING_MS / 4, signal, clock);
      }
    };

    await Promise.all([watch(), local.run(exclusive, { concurrency, signal })]);
    for (const { cancel } of delayed.values()) cancel();
    delayed.clear();
    // A hung Redis must not keep the hub from ending: what was under way has ended already.
    await Promise.race([worker?.close(), pauseFor(2_000, clock)]);
    redis = undefined;
    for (const connection of connections) connection.disconnect();
  }

  return {
    add,
    addAfter,
    run,
    stats(): QueueStats {
      const inProcess = local.stats();
      return {
        waiting: counts.waiting + inProcess.waiting,
        delayed: delayed.size + inProcess.delayed,
        active: counts.active + inProcess.active,
        processed: counts.processed + inProcess.processed,
        retried: counts.retried + inProcess.retried,
        ...(degraded === undefined ? {} : { degraded }),
      };
    },
  };
}

async function settle(reconcile: Reconcile, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  try {
    return await reconcile(key, signal);
  } catch (error) {
    return { kind: 'retry', error: error instanceof Error ? error.message : String(error) };
  }
}

function pauseFor(ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
