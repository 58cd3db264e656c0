/**
 * What every WorkQueue does, whatever it is made of.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { BackoffOptions } from '../../core/workqueue/backoff.js';
import type { FlowOf } from '../../core/workqueue/flows.js';
import type { Reconcile, ReconcileResult, WorkQueue } from '../../core/workqueue/queue.js';
import { until } from '../lab/process.js';

interface QueueUnderTest {
  readonly queue: WorkQueue;
  /** Resolves when the queue takes work in its usual way. */
  ready(): Promise<void>;
}

const SHORT: BackoffOptions = { baseMs: 200, maxMs: 400 };
/** Not to be sat out. */
const HOUR: BackoffOptions = { baseMs: 3_600_000, maxMs: 3_600_000 };

/** Of the keys of these tests: what is before the slash. */
const flowOf: FlowOf = (key) => key.split('/')[0] ?? '';

/** `make` gives a queue with that back-off and these flows. */
export function describeQueue(
  name: string,
  make: (options: { readonly backoff: BackoffOptions; readonly flowOf: FlowOf }) => Promise<QueueUnderTest>,
): void {
  describe(`${name}: the contract of a work queue`, () => {
    let stop = new AbortController();
    let running: Promise<void> = Promise.resolve();
    let queue: WorkQueue;

    beforeEach(() => {
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort();
      await running;
    });

    async function start(reconcile: Reconcile, concurrency = 4, backoff = SHORT): Promise<void> {
      const made = await make({ backoff, flowOf });
      queue = made.queue;
      running = queue.run(reconcile, { concurrency, signal: stop.signal });
      await made.ready();
    }

    /** A reconcile that the test lets end, run by run. */
    function gate(): { readonly runs: string[]; readonly reconcile: Reconcile; release(result?: ReconcileResult): void } {
      const runs: string[] = [];
      const open: ((result: ReconcileResult) => void)[] = [];
      return {
        runs,
        reconcile: (key) => {
          runs.push(key);
          return new Promise((resolve) => open.push(resolve));
        },
        release: (result = { kind: 'done' }) => open.shift()?.(result),
      };
    }

    test('a key is reconciled once for the many times it is added while it waits', async () => {
      const { runs, reconcile, release } = gate();
      await start(reconcile, 1);
      queue.add('first');
      await until('the first run', 5_000, () => runs.length === 1 || undefined);
      for (let count = 0; count < 5; count += 1) queue.add('second');
      release();
      await until('the second key', 5_000, () => runs.length === 2 || undefined);
      release();
      await settled(queue);
      expect(runs).toEqual(['first', 'second']);
    });

    test('H8: the many keys of one flow do not hold up the few of another', async () => {
      const { runs, reconcile, release } = gate();
      await start(reconcile, 1);
      queue.add('first');
      await until('the first run', 5_000, () => runs.length === 1 || undefined);
      for (let count = 0; count < 100; count += 1) queue.add(`many/${count}`);
      await until('a backlog', 15_000, () => queue.stats().waiting === 100 || undefined);
      queue.add('few/1');
      queue.add('few/2');
      await until('all of it', 15_000, () => queue.stats().waiting === 102 || undefined);
      for (let count = 2; count < 8; count += 1) {
        release();
        await until('the next', 5_000, () => runs.length === count || undefined);
      }
      expect(runs).toContain('few/1');
      expect(runs).toContain('few/2');
      const others = setInterval(release, 1);
      await until('a run of each', 30_000, () => new Set(runs).size === 103 || undefined);
      await settled(queue);
      clearInterval(others);
      expect(new Set(runs).size).toBe(103);
    });

    test('an event during a run makes exactly one more run, after it', async () => {
      const { runs, reconcile, release } = gate();
      await start(reconcile);
      queue.add('key');
      await until('the run', 5_000, () => runs.length === 1 || undefined);
      queue.add('key');
      queue.add('key');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(runs).toHaveLength(1);
      release();
      await until('one more run', 5_000, () => runs.length === 2 || undefined);
      release();
      await settled(queue);
      expect(runs).toHaveLength(2);
    });

    test('a key is never in two hands, and different keys are worked on side by side', async () => {
      const active = new Map<string, number>();
      let most = 0;
      let worst = 0;
      await start(async (key) => {
        active.set(key, (active.get(key) ?? 0) + 1);
        worst = Math.max(worst, active.get(key) ?? 0);
        most = Math.max(
          most,
          [...active.values()].reduce((sum, count) => sum + count, 0),
        );
        await new Promise((resolve) => setTimeout(resolve, 10));
        active.set(key, (active.get(key) ?? 0) - 1);
        return { kind: 'done' };
      });
      for (let round = 0; round < 10; round += 1) for (const key of ['a', 'b', 'c']) queue.add(key);
      await until('work side by side', 5_000, () => most > 1 || undefined);
      await settled(queue);
      expect(worst).toBe(1);
    });

    test.each<[string, Reconcile]>([
      ['asks for it', () => Promise.resolve({ kind: 'retry', error: 'not yet' })],
      ['throws', () => Promise.reject(new Error('surprise'))],
    ])('what fails is tried again, with back-off, when it %s', async (_how, fail) => {
      let runs = 0;
      await start((key, signal) => {
        runs += 1;
        return runs < 3 ? fail(key, signal) : Promise.resolve({ kind: 'done' });
      });
      queue.add('key');
      await until('success', 10_000, () => runs === 3 || undefined);
      await settled(queue);
      expect(queue.stats().retried).toBe(2);
    });

    test('an event during a run that then fails does not wait for the back-off', async () => {
      const { runs, reconcile, release } = gate();
      await start(reconcile, 1, HOUR);
      queue.add('key');
      await until('the run', 5_000, () => runs.length === 1 || undefined);
      queue.add('key');
      await new Promise((resolve) => setTimeout(resolve, 50));
      release({ kind: 'retry', error: 'too early' });
      await until('the next run', 5_000, () => runs.length === 2 || undefined);
      release();
      await settled(queue);
    });

    test('an event during a back-off ends it', async () => {
      const { runs, reconcile, release } = gate();
      await start(reconcile, 1, HOUR);
      for (const run of [1, 2, 3]) {
        queue.add('key');
        await until(`run ${run}`, 5_000, () => runs.length === run || undefined);
        release({ kind: 'retry', error: 'not yet' });
        await until(`the back-off of run ${run}`, 5_000, () => (queue.stats().active === 0 && queue.stats().delayed === 1) || undefined);
      }
      queue.add('key');
      await until('the last run', 5_000, () => runs.length === 4 || undefined);
      release();
      await settled(queue);
      expect(runs).toHaveLength(4);
    });

    test('no more keys are worked on at once than was said', async () => {
      let active = 0;
      let most = 0;
      let runs = 0;
      await start(async () => {
        active += 1;
        most = Math.max(most, active);
        await new Promise((resolve) => setTimeout(resolve, 5));
        active -= 1;
        runs += 1;
        return { kind: 'done' };
      }, 3);
      for (let key = 0; key < 30; key += 1) queue.add(`key-${key}`);
      await until('all keys', 10_000, () => runs === 30 || undefined);
      expect(most).toBe(3);
    });

    test('a key that fails for ever delays no other', async () => {
      const seen = new Set<string>();
      await start(async (key) => {
        if (key === 'broken') return { kind: 'retry', error: 'for ever' };
        seen.add(key);
        return { kind: 'done' };
      }, 1);
      queue.add('broken');
      for (let key = 0; key < 20; key += 1) queue.add(`key-${key}`);
      await until('all others', 5_000, () => seen.size === 20 || undefined);
    });

    test('what cannot be helped waits for the next event', async () => {
      let runs = 0;
      await start(async () => {
        runs += 1;
        return { kind: 'terminal', error: 'bad input' };
      });
      queue.add('key');
      await until('the run', 5_000, () => runs === 1 || undefined);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(runs).toBe(1);
      queue.add('key');
      await until('another', 5_000, () => runs === 2 || undefined);
    });

    test('`after` and addAfter come when asked for, and the earliest request counts', async () => {
      const at: number[] = [];
      const began = performance.now();
      await start(async () => {
        at.push(performance.now() - began);
        return at.length === 1 ? { kind: 'after', ms: 100 } : { kind: 'done' };
      });
      queue.addAfter('key', 200);
      queue.addAfter('key', 60_000);
      await until('both runs', 5_000, () => at.length === 2 || undefined);
      expect(at[0]).toBeGreaterThanOrEqual(199);
      expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(99);
    });

    test('a key that is added before the queue runs is worked on', async () => {
      const made = await make({ backoff: SHORT, flowOf });
      queue = made.queue;
      queue.add('early');
      queue.addAfter('later', 50);
      const seen = new Set<string>();
      running = queue.run(
        async (key) => {
          seen.add(key);
          return { kind: 'done' };
        },
        { concurrency: 1, signal: stop.signal },
      );
      await until('both', 5_000, () => seen.size === 2 || undefined);
    });

    test('a stopped queue ends when the runs under way have ended, and begins no more', async () => {
      const { runs, reconcile, release } = gate();
      await start(reconcile, 1);
      queue.add('key');
      await until('the run', 5_000, () => runs.length === 1 || undefined);
      queue.add('waiting');
      queue.addAfter('later', 20);
      let ended = false;
      const end = running.then(() => {
        ended = true;
      });
      stop.abort();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(ended).toBe(false);
      release({ kind: 'retry', error: 'too late' });
      await end;
      queue.add('after the end');
      queue.addAfter('after the end', 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(runs).toEqual(['key']);
    });
  });
}

async function settled(queue: WorkQueue): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
  await until('the queue to settle', 5_000, () => {
    const { active, delayed } = queue.stats();
    return active + delayed === 0 || undefined;
  });
}
