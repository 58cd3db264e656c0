import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createPlaces, type Places } from './places.js';

/** Keys are `group/name`. */
const ask = (places: Places, ...keys: readonly string[]): boolean[] => keys.map((key) => places.ask(key, key.split('/')[0] ?? ''));
const taken = (places: Places): string[] => [...places.taken].toSorted();

test('H8.5: who has a place keeps it, whoever comes', () => {
  const places = createPlaces({ all: 3, group: 2 });
  expect(ask(places, 'b/2', 'b/3', 'b/1', 'c/1', 'a/1')).toEqual([true, true, false, true, false]);
  expect([taken(places), places.leftOut(), places.waits('a/1'), places.waits('b/2')]).toEqual([
    ['b/2', 'b/3', 'c/1'],
    'a/1, b/1',
    true,
    false,
  ]);
});

test('H8.5: a free place is for the first by name whose group has room', () => {
  const places = createPlaces({ all: 3, group: 2 });
  ask(places, 'b/2', 'b/3', 'c/1', 'c/2', 'b/1', 'a/1');
  expect(places.leave('c/1')).toBe('a/1');
  expect(places.leave('b/2')).toBe('b/1');
  expect([taken(places), places.leftOut()]).toEqual([['a/1', 'b/1', 'b/3'], 'c/2']);
  expect([places.leave('c/2'), places.leave('c/9'), places.leftOut()]).toEqual([undefined, undefined, undefined]);
});

test('H8.5: at first those that are preferred, then by name, in whatever order they came', () => {
  const places = createPlaces({ all: 3, group: 2 });
  ask(places, 'z/1', 'b/3', 'b/2', 'b/1', 'a/1');
  places.settle((key) => key === 'z/1' || key === 'b/3');
  expect([taken(places), places.leftOut()]).toEqual([['a/1', 'b/3', 'z/1'], 'b/1, b/2']);
});

test('H8.5: of very many some are named, and the rest are counted', () => {
  const places = createPlaces({ all: 1, group: 1 });
  for (let n = 99; n >= 0; n -= 1) ask(places, `a/${String(n).padStart(2, '0')}`);
  expect(places.leftOut()).toBe('a/00, a/01, a/02, a/03, a/04 and 94 more');
});

test('H8.5: no bound is ever exceeded, no place stays free that somebody waits for, and nobody loses one', () => {
  const step = fc.record({
    leaves: fc.boolean(),
    key: fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(5)).map(([group, n]) => `${group}/${n}`),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const places = createPlaces({ all: 5, group: 3 });
      const asked = new Set<string>();
      for (const { leaves, key } of steps) {
        const before = taken(places);
        if (leaves) places.leave(key);
        else if (!asked.has(key)) ask(places, key);
        if (leaves) asked.delete(key);
        else asked.add(key);
        const now = taken(places);
        expect(before.filter((each) => !now.includes(each))).toEqual(leaves && before.includes(key) ? [key] : []);
        const sizeOf = (group: string): number => now.filter((each) => each.startsWith(`${group}/`)).length;
        expect(now.length).toBeLessThanOrEqual(5);
        for (const group of ['a', 'b', 'c']) expect(sizeOf(group)).toBeLessThanOrEqual(3);
        for (const each of asked) {
          expect(now.includes(each)).toBe(!places.waits(each));
          if (places.waits(each)) expect(now.length === 5 || sizeOf(each.slice(0, 1)) === 3).toBe(true);
        }
      }
    }),
  );
});
