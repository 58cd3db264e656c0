import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import { createPaced } from './paced.js';

test('H10: whoever changes its mind all the time is passed on at a bounded rate, and the last word is never lost', async () => {
  const clock = createHandClock();
  const passed: string[] = [];
  const pass = createPaced({ clock, rate: { perSecond: 10, burst: 5 }, pass: (key: string) => void passed.push(key), keyOf: (key) => key });
  for (let round = 0; round < 100; round += 1) {
    for (const key of ['a', 'b', 'c', 'd']) pass(key);
    await clock.advance(10);
  }
  // A second: the burst, and ten more.
  expect(passed.length).toBeGreaterThan(10);
  expect(passed.length).toBeLessThan(20);
  const before = passed.length;
  await clock.advance(5_000);
  expect(passed.slice(before).length).toBeLessThanOrEqual(4);
  expect(new Set(passed.slice(-4))).toEqual(new Set(['a', 'b', 'c', 'd']));
  await clock.advance(5_000);
  pass('a');
  expect(passed.at(-1)).toBe('a');
});
