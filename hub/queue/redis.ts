/**
 * The work queue on BullMQ and Redis, shared by several processes and surviving each of them.
 *
 * Jobs are keys only, and every key can be derived again. So Redis may lose everything, hang, refuse or be gone: work then
 * continues in memory, `stats().degraded` says so, and the owner is asked for all keys when the outage lasts and when it ends.
 * An add never blocks and never throws, whatever Redis does.
 *
 * Delays (`addAfter`, `after`) stay in memory: a process that takes over from another one asks for all keys anyway.
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { type BackoffOptions, createBackoff, DEFAULT_BACKOFF } from '../../core/workqueue/backoff.js';
import { catchThrows } from '../../core/workqueue/catchThrows.js';
import { createDelays } from '../../core/workqueue/delays.js';
import type { FlowOf } from '../../core/workqueue/flows.js';
import { createMemoryQueue } from '../../core/workqueue/memory.js';
import type { QueueStats, Reconcile, WorkQueue } from '../../core/workqueue/queue.js';
import { connectProducer, connectWorker, reasonOf, type RedisEndpoint } from './connect.js';
import { createBacklog } from './backlog.js';
import { createCanary } from './canary.js';
import { createExclusive } from './exclusive.js';
import { createJobHandler, type JobHandler } from './handler.js';
import { createMovement } from './movement.js';
import { createOutage } from './outage.js';
import { createProducer, type Producer } from './producer.js';
import { watchRedis } from './watch.js';
import { createWorker, type Handle, type JobWorker, type StallOptions } from './worker.js';

export interface RedisQueueOptions {
  readonly endpoint: RedisEndpoint;
  /** One queue for each member, so that none can starve another. Must not contain a colon. */
  readonly name: string;
  readonly backoff?: BackoffOptions;
  /** Default: all keys are one flow. */
  readonly flowOf?: FlowOf;
  /** Default: 15 s and 5 s. The work of a dead process is taken over after at most their sum. */
  readonly stall?: StallOptions;
}

interface RedisQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Work may have been lost or left behind: add every key again. */
  readonly onResync: () => void;
}

/** Each key waits in Redis once. */
const MOST_KEYS = 200_000;
const STALL: StallOptions = { lockMs: 15_000, checkMs: 5_000 };
/** A hung Redis must not keep the program from ending. */
const CLOSE_MS = 2_000;

export function createRedisQueue(options: RedisQueueOptions, deps: RedisQueueDeps): WorkQueue {
  const { clock, random } = deps;
  const log = deps.log.with({ queue: options.name });
  const backoff = options.backoff ?? DEFAULT_BACKOFF;
  const flowOf = options.flowOf ?? (() => '');
  const local = createMemoryQueue({ backoff, flowOf }, { clock, random, log });
  const delays = createDelays(clock, add);
  const movement = createMovement(clock);
  const backlog = createBacklog(flowOf);
  const canary = createCanary(clock);
  const outage = createOutage({ clock, log, onResync: deps.onResync, onChange: changed });
  /** Keys that were added before Redis answered or failed first. */
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
    else if (outage.state === 'in use' && producer !== undefined) {
      movement.given(key);
      producer.add(key);
    } else local.add(key);
  }

  function addAfter(key: string, ms: number): void {
    if (!(ms > 0)) add(key);
    else if (state !== 'stopped') delays.set(key, ms);
  }

  function changed(): void {
    if (outage.state !== 'in use') {
      movement.forget();
      backlog.forget();
    }
    const keys = [...early];
    early.clear();
    for (const key of keys) add(key);
  }

  function refused(keys: readonly string[], error: unknown): void {
    outage.fail(reasonOf(error), 'lasting');
    for (const key of keys) local.add(key);
  }

  async function run(reconcile: Reconcile, { concurrency, signal }: Parameters<WorkQueue['run']>[1]): Promise<void> {
    if (state !== 'new') throw new Error('a work queue runs once');
    state = 'running';
    const perform = createExclusive(catchThrows(reconcile, log), add);
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
    /** It stood still, and nothing has come back since. */
    let suspected = false;

    const handle: Handle = async (key, attempts) => {
      movement.taken(key);
      backlog.taken(key);
      const pauseMs = await jobs.handle(key, attempts).finally(() => movement.finished(key));
      if (pauseMs !== undefined) movement.given(key, pauseMs);
      return pauseMs;
    };

    const whileUp = async (): Promise<string | undefined> => {
      if (signal.aborted) return undefined;
      // A Queue without an offline queue can only be created while Redis answers.
      queue ??= openQueue(options.name, producing, log);
      producer ??= createProducer({ queue, before: backlog.given, refused });
      worker ??= createWorker(
        { connection: working.redis, name: options.name, concurrency, backoff, stall: options.stall ?? STALL },
        { random, log, handle, cameBack: canary.cameBack },
      );
      const { waiting = 0, prioritized = 0, delayed = 0 } = await queue.getJobCounts('waiting', 'prioritized', 'delayed');
      stored.waiting = waiting + prioritized;
      stored.delayed = delayed;
      // Another process may have taken what this one gave.
      if (stored.waiting === 0) backlog.forget();
      if (stored.waiting + delayed > MOST_KEYS) return `the queue holds ${stored.waiting + delayed} keys, more than there can be`;
      if (suspected) suspected = !(await canary.returns(queue));
      else suspected = movement.isStuck({ waiting: stored.waiting, idle: jobs.counts().active < concurrency });
      return suspected ? 'keys that it was given do not come back' : undefined;
    };

    // From here on no new jobs start, and those in flight end by themselves.
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
  queue.on('error', (error) => log.debug('The Redis queue reported an error', { error: error.message }));
  return queue;
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
