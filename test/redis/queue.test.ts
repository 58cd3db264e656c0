import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { Reconcile, WorkQueue } from '../../core/workqueue/queue.js';
import { createRedisQueue, type RedisQueueOptions } from '../../hub/queue/redis.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { sleep, start, until } from '../lab/process.js';
import { describeQueue } from '../contract/queue.js';
import { describeWithRedis } from './describeWithRedis.js';
import { type RedisServer, startRedis } from './server.js';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => silent };

let redis: RedisServer;
let count = 0;

function make(onResync: () => void = () => undefined, more: Partial<RedisQueueOptions> = {}, clock: Clock = systemClock): WorkQueue {
  count += 1;
  return createRedisQueue(
    { endpoint: { url: redis.url }, name: `test-${count}`, backoff: { baseMs: 200, maxMs: 400 }, ...more },
    { clock, random: Math.random, log: silent, onResync },
  );
}

const inUse = (queue: WorkQueue, ms = 10_000): Promise<true> =>
  until('redis in use', ms, () => queue.stats().degraded === undefined || undefined);

/** Runs `queue` while `body` does. */
async function running(queue: WorkQueue, reconcile: Reconcile, body: (stop: () => Promise<void>) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  const run = queue.run(reconcile, { concurrency: 4, signal: abort.signal });
  const stop = async (): Promise<void> => {
    abort.abort();
    await run;
  };
  try {
    await body(stop);
  } finally {
    await stop();
  }
}

describeWithRedis('the queue in Redis', () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.stop();
  });

  describeQueue('redis', async (options) => {
    const queue = make(undefined, options);
    return { queue, ready: async () => void (await inUse(queue)) };
  });

  describe('when Redis', () => {
    const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);

    /** A queue whose owner adds ten keys at first and whenever it is asked to. */
    async function withQueue(
      body: (queue: WorkQueue, seen: { readonly keys: Map<string, number>; resyncs: number; worst: number }) => Promise<void>,
    ): Promise<void> {
      const seen = { keys: new Map<string, number>(), resyncs: 0, worst: 0 };
      const active = new Map<string, number>();
      const queue: WorkQueue = make(() => {
        seen.resyncs += 1;
        keys.forEach((key) => queue.add(key));
      });
      keys.forEach((key) => queue.add(key));
      await running(
        queue,
        async (key) => {
          seen.keys.set(key, (seen.keys.get(key) ?? 0) + 1);
          active.set(key, (active.get(key) ?? 0) + 1);
          seen.worst = Math.max(seen.worst, active.get(key) ?? 0);
          await sleep(5);
          active.set(key, (active.get(key) ?? 0) - 1);
          return { kind: 'done' };
        },
        async () => {
          await inUse(queue);
          await until('all keys', 5_000, () => seen.keys.size === 10 || undefined);
          expect({ runs: [...seen.keys.values()], resyncs: seen.resyncs }).toEqual({ runs: keys.map(() => 1), resyncs: 0 });
          seen.keys.clear();
          await body(queue, seen);
          expect(seen.worst).toBe(1);
        },
      );
    }

    test('is killed, work goes on in process at once; when it is back, empty, all keys are asked for again', async () => {
      await withQueue(async (queue, seen) => {
        await redis.kill();
        const began = performance.now();
        queue.add('during');
        await until('work in process', 5_000, () => seen.keys.has('during') || undefined);
        expect(performance.now() - began).toBeLessThan(500);
        expect(queue.stats().degraded).toContain('working in process');
        await until('all keys, since it lasts', 5_000, () => keys.every((key) => seen.keys.has(key)) || undefined);
        seen.keys.clear();
        await redis.start();
        await inUse(queue);
        await until('all keys again', 5_000, () => keys.every((key) => seen.keys.has(key)) || undefined);
        expect(seen.resyncs).toBe(2);
      });
    }, 40_000);

    test('restarts within a second, all keys are asked for once', async () => {
      await withQueue(async (queue, seen) => {
        await redis.kill();
        await redis.start();
        await until('all keys again', 5_000, () => keys.every((key) => seen.keys.has(key)) || undefined);
        await inUse(queue);
        expect(seen.resyncs).toBe(1);
      });
    }, 40_000);

    test('freezes for 5 s, an add does not wait for it, and work goes on within seconds', async () => {
      await withQueue(async (queue, seen) => {
        redis.pause();
        const frozen = performance.now();
        try {
          for (let round = 0; round < 1_000; round += 1) queue.add(`during-${round}`);
          expect(performance.now() - frozen).toBeLessThan(50);
          await until('work in process', 6_000, () => seen.keys.size >= 1_010 || undefined);
          expect(performance.now() - frozen).toBeLessThan(5_000);
          await sleep(5_000 - (performance.now() - frozen));
        } finally {
          redis.resume();
        }
        await inUse(queue);
        seen.keys.clear();
        queue.add('after');
        await until('work from redis', 5_000, () => seen.keys.has('after') || undefined);
      });
    }, 40_000);

    test('cuts all connections now and then, no key is lost', async () => {
      await withQueue(async (queue, seen) => {
        const admin = new Redis(redis.url);
        try {
          for (let round = 0; round < 5; round += 1) {
            await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
            for (const key of ['x', 'y', 'z']) queue.add(`${key}-${round}`);
            await sleep(100);
          }
          await until('all keys', 5_000, () => seen.keys.size >= 15 || undefined);
        } finally {
          admin.disconnect();
        }
      });
    }, 40_000);

    test('answers but takes no writes, it counts as out, and is not tried over and over', async () => {
      await withQueue(async (queue, seen) => {
        const admin = new Redis(redis.url);
        try {
          await admin.config('SET', 'maxmemory', '1');
          await until('degraded', 5_000, () => queue.stats().degraded?.includes('OOM') || undefined);
          queue.add('during');
          await until('work in process', 5_000, () => seen.keys.has('during') || undefined);
          await until('all keys are asked for, since it lasts', 5_000, () => seen.resyncs > 0 || undefined);
          await sleep(1_000);
          expect(seen.resyncs).toBe(1);
          await admin.config('SET', 'maxmemory', '0');
          await inUse(queue);
          expect(seen.resyncs).toBe(2);
        } finally {
          await admin.config('SET', 'maxmemory', '0');
          admin.disconnect();
        }
      });
    }, 40_000);
  });

  test('the work of a process that was killed is done by another', async () => {
    count += 1;
    const name = `test-${count}`;
    const child = start([process.execPath, fileURLToPath(new URL('workerProgram.js', import.meta.url)), redis.url, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [word] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    expect(String(word)).toBe('working\n');
    const seen: string[] = [];
    const queue = make(() => undefined, { name, stall: { lockMs: 1_000, checkMs: 500 } });
    await running(
      queue,
      async (key) => {
        seen.push(key);
        return { kind: 'done' };
      },
      async () => {
        await inUse(queue);
        await sleep(1_500);
        expect(seen).toEqual([]);
        child.kill('SIGKILL');
        await until('the key', 10_000, () => seen.length > 0 || undefined);
        expect(seen).toEqual(['stuck']);
      },
    );
  }, 40_000);

  test('what waits when a process stops is done by the next one', async () => {
    count += 1;
    const name = `test-${count}`;
    const first = make(() => undefined, { name });
    await running(
      first,
      () => sleep(200).then(() => ({ kind: 'retry', error: 'stopping' })),
      async (stop) => {
        await inUse(first);
        for (let key = 0; key < 20; key += 1) first.add(`key-${key}`);
        await until('the first ones', 5_000, () => first.stats().active === 4 || undefined);
        await stop();
      },
    );
    const seen = new Set<string>();
    const second = make(() => undefined, { name });
    await running(
      second,
      async (key) => {
        seen.add(key);
        return { kind: 'done' };
      },
      async () => {
        await until('all of them', 10_000, () => seen.size === 20 || undefined);
      },
    );
  }, 40_000);

  test('it ends only when a slow reconcile has, though Redis hangs meanwhile', async () => {
    const queue = make();
    let ended = false;
    await running(
      queue,
      async () => {
        await sleep(3_000);
        ended = true;
        return { kind: 'done' };
      },
      async (stop) => {
        await inUse(queue);
        queue.add('slow');
        await until('the run', 5_000, () => queue.stats().active === 1 || undefined);
        redis.pause();
        try {
          const began = performance.now();
          await stop();
          expect(ended).toBe(true);
          expect(performance.now() - began).toBeLessThan(8_000);
        } finally {
          redis.resume();
        }
      },
    );
  }, 40_000);
});

test('an unreachable Redis at start costs nothing but the word for it', async () => {
  const seen: string[] = [];
  const queue = createRedisQueue(
    { endpoint: { url: '/nonexistent/redis.sock' }, name: 'none' },
    { clock: systemClock, random: Math.random, log: silent, onResync: () => undefined },
  );
  queue.add('early');
  await running(
    queue,
    async (key) => {
      seen.push(key);
      return { kind: 'done' };
    },
    async () => {
      queue.add('key');
      await until('work in process', 2_000, () => seen.length === 2 || undefined);
      expect(queue.stats().degraded).toContain('working in process');
    },
  );
});
