/**
 * Takes keys from a BullMQ queue.
 */
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { type BackoffOptions, pauseAfter } from '../../core/workqueue/backoff.js';

/** Returns undefined if the key is done, or the pause before its retry in milliseconds. `attempts`: how often it failed before. */
export type Handle = (key: string, attempts: number) => Promise<number | undefined>;

interface WorkerOptions {
  readonly connection: Redis;
  readonly name: string;
  readonly concurrency: number;
  readonly backoff: BackoffOptions;
  readonly stall: StallOptions;
}

export interface StallOptions {
  /** How long a job belongs to its worker after the worker's last sign of life, in milliseconds. */
  readonly lockMs: number;
  /** Period of the search for jobs of lost workers, in milliseconds. */
  readonly checkMs: number;
}

interface WorkerDeps {
  readonly random: Random;
  readonly log: Log;
  readonly handle: Handle;
  /** A job came that asks only whether one comes. */
  readonly cameBack: () => void;
}

/** Name of a job that asks only whether the queue moves. */
export const CANARY = 'canary';
/** Characters: a key is two names of objects. */
const LONGEST_KEY = 1024;

export interface JobWorker {
  /** Resolves when no job is in flight. */
  idle(): Promise<void>;
  /**
   * Takes no more jobs. Resolves when Redis knows how those in flight ended; never if Redis is down. `force`: does not tell Redis.
   * Only the first call counts.
   */
  close(force: boolean): Promise<void>;
}

export function createWorker(options: WorkerOptions, deps: WorkerDeps): JobWorker {
  const handling = new Set<Promise<number | undefined>>();

  /** BullMQ retries a job that throws, after the pause that the back-off strategy returns. */
  async function work(job: Job): Promise<void> {
    if (job.name === CANARY) return deps.cameBack();
    const key = keyOf(job.data);
    // Not ours, whoever put it there: done.
    if (key === undefined) return undefined;
    const attempts = Number.isSafeInteger(job.attemptsMade) ? Math.max(job.attemptsMade, 0) : 0;
    const handled = deps.handle(key, attempts);
    handling.add(handled);
    const pauseMs = await handled.finally(() => handling.delete(handled));
    if (pauseMs === undefined) return undefined;
    throw Object.assign(new Error('to be tried again'), { pauseMs });
  }

  const worker = new Worker(options.name, work, {
    connection: options.connection,
    concurrency: options.concurrency,
    lockDuration: options.stall.lockMs,
    stalledInterval: options.stall.checkMs,
    // Running a key twice is harmless, dropping it is not.
    maxStalledCount: 1_000_000,
    settings: {
      backoffStrategy: (attempts: number, _type?: string, error?: Error) =>
        pauseOf(error) ?? pauseAfter(Math.max(attempts, 1), options.backoff, deps.random),
    },
  });
  worker.on('error', (error) => deps.log.debug('The Redis worker reported an error', { error: error.message }));
  return {
    idle: async () => void (await Promise.allSettled(handling)),
    close: (force) => worker.close(force),
  };
}

/** Undefined: nobody of us put this there. */
function keyOf(data: unknown): string | undefined {
  const { key } = (data ?? {}) as { readonly key?: unknown };
  return typeof key === 'string' && key.length <= LONGEST_KEY ? key : undefined;
}

function pauseOf(error: Error | undefined): number | undefined {
  const { pauseMs } = (error ?? {}) as { readonly pauseMs?: unknown };
  return typeof pauseMs === 'number' ? pauseMs : undefined;
}
