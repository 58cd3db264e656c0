import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { deletionBrake } from './deletionBrake.js';

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
    [
      'more than half, a second list agrees, of another cluster',
      { ...calm, removing: 51, wantedAtLists: 1, lists: 2, identityMatches: false },
      'wait',
    ],
  ])('%s', (_what, input, expected) => {
    expect(deletionBrake(input).kind).toBe(expected);
  });

  test('nothing goes that was not missing in a complete list of the very cluster; nor much that was missing in one only', () => {
    const input = fc.record({
      present: fc.nat(50),
      removing: fc.nat(50),
      lists: fc.nat(3),
      wantedAtLists: fc.option(fc.nat(3), { nil: undefined }),
      identityMatches: fc.boolean(),
    });
    fc.assert(
      fc.property(input, (given) => {
        const { kind } = deletionBrake(given);
        const { present, removing, lists, wantedAtLists, identityMatches } = given;
        if (!identityMatches || lists === 0) expect(kind).toBe('wait');
        else if (removing > 10 && removing * 2 > present && !(wantedAtLists !== undefined && wantedAtLists < lists))
          expect(kind).toBe('confirm');
        else expect(kind).toBe('go');
      }),
    );
  });
});
