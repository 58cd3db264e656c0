/**
 * The work queue on BullMQ and Redis: work that several processes share and that outlives one of them.
 *
 * Jobs are keys only, and every key can be derived again, so Redis may lose everything, hang, refuse or be gone: work then
 * goes on in process, `stats().degraded` says so, and the owner is asked for all keys anew when the outage lasts and when it
 * is over. An add never waits and never throws, whatever Redis does.
 *
 * Delays (`addAfter`, `after`) stay in process: whoever takes over from a process that died asks for all keys anyway.
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { type BackoffOptions, createBackoff, DEFAULT_BACKOFF } from '../../core/workqueue/backoff.js';
import { createDelays } from '../../core/workqueue/delays.js';
import { createMemoryQueue } from '../../core/workqueue/memory.js';
import type { QueueStats, Reconcile, ReconcileResult, WorkQueue } from '../../core/workqueue/queue.js';
import { settling } from '../../core/workqueue/settle.js';
import { connectProducer, connectWorker, reasonOf, type RedisEndpoint } from './connect.js';
import { createExclusive } from './exclusive.js';
import { createJobHandler, type JobHandler } from './handler.js';
import { createOutage } from './outage.js';
import { createProducer, type Producer } from './producer.js';
import { watchRedis } from './watch.js';
import { createWorker, type JobWorker, type StallOptions } from './worker.js';

export interface RedisQueueOptions {
  readonly endpoint: RedisEndpoint;
  /** One queue per member, so that none can starve another. No colon in it. */
  readonly name: string;
  readonly backoff?: BackoffOptions;
  /** Default: 15 s and 5 s. The work of a process that died is taken up after at most their sum. */
  readonly stall?: StallOptions;
}

export interface RedisQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Work may have been lost or left behind: add every key again. */
  readonly onResync: () => void;
  readonly onResult?: (key: string, result: ReconcileResult, ms: number) => void;
}

const STALL: StallOptions = { lockMs: 15_000, checkMs: 5_000 };
/** A hung Redis must not keep the program from ending. */
const CLOSE_MS = 2_000;

export function createRedisQueue(options: RedisQueueOptions, deps: RedisQueueDeps): WorkQueue {
  const { clock, random } = deps;
  const log = deps.log.with({ queue: options.name });
  const backoff = options.backoff ?? DEFAULT_BACKOFF;
  const local = createMemoryQueue({ backoff }, { clock, random, log });
  const delays = createDelays(clock, add);
  const outage = createOutage({ clock, log, onResync: deps.onResync, onChange: passOnEarly });
  /** Keys that were added before anything was known of Redis. */
  const early = new Set<string>();
  const stored = { waiting: 0, delayed: 0 };
  let state: 'new' | 'running' | 'stopped' = 'new';
  let producer: Producer | undefined;
  let handler: JobHandler | undefined;

  function add(key: string): void {
    delays.drop(key);
    if (state === 'stopped') return;
    handler?.asked(key);
    if (outage.state === 'new') early.add(key);
    else if (outage.state === 'in use' && producer !== undefined) producer.add(key);
    else local.add(key);
  }

  function addAfter(key: string, ms: number): void {
    if (!(ms > 0)) add(key);
    else if (state !== 'stopped') delays.set(key, ms);
  }

  function passOnEarly(): void {
    const keys = [...early];
    early.clear();
    for (const key of keys) add(key);
  }

  function refused(keys: readonly string[], error: unknown): void {
    outage.fail(reasonOf(error), true);
    for (const key of keys) local.add(key);
  }

  async function run(reconcile: Reconcile, { concurrency, signal }: Parameters<WorkQueue['run']>[1]): Promise<void> {
    if (state !== 'new') throw new Error('a work queue runs once');
    state = 'running';
    const perform = createExclusive(timed(settling(reconcile, log), deps), add);
    const jobs = createJobHandler({
      perform,
      signal,
      backoff: createBackoff(backoff, random),
      addAfter,
      keepRetry: local.addAfter,
      redisInUse: () => outage.state === 'in use',
    });
    handler = jobs;
    const producing = connectProducer(options.endpoint);
    const working = connectWorker(options.endpoint);
    let queue: Queue | undefined;
    let worker: JobWorker | undefined;

    const whileUp = async (): Promise<void> => {
      if (signal.aborted) return;
      // A Queue without an offline queue can only be made while Redis answers.
      queue ??= openQueue(options.name, producing, log);
      producer ??= createProducer(queue, refused);
      worker ??= createWorker(
        { connection: working.redis, name: options.name, concurrency, backoff, stall: options.stall ?? STALL },
        { random, log, handle: jobs.handle },
      );
      const found = await queue.getJobCounts('waiting', 'delayed');
      stored.waiting = found['waiting'] ?? 0;
      stored.delayed = found['delayed'] ?? 0;
    };

    // From here on nothing new is taken up, and what is under way ends by itself.
    const stop = (): void => void worker?.close(outage.state !== 'in use').catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all([
      watchRedis({ producing, working: working.redis, outage, clock, signal }, whileUp),
      local.run(async (key, aborted) => (await perform(key, aborted)) ?? { kind: 'done' }, { concurrency, signal }),
    ]);
    state = 'stopped';
    delays.clear();
    outage.stop();
    await worker?.idle();
    await within(CLOSE_MS, Promise.allSettled([worker?.close(true), queue?.close()]), clock);
    producing.disconnect();
    working.disconnect();
  }

  return {
    add,
    addAfter,
    run,
    stats(): QueueStats {
      const inProcess = local.stats();
      const ofRedis = handler?.counts() ?? { active: 0, processed: 0, retried: 0 };
      return {
        waiting: early.size + stored.waiting + inProcess.waiting,
        delayed: delays.size + stored.delayed + inProcess.delayed,
        active: ofRedis.active + inProcess.active,
        processed: ofRedis.processed + inProcess.processed,
        retried: ofRedis.retried + inProcess.retried,
        ...(outage.state !== 'in use' && { degraded: degradedText(outage.state) }),
      };
    },
  };
}

function degradedText(state: 'new' | { readonly reason: string }): string {
  return state === 'new' ? 'redis not reached yet' : `redis is out (${state.reason}): working in process`;
}

function openQueue(name: string, connection: Redis, log: Log): Queue {
  const queue = new Queue(name, { connection });
  queue.on('error', (error) => log.debug('redis queue', { error: error.message }));
  return queue;
}

function timed(reconcile: Reconcile, { clock, onResult }: Pick<RedisQueueDeps, 'clock' | 'onResult'>): Reconcile {
  return async (key, signal) => {
    const began = clock.now();
    const result = await reconcile(key, signal);
    onResult?.(key, result, clock.now() - began);
    return result;
  };
}

async function within(ms: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}
