import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import { createTicker } from './ticker.js';

test('ticks when there is something to do, together with what is due within 20 ms, and until it is stopped', async () => {
  const clock = createHandClock();
  const began = clock.now();
  const ticks: number[] = [];
  let next = began + 30;
  const ticker = createTicker({
    clock,
    next: () => next,
    afterReading: (run) => run(),
    tick() {
      ticks.push(clock.now() - began);
      if (ticks.length > 1) next = Number.MAX_SAFE_INTEGER;
    },
  });
  ticker.reschedule();
  await clock.advance(100);
  expect(ticks).toEqual([]);
  next = clock.now() + 30;
  ticker.start();
  expect(ticks).toHaveLength(1);
  await clock.advance(100);
  expect(ticks).toHaveLength(2);
  expect((ticks[1] ?? 0) + began).toBe(Math.ceil((began + 130) / 20) * 20);
  next = clock.now() + 1;
  ticker.reschedule();
  ticker.stop();
  await clock.advance(100);
  expect(ticks).toHaveLength(2);
});
