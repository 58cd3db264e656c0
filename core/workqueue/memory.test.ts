import { expect, test } from '@jest/globals';
import { describeQueue } from '../../test/contract/queue.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { createMemoryQueue, pauseAfter } from './memory.js';

describeQueue('in process', async () => ({
  queue: createMemoryQueue({ backoff: { baseMs: 200, maxMs: 400 } }, { clock: systemClock, random: Math.random }),
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
