import { expect, test } from '@jest/globals';
import { createHandClock } from '../../test/host/handClock.js';
import type { Change } from '../records/change.js';
import { createPacedChanges } from './pacedChanges.js';

const slices = (service: string): Change => ({ kind: 'slices', service });

test('H8: changes are passed on at once, until there are too many; then fifty a second, equal ones once', async () => {
  const clock = createHandClock();
  const told: Change[] = [];
  const changed = createPacedChanges({ clock, changed: (change) => void told.push(change) });
  for (let index = 0; index < 2_000; index += 1) changed(slices(`first-${index}`));
  expect(told).toHaveLength(2_000);
  for (let round = 0; round < 10; round += 1) for (let index = 0; index < 200; index += 1) changed(slices(`more-${index}`));
  expect(told).toHaveLength(2_000);
  await clock.advance(1_000);
  expect(told).toHaveLength(2_050);
  expect(told.at(-1)).toEqual(slices('more-49'));
  await clock.advance(60_000);
  expect(told).toHaveLength(2_200);
  changed(slices('later'));
  expect(told.at(-1)).toEqual(slices('later'));
});

test('facts that wait are told once, with those that were told before', async () => {
  const clock = createHandClock();
  const told: Change[] = [];
  const changed = createPacedChanges({ clock, changed: (change) => void told.push(change) });
  const facts = (before: string, after: string): Change => ({ kind: 'facts', before, after }) as unknown as Change;
  for (let index = 0; index < 2_000; index += 1) changed(slices(`first-${index}`));
  changed(slices('waits'));
  changed(facts('a', 'b'));
  changed(facts('b', 'c'));
  await clock.advance(1_000);
  expect(told.slice(2_000)).toEqual([slices('waits'), facts('a', 'c')]);
});
