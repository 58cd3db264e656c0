import { expect, test } from '@jest/globals';
import type { Clock } from './clock.js';
import { createSharedTurns } from './sharedTurns.js';

/** Time passes only by work; a turn ends when the test says so. */
function createWorld(): { readonly clock: Clock; work(ms: number): void; turn(): Promise<void> } {
  let now = 0;
  let timers: (() => void)[] = [];
  return {
    clock: { now: () => now, wall: () => now, after: (_ms, run) => (timers.push(run), () => undefined) },
    work: (ms) => void (now += ms),
    async turn() {
      const due = timers;
      timers = [];
      for (const run of due) run();
      for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
    },
  };
}

test('those that work in a turn share five milliseconds of it, and go on in order', async () => {
  const world = createWorld();
  const next = createSharedTurns(world.clock);
  const done: string[] = [];
  const steps = async (name: string): Promise<void> => {
    for (let step = 1; step <= 8; step += 1) {
      world.work(2);
      done.push(`${name}${step}`);
      const wait = next();
      if (wait !== undefined) await wait;
    }
  };
  void steps('a');
  void steps('b');
  const turns: string[][] = [];
  while (done.length < 16) {
    const before = done.length;
    await world.turn();
    turns.push(done.slice(before));
  }
  // The first step of the first turn is over when it is asked for the next.
  expect([done.slice(0, 5), turns]).toEqual([
    ['a1', 'a2', 'a3', 'a4', 'b1'],
    [['a5', 'a6', 'a7'], ['b2', 'b3', 'b4'], ['a8'], ['b5', 'b6', 'b7'], ['b8']],
  ]);
});

test('who has little to do never waits', async () => {
  const world = createWorld();
  const next = createSharedTurns(world.clock);
  for (let turn = 0; turn < 3; turn += 1) {
    world.work(1);
    expect(next()).toBeUndefined();
    world.work(3);
    expect(next()).toBeUndefined();
    await world.turn();
  }
});
