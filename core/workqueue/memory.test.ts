import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { systemClock } from '../../kube/wire/systemClock.js';
import { describeQueue } from '../../test/contract/queue.js';
import type { Clock } from '../runtime/clock.js';
import { pauseAfter } from './backoff.js';
import { createFifo } from './fifo.js';
import { createMemoryQueue } from './memory.js';
import type { ReconcileResult } from './queue.js';

describeQueue('in process', async (options) => ({
  queue: createMemoryQueue(options, { clock: systemClock, random: Math.random }),
  ready: () => Promise.resolve(),
}));

test.each([
  [1, 0, 100],
  [1, 0.999, 200],
  [2, 0, 200],
  [30, 0, 150_000],
  [10_000, 0.999, 300_000],
])('after %i failure(s) and a throw of %f the pause is about %i ms', (failures, throwOfDice, expected) => {
  const ms = pauseAfter(failures, { baseMs: 200, maxMs: 300_000 }, () => throwOfDice);
  expect(Math.abs(ms - expected)).toBeLessThanOrEqual(expected * 0.01);
});

/** Time that passes when the test says so. */
function manualClock(): Clock & { advance(ms: number): Promise<void> } {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    wall: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const next = [...timers].toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        timers.delete(next);
        now = next.at;
        next.run();
      }
      now = end;
    },
  };
}

describe('time', () => {
  async function record(
    results: readonly ReconcileResult[],
    act: (queue: ReturnType<typeof createMemoryQueue>) => void,
    ms: number,
  ): Promise<number[]> {
    const clock = manualClock();
    const stop = new AbortController();
    const at: number[] = [];
    const queue = createMemoryQueue({ backoff: { baseMs: 100, maxMs: 1_000 } }, { clock, random: () => 0.999_999 });
    const running = queue.run(() => Promise.resolve(results[at.push(Math.round(clock.now())) - 1] ?? { kind: 'done' }), {
      concurrency: 1,
      signal: stop.signal,
    });
    act(queue);
    await clock.advance(ms);
    stop.abort();
    await running;
    return at;
  }
  const retry: ReconcileResult = { kind: 'retry', error: 'no' };

  test.each<[string, readonly ReconcileResult[], number[]]>([
    ['pauses double up to their cap', [retry, retry, retry, retry, retry, retry], [0, 100, 300, 700, 1_500, 2_500, 3_500]],
    ['success forgets the failures before', [retry, retry, { kind: 'after', ms: 1_000 }, retry], [0, 100, 300, 1_300, 1_400]],
    ['a terminal failure is not tried again', [{ kind: 'terminal', error: 'bad' }], [0]],
  ])('%s', async (_what, results, expected) => {
    expect(await record(results, (queue) => queue.add('key'), 10_000)).toEqual(expected);
  });

  test.each<[string, (queue: ReturnType<typeof createMemoryQueue>) => void, number[]]>([
    [
      'the earliest of two wishes counts, whichever came first',
      (queue) => [500, 200, 900].forEach((ms) => queue.addAfter('key', ms)),
      [200],
    ],
    [
      'an add does away with a later request',
      (queue) => {
        queue.addAfter('key', 500);
        queue.add('key');
      },
      [0],
    ],
    ['nothing that is no time is now', (queue) => queue.addAfter('key', Number.NaN), [0]],
    ['farther than timers reach is not now', (queue) => queue.addAfter('key', 1e12), []],
  ])('%s', async (_what, act, expected) => {
    expect(await record([], act, 10_000)).toEqual(expected);
  });
});

test('whatever is requested in whatever order: one hand per key, bounded hands, and a run after every request', async () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const result = fc.constantFrom<ReconcileResult>(
    { kind: 'done' },
    { kind: 'retry', error: 'no' },
    { kind: 'terminal', error: 'no' },
    { kind: 'after', ms: 30 },
  );
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key }),
    fc.record({ do: fc.constant('addAfter' as const), key, ms: fc.integer({ min: -5, max: 200 }) }),
    fc.record({ do: fc.constant('end' as const), key, result }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 100 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, concurrency) => {
      const clock = manualClock();
      const stop = new AbortController();
      const queue = createMemoryQueue({ backoff: { baseMs: 10, maxMs: 40 } }, { clock, random: () => 0.5 });
      const open = new Map<string, (result: ReconcileResult) => void>();
      const asked = new Map<string, number>();
      const begun = new Map<string, number>();
      let order = 0;
      const running = queue.run(
        (name) => {
          expect(open.has(name)).toBe(false);
          expect(open.size).toBeLessThan(concurrency);
          order += 1;
          begun.set(name, order);
          return new Promise((resolve) => open.set(name, resolve));
        },
        { concurrency, signal: stop.signal },
      );
      const end = (name: string, outcome: ReconcileResult): void => {
        const finish = open.get(name);
        open.delete(name);
        finish?.(outcome);
      };
      for (const each of steps) {
        if (each.do === 'pass') await clock.advance(each.ms);
        else if (each.do === 'end') end(each.key, each.result);
        else {
          order += 1;
          asked.set(each.key, order);
          if (each.do === 'add') queue.add(each.key);
          else queue.addAfter(each.key, each.ms);
        }
        await clock.advance(0);
      }
      for (let round = 0; round < 20; round += 1) {
        for (const name of [...open.keys()]) end(name, { kind: 'done' });
        await clock.advance(300);
      }
      expect(queue.stats()).toMatchObject({ waiting: 0, delayed: 0, active: 0 });
      for (const [name, when] of asked) expect(begun.get(name) ?? 0).toBeGreaterThan(when);
      stop.abort();
      await running;
    }),
    { numRuns: 100 },
  );
});

test('first in, first out, through thousands', () => {
  const fifo = createFifo<number>();
  const out: (number | undefined)[] = [];
  for (let n = 0; n < 10_000; n += 1) {
    fifo.push(n);
    if (n % 3 !== 0) out.push(fifo.shift());
  }
  while (fifo.size > 0) out.push(fifo.shift());
  expect(out).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  expect(fifo.shift()).toBeUndefined();
});

test('many reconciles that wait for nothing do not hold up the rest of the program', async () => {
  const stop = new AbortController();
  const queue = createMemoryQueue({}, { clock: systemClock, random: Math.random });
  // Counted, not timed: a machine that is busy otherwise stops both for as long as it likes.
  let turns = 0;
  const ticks = setInterval(() => (turns += 1), 1);
  let left = 2_000;
  for (let key = 0; key < left; key += 1) queue.add(String(key));
  await queue.run(
    () => {
      const until = performance.now() + 0.2;
      while (performance.now() < until);
      left -= 1;
      if (left === 0) stop.abort();
      return Promise.resolve({ kind: 'done' });
    },
    { concurrency: 16, signal: stop.signal },
  );
  clearInterval(ticks);
  expect(left).toBe(0);
  expect(turns).toBeGreaterThan(5);
});
