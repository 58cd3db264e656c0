/**
 * Takes keys out of a BullMQ queue.
 */
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type BackoffOptions, pauseAfter } from '../../core/workqueue/backoff.js';
import type { Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';

/** Undefined: done with. A number: to be tried again in so many milliseconds. `attempts`: how often it failed before. */
export type Handle = (key: string, attempts: number) => Promise<number | undefined>;

export interface WorkerOptions {
  readonly connection: Redis;
  readonly name: string;
  readonly concurrency: number;
  readonly backoff: BackoffOptions;
  readonly stall: StallOptions;
}

export interface StallOptions {
  /** A job belongs to its worker for so long after the worker was last heard of, in milliseconds. */
  readonly lockMs: number;
  /** How often jobs of lost workers are looked for, in milliseconds. */
  readonly checkMs: number;
}

export interface WorkerDeps {
  readonly random: Random;
  readonly log: Log;
  readonly handle: Handle;
}

export interface JobWorker {
  /** Resolves when nothing is being handled. */
  idle(): Promise<void>;
  /**
   * Takes no more jobs; resolves when Redis knows how those under way ended, with a dead one never. `force`: does not tell it.
   * Only the first call counts.
   */
  close(force: boolean): Promise<void>;
}

export function createWorker(options: WorkerOptions, deps: WorkerDeps): JobWorker {
  const handling = new Set<Promise<number | undefined>>();

  /** BullMQ tries again what throws, after the pause that the back-off strategy names. */
  async function work(job: Job): Promise<void> {
    const handled = deps.handle((job.data as { readonly key: string }).key, job.attemptsMade);
    handling.add(handled);
    const pauseMs = await handled.finally(() => handling.delete(handled));
    if (pauseMs !== undefined) throw Object.assign(new Error('to be tried again'), { pauseMs });
  }

  const worker = new Worker(options.name, work, {
    connection: options.connection,
    concurrency: options.concurrency,
    lockDuration: options.stall.lockMs,
    stalledInterval: options.stall.checkMs,
    // Running twice is harmless; a key that is dropped is not.
    maxStalledCount: 1_000_000,
    settings: {
      backoffStrategy: (attempts: number, _type?: string, error?: Error) => pauseOf(error) ?? pauseAfter(Math.max(attempts, 1), options.backoff, deps.random),
    },
  });
  worker.on('error', (error) => deps.log.debug('redis worker', { error: error.message }));
  return {
    idle: async () => void (await Promise.allSettled(handling)),
    close: (force) => worker.close(force),
  };
}

function pauseOf(error: Error | undefined): number | undefined {
  const { pauseMs } = (error ?? {}) as { readonly pauseMs?: unknown };
  return typeof pauseMs === 'number' ? pauseMs : undefined;
}
