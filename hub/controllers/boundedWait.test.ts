import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import { createBoundedWait } from './boundedWait.js';

test('a key waits for so long, and anew only after it had nothing to wait for', async () => {
  const clock = createHandClock();
  const wait = createBoundedWait(2_000, clock);
  expect(wait.remainingMs('a')).toBe(2_000);
  await clock.advance(1_500);
  expect([wait.remainingMs('a'), wait.remainingMs('b')]).toEqual([500, 2_000]);
  await clock.advance(1_500);
  expect([wait.remainingMs('a'), wait.remainingMs('b')]).toEqual([0, 500]);
  wait.end('a');
  expect(wait.remainingMs('a')).toBe(2_000);
});
