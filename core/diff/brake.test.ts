import { describe, expect, test } from '@jest/globals';
import { deletionBrake } from './brake.js';
import { diffKeyed } from './diffKeyed.js';

describe('deletionBrake', () => {
  const calm = { present: 100, removing: 1, lists: 1, wantedAtLists: undefined, identityMatches: true };
  test.each([
    ['one of many', calm, 'go'],
    ['before the first list', { ...calm, lists: 0 }, 'wait'],
    ['another cluster answers under the same id', { ...calm, identityMatches: false }, 'wait'],
    ['all of a few', { ...calm, present: 3, removing: 3 }, 'go'],
    ['half', { ...calm, removing: 50 }, 'go'],
    ['more than half, first seen', { ...calm, removing: 51 }, 'confirm'],
    ['more than half, the same list still', { ...calm, removing: 51, wantedAtLists: 1 }, 'confirm'],
    ['more than half, a second list agrees', { ...calm, removing: 51, wantedAtLists: 1, lists: 2 }, 'go'],
  ])('%s', (_what, input, expected) => {
    expect(deletionBrake(input).kind).toBe(expected);
  });
});

test('diffKeyed sorts what it finds', () => {
  const diff = diffKeyed(new Map([['c', 1], ['a', 1], ['b', 2]]), new Map([['b', 1], ['z', 0], ['y', 0], ['a', 1]]), (a, b) => a === b);
  expect(diff).toEqual({ create: [['c', 1]], update: [['b', 2, 1]], remove: [['y', 0], ['z', 0]] });
});
