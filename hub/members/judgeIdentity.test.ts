/**
 * M4: whose a UID is does not depend on who said it first.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Claimant, judgeIdentity, type Verdict, type Witness } from './judgeIdentity.js';

/** What stands in a member: UIDs of its Peers, by the member that they lead to. */
type Stands = Readonly<Record<string, readonly (string | undefined)[]>>;

const witness = (id: string, stands: Stands, settled = true): Witness => ({ id, settled, uidsOf: (member) => stands[member] ?? [] });
const told = (verdict: Verdict): string => (verdict.kind === 'taken' ? `taken by ${verdict.holder}` : verdict.kind);

const sharing = ({ shown }: Claimant, all: readonly Claimant[]): Claimant[] => all.filter((each) => each.shown === shown);

/** Verdicts by id. */
function judge(all: readonly Claimant[], witnesses: readonly Witness[]): Readonly<Record<string, string>> {
  return Object.fromEntries(all.map((each) => [each.id, told(judgeIdentity(each, sharing(each, all), witnesses))]));
}

const east: Claimant = { id: 'east', shown: 'u-east' };
const evil: Claimant = { id: 'alpha', shown: 'u-east' };
const honest = witness('north', { east: ['u-east', 'u-east'], alpha: ['u-alpha'] });

test.each<[string, readonly Claimant[], readonly Witness[], Readonly<Record<string, string>>]>([
  ['alone, whatever stands: it is the member', [east], [witness('north', { east: ['u-old'] })], { east: 'bound' }],
  ['two, and nothing stands: neither is', [east, evil], [], { east: 'contested', alpha: 'contested' }],
  ['two, and one stands elsewhere with this UID: that one is', [east, evil], [honest], { east: 'bound', alpha: 'taken by east' }],
  [
    'two, and one stands elsewhere, from a hub that wrote no UID: that one is',
    [east, evil],
    [witness('north', { east: [undefined] })],
    { east: 'bound', alpha: 'taken by east' },
  ],
  [
    'two, and both stand so: neither is',
    [east, evil],
    [witness('north', { east: [undefined], alpha: [undefined] })],
    { east: 'contested', alpha: 'contested' },
  ],
  [
    'what a claimant holds of the other, or of itself, tells nothing',
    [east, evil],
    [witness('alpha', { east: ['u-other'], alpha: ['u-east'] }), witness('east', { alpha: ['u-other'], east: ['u-east'] })],
    { east: 'contested', alpha: 'contested' },
  ],
  [
    'one liar among three cannot turn it',
    [east, evil],
    [honest, witness('south', { east: ['u-east'] }), witness('liar', { alpha: ['u-east'], east: ['u-x'] })],
    { east: 'bound', alpha: 'taken by east' },
  ],
  [
    'one liar against one: nobody is believed',
    [east, evil],
    [honest, witness('liar', { alpha: ['u-east'] })],
    { east: 'contested', alpha: 'contested' },
  ],
  ['who may tell was not read yet: both wait', [east, evil], [witness('north', {}, false)], { east: 'waiting', alpha: 'waiting' }],
  [
    'bound by the terms, whatever stands',
    [{ ...east, bound: 'u-east' }, evil],
    [witness('north', { alpha: ['u-east'] })],
    { east: 'bound', alpha: 'taken by east' },
  ],
  ['bound to another cluster', [{ ...east, bound: 'u-1' }], [honest], { east: 'foreign' }],
  ['bound to what no cluster is', [{ ...east, bound: '' }], [honest], { east: 'foreign' }],
  ['who is bound to another is no rival', [east, { ...evil, bound: 'u-alpha' }], [], { east: 'bound', alpha: 'foreign' }],
  ['who was another before is no rival', [east, { ...evil, before: 'u-alpha' }], [], { east: 'bound', alpha: 'changed' }],
  [
    'both bound to one cluster: neither is',
    [
      { ...east, bound: 'u-east' },
      { ...evil, bound: 'u-east' },
    ],
    [honest],
    { east: 'contested', alpha: 'contested' },
  ],
  ['another cluster than before', [{ ...east, before: 'u-old' }], [honest], { east: 'changed' }],
  ['another cluster than before, and the terms say so', [{ ...east, before: 'u-old', bound: 'u-east' }], [], { east: 'bound' }],
])('M4: %s', (_what, all, witnesses, expected) => {
  expect(judge(all, witnesses)).toEqual(expected);
  // Nor does it matter in which order they are known.
  expect(judge(all.toReversed(), witnesses.toReversed())).toEqual(expected);
});

describe('M4: for any claims', () => {
  const uid = fc.constantFrom('u1', 'u2', 'u3');
  const claimant = (id: string): fc.Arbitrary<Claimant> =>
    fc.record({ id: fc.constant(id), shown: uid, bound: uid, before: uid }, { requiredKeys: ['id', 'shown'] });
  const ids = ['a', 'b', 'c', 'd'];
  const claimants = fc.subarray(ids).chain((chosen) => fc.tuple(...chosen.map(claimant)));
  const witnesses = fc.subarray(ids).chain((chosen) =>
    fc.tuple(
      ...chosen.map((id) =>
        fc
          .record({
            stands: fc.dictionary(fc.constantFrom(...ids), fc.array(fc.option(uid, { nil: undefined }), { maxLength: 2 })),
            settled: fc.boolean(),
          })
          .map(({ stands, settled }) => witness(id, stands, settled)),
      ),
    ),
  );

  test('a cluster is one member at most, and a bound member is no other cluster', () => {
    fc.assert(
      fc.property(claimants, witnesses, (all, standing) => {
        const verdicts = judge(all, standing);
        const believed = all.filter(({ id }) => verdicts[id] === 'bound');
        expect(new Set(believed.map(({ shown }) => shown)).size).toBe(believed.length);
        for (const { shown, bound } of believed) expect(bound ?? shown).toBe(shown);
      }),
    );
  });

  test('whoever shows the UID of a member that is bound, or for which all others speak, takes nothing from it', () => {
    fc.assert(
      fc.property(claimants, fc.boolean(), (others, bound) => {
        const self: Claimant = { id: 'self', shown: 'u1', ...(bound && { bound: 'u1' }) };
        const rivals = others.filter((each) => each.bound === undefined);
        const neutral = bound ? [] : [witness('n1', { self: ['u1'] }), witness('n2', { self: ['u1'] })];
        expect(told(judgeIdentity(self, sharing(self, [...rivals, self]), neutral))).toBe('bound');
      }),
    );
  });
});
