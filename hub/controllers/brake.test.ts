import { beforeEach, expect, test } from '@jest/globals';
import { createHandClock, type HandClock } from '../../test/host/handClock.js';
import { createBrake, type Brake, type Listing } from './brake.js';

let clock: HandClock;
let brake: Brake;
let lists: number;
let asked: number;
let recognised: boolean;
const source: Listing = { id: 'east', lists: () => lists, relist: () => (asked += 1), recognised: () => recognised };
const allows = (key: string, deleting: number, present: number): boolean => brake.allows({ key, source, deleting, present: () => present });

beforeEach(() => {
  clock = createHandClock();
  brake = createBrake(clock);
  [lists, asked, recognised] = [1, 0, true];
});

test('a few may always go', () => {
  expect(allows('a', 10, 10)).toBe(true);
  expect(asked).toBe(0);
});

test('many only after another complete list, which is asked for once', () => {
  expect([allows('a', 60, 100), allows('a', 60, 100), allows('b', 60, 100)]).toEqual([false, false, false]);
  expect(asked).toBe(1);
  lists = 2;
  expect([allows('a', 60, 100), allows('b', 60, 100)]).toEqual([true, true]);
});

test('many small ones within a moment are many', () => {
  const verdicts = Array.from({ length: 100 }, (_, index) => allows(`s${index}`, 1, 100));
  expect(verdicts.filter(Boolean)).toHaveLength(50);
  expect(asked).toBe(1);
});

test('later is another time', async () => {
  for (let index = 0; index < 50; index += 1) allows(`s${index}`, 1, 100);
  expect(allows('last', 1, 100)).toBe(false);
  await clock.advance(11_000);
  expect(allows('next', 1, 50)).toBe(true);
});

test('nothing goes before the first list, nor for another cluster', () => {
  lists = 0;
  expect(allows('a', 1, 100)).toBe(false);
  lists = 1;
  recognised = false;
  expect(allows('a', 1, 100)).toBe(false);
});

test('what came back has to be missed anew', () => {
  allows('a', 60, 100);
  lists = 2;
  brake.release('a');
  expect(allows('a', 60, 100)).toBe(false);
});

test('each member in which something is missing is asked for itself', () => {
  const other: Listing = { ...source, id: 'north' };
  const otherAllows = (key: string): boolean => brake.allows({ key, source: other, deleting: 60, present: () => 100 });
  expect([allows('a', 60, 100), otherAllows('a')]).toEqual([false, false]);
  expect(asked).toBe(2);
  lists = 2;
  expect(allows('a', 60, 100)).toBe(true);
  expect(otherAllows('a')).toBe(true);
});
