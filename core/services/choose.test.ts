import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Candidate, choose } from './choose.js';
import type { ChoicePolicy } from './choicePolicy.js';

const ready = (member: string, count: number): Candidate => ({
  member,
  ready: Array.from({ length: count }, (_, index) => `${member} ${index}`),
});
const policyOf = (more: Partial<ChoicePolicy> = {}): ChoicePolicy => ({ self: 'west', ...more });

/** How many endpoints of each member serve. */
function counts(policy: ChoicePolicy, candidates: readonly Candidate[]): Record<string, number> {
  return Object.fromEntries([...choose(policy, candidates)].map(([member, addresses]) => [member, addresses.size]));
}

const [east, north, south, west] = ['east', 'north', 'south', 'west'].map((member) => ready(member, 2)) as [
  Candidate,
  Candidate,
  Candidate,
  Candidate,
];
const none = (member: string): Candidate => ready(member, 0);
const own: Candidate = { ...west, fixed: true };

describe('preferences', () => {
  const prefer = [['east'], ['north']];
  test.each<[string, ChoicePolicy, Candidate[], Record<string, number>]>([
    ['nothing is asked for: all', policyOf(), [east, north, south], { east: 2, north: 2, south: 2 }],
    ['the first that is there serves alone', policyOf({ prefer }), [east, north, south], { east: 2 }],
    ['without it, the next', policyOf({ prefer }), [none('east'), north, south], { north: 2 }],
    ['without any of them, all others', policyOf({ prefer }), [none('east'), south, west], { south: 2, west: 2 }],
    ['members of one tier are alike', policyOf({ prefer: [['east', 'south'], ['north']] }), [east, north, south], { east: 2, south: 2 }],
    ['a drained one is passed over', policyOf({ prefer, drained: ['east'] }), [east, north], { north: 2 }],
    ['and does not come back when nothing else is there', policyOf({ drained: ['east'] }), [east, none('north')], {}],
    ['local: its own first', policyOf({ affinity: 'local', prefer }), [east, west], { west: 2 }],
    ['local: then as preferred', policyOf({ affinity: 'local', prefer }), [east, north, none('west')], { east: 2 }],
    ['remote: its own last, after those that nobody prefers', policyOf({ affinity: 'remote', prefer }), [south, west], { south: 2 }],
    ['remote: its own when nothing else is there', policyOf({ affinity: 'remote' }), [none('east'), west], { west: 2 }],
    ['none: all alike', policyOf({ affinity: 'none' }), [east, west], { east: 2, west: 2 }],
    ['what cannot be held back, and comes last: the others serve beside it', policyOf({ affinity: 'remote' }), [east, own], { east: 2 }],
    ['what cannot be held back, and comes first', policyOf({ affinity: 'local' }), [east, own], { west: 2 }],
  ])('%s', (_what, policy, candidates, expected) => {
    expect(counts(policy, candidates)).toEqual(expected);
  });
});

describe('weights', () => {
  test.each<[string, ChoicePolicy, Candidate[], Record<string, number>]>([
    ['3 to 1', policyOf({ weights: { east: 3, north: 1 } }), [ready('east', 9), ready('north', 9)], { east: 9, north: 3 }],
    [
      'the scarcer publishes all',
      policyOf({ weights: { east: 3, north: 1 } }),
      [ready('east', 2), ready('north', 9)],
      { east: 2, north: 1 },
    ],
    ['each at least one', policyOf({ weights: { east: 1000, north: 1 } }), [ready('east', 9), ready('north', 9)], { east: 9, north: 1 }],
    ['one that is not named has 1', policyOf({ weights: { east: 2 } }), [ready('east', 8), ready('south', 8)], { east: 8, south: 4 }],
    ['0: none while another has any', policyOf({ weights: { east: 0, north: 1 } }), [east, north], { north: 2 }],
    ['0: all when no other has any', policyOf({ weights: { east: 0, north: 1 } }), [east, none('north')], { east: 2 }],
    ['0 is passed over in any tier', policyOf({ weights: { east: 0 }, prefer: [['east']] }), [east, south], { south: 2 }],
    [
      'among the preferred',
      policyOf({ weights: { east: 2, north: 1 }, prefer: [['east', 'north']] }),
      [east, north, south],
      { east: 2, north: 1 },
    ],
    ['beside what serves in any case', policyOf({ weights: { east: 3, west: 1 } }), [ready('east', 9), own], { east: 6, west: 2 }],
    [
      'a name that objects have',
      policyOf({ weights: { east: 1 } }),
      [ready('east', 1), ready('constructor', 2)],
      { east: 1, constructor: 1 },
    ],
  ])('%s', (_what, policy, candidates, expected) => {
    expect(counts(policy, candidates)).toEqual(expected);
  });
});

const MEMBERS = ['east', 'north', 'south', 'west'];
const sizes = fc.tuple(...MEMBERS.map(() => fc.integer({ min: 0, max: 40 })));
const weights = fc.tuple(...MEMBERS.map(() => fc.integer({ min: 0, max: 1_000 })));
const somePolicy = fc
  .record(
    {
      affinity: fc.constantFrom('local' as const, 'none' as const, 'remote' as const),
      prefer: fc.shuffledSubarray(MEMBERS).map((ids) => ids.map((id) => [id])),
      weights: weights.map((all) => Object.fromEntries(all.map((weight, index) => [MEMBERS[index] ?? '', weight]))),
      drained: fc.subarray(MEMBERS),
    },
    { requiredKeys: [] },
  )
  .map(policyOf);
const candidatesOf = (all: readonly number[]): Candidate[] => all.map((count, index) => ready(MEMBERS[index] ?? '', count));

test('something always serves while a member that is not drained has anything', () => {
  fc.assert(
    fc.property(somePolicy, sizes, (policy, all) => {
      const candidates = candidatesOf(all);
      const chosen = choose(policy, candidates);
      const could = candidates.some((each) => each.ready.length > 0 && policy.drained?.includes(each.member) !== true);
      expect([...chosen.values()].some(({ size }) => size > 0)).toBe(could);
      for (const [member, addresses] of chosen) {
        expect(policy.drained ?? []).not.toContain(member);
        for (const address of addresses) expect(candidates.find((each) => each.member === member)?.ready).toContain(address);
      }
    }),
  );
});

test('shares differ from the weights by less than (m - 1) / K', () => {
  fc.assert(
    fc.property(
      fc.tuple(...MEMBERS.map(() => fc.integer({ min: 1, max: 60 }))),
      fc.tuple(...MEMBERS.map(() => fc.integer({ min: 1, max: 1_000 }))),
      fc.integer({ min: 2, max: 4 }),
      (all, shares, m) => {
        const policy = policyOf({ weights: Object.fromEntries(shares.slice(0, m).map((weight, index) => [MEMBERS[index] ?? '', weight])) });
        const found = counts(policy, candidatesOf(all.slice(0, m)));
        const published = Object.values(found).reduce((sum, count) => sum + count, 0);
        const total = shares.slice(0, m).reduce((sum, weight) => sum + weight, 0);
        shares.slice(0, m).forEach((weight, index) => {
          const share = (found[MEMBERS[index] ?? ''] ?? 0) / published;
          expect(Math.abs(share - weight / total)).toBeLessThan((m - 1) / published);
        });
      },
    ),
  );
});

test('one endpoint more of a member that has enough: at most one goes and one comes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 9 }),
      (scarce, spare, weight) => {
        const policy = policyOf({ weights: { east: weight, north: 1 } });
        const plenty = ready('east', scarce * weight + spare);
        const more: Candidate = { ...plenty, ready: [...plenty.ready, 'another'] };
        const before = choose(policy, [plenty, ready('north', scarce)]);
        const after = choose(policy, [more, ready('north', scarce)]);
        expect(after.get('north')).toEqual(before.get('north'));
        const [was, is] = [before.get('east') ?? new Set<string>(), after.get('east') ?? new Set<string>()];
        expect([...is].filter((address) => !was.has(address)).length).toBeLessThanOrEqual(1);
        expect([...was].filter((address) => !is.has(address)).length).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('one endpoint more of the scarcest: as many more of the others as the weights ask for, and none goes', () => {
  const policy = policyOf({ weights: { east: 3, north: 1 } });
  const before = choose(policy, [ready('east', 30), ready('north', 4)]);
  const after = choose(policy, [ready('east', 30), ready('north', 5)]);
  expect([before.get('east')?.size, after.get('east')?.size]).toEqual([12, 15]);
  expect([...(before.get('east') ?? [])].filter((address) => after.get('east')?.has(address) !== true)).toEqual([]);
});

test('importers choose others of the same endpoints', () => {
  const candidates = [ready('east', 40), ready('north', 4)];
  const chosen = ['west', 'south', 'north'].map((self) => choose({ self, weights: { east: 1, north: 1 } }, candidates).get('east'));
  expect(new Set(chosen.map((addresses) => [...(addresses ?? [])].toSorted().join())).size).toBe(3);
});
