/**
 * Somebody else may do everything in the hub's Redis: keys of ours are worked on all the same.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { WorkQueue } from '../../core/workqueue/queue.js';
import { createRedisQueue } from '../../hub/queue/redis.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { SILENT } from '../host/handClock.js';
import { sleep, until } from '../lab/process.js';
import { describeWithRedis } from './describeWithRedis.js';
import { type RedisServer, startRedis } from './server.js';

let redis: RedisServer;
let count = 0;

interface Stranger {
  readonly queue: WorkQueue;
  readonly admin: Redis;
  /** Keys that were worked on. */
  readonly seen: ReadonlySet<string>;
  /** A name of the queue's in Redis. */
  readonly name: (rest: string) => string;
  readonly resyncs: () => number;
  /** Moves the queue's time on. */
  readonly later: (ms: number) => void;
}

type InRedis = (at: Pick<Stranger, 'admin' | 'name'>) => Promise<unknown>;

const inUse = (queue: WorkQueue, ms = 10_000): Promise<true> =>
  until('redis in use', ms, () => queue.stats().degraded === undefined || undefined);

async function withStranger(body: (at: Stranger) => Promise<void>): Promise<void> {
  count += 1;
  const name = `stranger-${count}`;
  const stop = new AbortController();
  const seen = new Set<string>();
  let [ahead, resyncs] = [0, 0];
  const queue = createRedisQueue(
    { endpoint: { url: redis.url }, name },
    {
      clock: { ...systemClock, now: () => systemClock.now() + ahead },
      random: Math.random,
      log: SILENT,
      onResync: () => void (resyncs += 1),
    },
  );
  const admin = new Redis(redis.url);
  const running = queue.run(
    (key) => {
      seen.add(key);
      return Promise.resolve({ kind: 'done' });
    },
    { concurrency: 4, signal: stop.signal },
  );
  try {
    await inUse(queue);
    queue.add('first');
    await until('the first key', 5_000, () => seen.has('first') || undefined);
    await body({ queue, admin, seen, name: (rest) => `bull:${name}:${rest}`, resyncs: () => resyncs, later: (ms) => void (ahead += ms) });
  } finally {
    stop.abort();
    await running;
    admin.disconnect();
  }
}

describeWithRedis('strangers in Redis', () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.stop();
  });

  describe('M7: work goes on in process, and in Redis when they have gone, where they', () => {
    const meta =
      (...fields: readonly string[]): InRedis =>
      ({ admin, name }) =>
        admin.hset(name('meta'), ...fields);
    const noMeta =
      (...fields: readonly string[]): InRedis =>
      ({ admin, name }) =>
        admin.hdel(name('meta'), ...fields);
    test.each<[string, InRedis, InRedis]>([
      ['pause the queue', meta('paused', '1'), noMeta('paused')],
      ['limit it to no jobs', meta('concurrency', '0'), noMeta('concurrency')],
      [
        'limit its rate',
        async ({ admin, name }) => {
          await admin.hset(name('meta'), 'max', '1', 'duration', '1000000000');
          await admin.set(name('limiter'), '1000000', 'PX', 1_000_000_000);
        },
        async ({ admin, name }) => {
          await admin.hdel(name('meta'), 'max', 'duration');
          await admin.del(name('limiter'));
        },
      ],
      [
        'say that somebody works on the key for ever',
        async ({ admin, name }) => {
          await admin.hset(name('ghost'), 'name', 'reconcile', 'data', '{"key":"held"}', 'opts', '{}', 'timestamp', '1', 'deid', 'held');
          await admin.set(name('ghost:lock'), 'nobody', 'PX', 1_000_000_000);
          await admin.lpush(name('active'), 'ghost');
          await admin.set(name('de:held'), 'ghost');
        },
        async ({ admin, name }) => {
          await admin.lrem(name('active'), 1, 'ghost');
          await admin.del(name('de:held'), name('ghost'), name('ghost:lock'));
        },
      ],
    ])(
      '%s',
      async (_title, hold, release) => {
        await withStranger(async ({ queue, admin, seen, name, resyncs, later }) => {
          await hold({ admin, name });
          queue.add('held');
          await sleep(1_500);
          expect([queue.stats().degraded, seen.has('held')]).toEqual([undefined, false]);
          later(31_000);
          await until('degraded', 5_000, () => queue.stats().degraded?.includes('do not come back') || undefined);
          expect(resyncs()).toBe(1);
          queue.add('during');
          await until('work in process', 1_000, () => seen.has('during') || undefined);
          await release({ admin, name });
          await inUse(queue, 40_000);
          queue.add('after');
          await until('work from Redis', 5_000, () => seen.has('after') || undefined);
          expect([queue.stats().degraded, resyncs()]).toEqual([undefined, 2]);
        });
      },
      60_000,
    );
  });

  test('M7: what is no key stops nothing and throws nothing', async () => {
    await withStranger(async ({ queue, admin, seen, name }) => {
      const job = async (id: string, data: string, more: readonly string[] = []): Promise<void> => {
        await admin.hset(
          name(id),
          'name',
          'reconcile',
          'data',
          data,
          'opts',
          '{}',
          'timestamp',
          '1',
          'delay',
          '0',
          'priority',
          '0',
          ...more,
        );
        await admin.rpush(name('wait'), id);
      };
      const data = [
        'null',
        '5',
        '{}',
        '{"key":5}',
        '{"key":["a"]}',
        '{"key":{"toString":1}}',
        '[]',
        '"x"',
        `{"key":"${'a'.repeat(2_000)}"}`,
      ];
      for (const [index, each] of data.entries()) await job(`x${index}`, each);
      await job('no-json', '{');
      await job('no-options', '{"key":"a"}', ['opts', '{']);
      await job('odd-attempts', '{"key":"odd"}', ['atm', 'NaN', 'ats', '-7']);
      await admin.rpush(name('wait'), 'nowhere');
      for (let round = 0; round < 20; round += 1) queue.add(`key-${round}`);
      await until('all keys', 10_000, () => Array.from({ length: 20 }, (_, round) => seen.has(`key-${round}`)).every(Boolean) || undefined);
      expect(queue.stats().degraded).toBeUndefined();
      expect([...seen].filter((key) => typeof key !== 'string' || key.length > 1_024)).toEqual([]);
    });
  }, 40_000);

  test('M7: a key waits once, however often it is added', async () => {
    await withStranger(async ({ queue, admin, name }) => {
      await admin.hset(name('meta'), 'paused', '1');
      for (let round = 0; round < 1_000; round += 1) queue.add(`key-${round % 10}`);
      await sleep(1_000);
      // The first of a flow waits in one list, those behind it in another.
      expect((await admin.llen(name('wait'))) + (await admin.zcard(name('prioritized')))).toBe(10);
      await admin.hdel(name('meta'), 'paused');
    });
  }, 40_000);
});
