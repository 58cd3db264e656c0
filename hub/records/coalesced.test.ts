import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import { createCoalesced } from './coalesced.js';

test('H8: the first few are told at once, and five hundred a second for ten seconds cost ten more', async () => {
  const clock = createHandClock();
  const told: string[] = [];
  const tell = createCoalesced<string>({ clock, tell: (value) => void told.push(value) });
  tell('a', 'a');
  tell('b', 'b');
  expect(told).toEqual(['a', 'b']);
  for (let event = 0; event < 5_000; event += 1) {
    tell('a', 'a');
    await clock.advance(2);
  }
  expect(told.length).toBeLessThan(16);
  await clock.advance(10_000);
  const before = told.length;
  tell('a', 'a');
  expect(told).toHaveLength(before + 1);
});

test('what comes in a pause is told when it ends', async () => {
  const clock = createHandClock();
  const told: string[] = [];
  const tell = createCoalesced<string>({ clock, tell: (value) => void told.push(value) });
  for (let event = 0; event < 9; event += 1) tell('a', 'a');
  expect(told).toHaveLength(5);
  await clock.advance(60);
  expect(told).toHaveLength(6);
  await clock.advance(1_000);
  expect(told).toHaveLength(6);
});
