import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkQueue } from '../../core/workqueue/queue.js';
import { createRedisQueue } from '../../hub/queue/redis.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import type { Log } from '../../core/runtime/log.js';
import { until } from '../bare/run.js';
import { describeQueue } from '../contract/queue.js';
import { type RedisServer, startRedis } from './server.js';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => silent };

let redis: RedisServer;
let count = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

function make(onResync: () => void = () => undefined): WorkQueue {
  count += 1;
  return createRedisQueue(
    { endpoint: { url: redis.url }, name: `test-${count}`, backoff: { baseMs: 200, maxMs: 400 } },
    { clock: systemClock, random: Math.random, log: silent, onResync },
  );
}

describeQueue('redis', async () => {
  const queue = make();
  return {
    queue,
    ready: async () => {
      await until('redis in use', 5_000, () => queue.stats().degraded === undefined || undefined);
    },
  };
});

describe('when Redis', () => {
  /** A queue that works on ten keys whenever it is asked for all of them. */
  async function withQueue(body: (queue: WorkQueue, seen: Map<string, number>) => Promise<void>): Promise<void> {
    const seen = new Map<string, number>();
    const stop = new AbortController();
    const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);
    const queue = make(() => keys.forEach((key) => queue.add(key)));
    const running = queue.run(async (key) => {
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return { kind: 'done' };
    }, { concurrency: 4, signal: stop.signal });
    await until('redis in use', 10_000, () => queue.stats().degraded === undefined || undefined);
    await until('all keys', 5_000, () => seen.size === 10 || undefined);
    seen.clear();
    try {
      await body(queue, seen);
    } finally {
      stop.abort();
      await running;
    }
  }

  test('is killed, work goes on in process; when it is back, empty, all keys are asked for again', async () => {
    await withQueue(async (queue, seen) => {
      await redis.kill();
      queue.add('during');
      await until('work in process', 5_000, () => seen.has('during') || undefined);
      expect(queue.stats().degraded).toContain('working in process');
      seen.clear();
      await redis.start();
      await until('redis in use', 10_000, () => queue.stats().degraded === undefined || undefined);
      await until('all keys again', 5_000, () => seen.size >= 10 || undefined);
    });
  }, 40_000);

  test('freezes, an add does not wait for it, and work goes on within seconds', async () => {
    await withQueue(async (queue, seen) => {
      redis.pause();
      try {
        const began = performance.now();
        queue.add('during');
        expect(performance.now() - began).toBeLessThan(50);
        await until('work in process', 6_000, () => seen.has('during') || undefined);
      } finally {
        redis.resume();
      }
      await until('redis in use', 10_000, () => queue.stats().degraded === undefined || undefined);
    });
  }, 40_000);
});

test('an unreachable Redis at start costs nothing but the word for it', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const queue = createRedisQueue({ endpoint: { url: '/nonexistent/redis.sock' }, name: 'none' }, { clock: systemClock, random: Math.random, log: silent, onResync: () => undefined });
  const running = queue.run(async (key) => {
    seen.push(key);
    return { kind: 'done' };
  }, { concurrency: 1, signal: stop.signal });
  queue.add('key');
  await until('work in process', 2_000, () => seen.length === 1 || undefined);
  expect(queue.stats().degraded).toContain('working in process');
  stop.abort();
  await running;
});
