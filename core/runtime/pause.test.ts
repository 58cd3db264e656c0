import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import { createInterruptiblePause, pause } from './pause.js';

/** Whether `work` has ended once everything that is due has run. */
async function hasEnded(work: Promise<void>): Promise<boolean> {
  let ended = false;
  void work.then(() => (ended = true));
  await new Promise((resolve) => setImmediate(resolve));
  return ended;
}

test('ends in time, and leaves nothing behind', async () => {
  const clock = createHandClock();
  const paused = pause(100, new AbortController().signal, clock);
  await clock.advance(99);
  expect(await hasEnded(paused)).toBe(false);
  await clock.advance(1);
  expect(await hasEnded(paused)).toBe(true);
});

test('ends when the signal aborts, and at once when it has', async () => {
  const stop = new AbortController();
  const paused = pause(100, stop.signal, createHandClock());
  expect(await hasEnded(paused)).toBe(false);
  stop.abort();
  expect(await hasEnded(paused)).toBe(true);
  expect(await hasEnded(pause(100, stop.signal, createHandClock()))).toBe(true);
});

test('an interruption ends the pause that is going on, else the next one, and no other', async () => {
  const { signal } = new AbortController();
  const waiting = createInterruptiblePause(createHandClock());
  const first = waiting.pause(100, signal);
  waiting.interrupt();
  expect(await hasEnded(first)).toBe(true);
  waiting.interrupt();
  expect(await hasEnded(waiting.pause(100, signal))).toBe(true);
  waiting.interrupt();
  waiting.clear();
  expect(await hasEnded(waiting.pause(100, signal))).toBe(false);
});
