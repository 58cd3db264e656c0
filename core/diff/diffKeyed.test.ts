import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { diffKeyed } from './diffKeyed.js';

const equal = (a: number, b: number): boolean => a === b;

test('what is found is sorted by key', () => {
  const diff = diffKeyed(new Map([['c', 1], ['a', 1], ['b', 2]]), new Map([['b', 1], ['z', 0], ['y', 0], ['a', 1]]), equal);
  expect(diff).toEqual({ create: [['c', 1]], update: [['b', 2, 1]], remove: [['y', 0], ['z', 0]] });
});

test('what is observed, with the difference made, is what is desired; made again, there is none', () => {
  const state = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(2)).map((entries) => new Map(Object.entries(entries)));
  fc.assert(fc.property(state, state, (desired, observed) => {
    const { create, update, remove } = diffKeyed(desired, observed, equal);
    const made = new Map(observed);
    for (const [key, value] of create) {
      expect(made.has(key)).toBe(false);
      made.set(key, value);
    }
    for (const [key, value, before] of update) {
      expect(made.get(key)).toBe(before);
      made.set(key, value);
    }
    for (const [key] of remove) made.delete(key);
    expect(made).toEqual(desired);
    expect(diffKeyed(desired, made, equal)).toEqual({ create: [], update: [], remove: [] });
  }));
});
