import { expect, test } from '@jest/globals';
import { createIdentities, type Identities } from './identity.js';
import type { Witness } from './judgeIdentity.js';

interface World {
  readonly identities: Identities;
  readonly bound: Map<string, string>;
  readonly reconsidered: string[][];
  witnesses: readonly Witness[];
}

function createWorld(): World {
  const world: World = {
    bound: new Map(),
    reconsidered: [],
    witnesses: [],
    identities: createIdentities({
      boundUid: (id) => world.bound.get(id),
      witnesses: () => world.witnesses,
      reconsider: (ids) => void world.reconsidered.push([...ids]),
    }),
  };
  return world;
}

const north: Witness = { id: 'north', settled: true, uidsOf: (id) => (id === 'east' ? ['u1'] : []) };

test('M4: one cluster is one member, and one member one cluster', () => {
  const world = createWorld();
  const { identities } = world;
  world.witnesses = [north];
  identities.show('east', 'u1');
  identities.show('again', 'u1');
  expect(['east', 'again', 'west'].map((id) => identities.verdict(id))).toEqual([
    { kind: 'bound' },
    { kind: 'taken', holder: 'east' },
    undefined,
  ]);
  identities.show('east', 'u2');
  expect(identities.verdict('east')).toEqual({ kind: 'changed' });
  expect([identities.shown('east'), identities.recognised('east')]).toEqual(['u2', 'u1']);
  identities.show('west', 'u2');
  expect(identities.verdict('west')).toEqual({ kind: 'bound' });
});

test('M4: who is no longer declared gives its cluster free, and may be another one', () => {
  const { identities } = createWorld();
  identities.show('east', 'u1');
  identities.release('east');
  identities.show('again', 'u1');
  identities.show('east', 'u2');
  expect([identities.verdict('again'), identities.verdict('east')]).toEqual([{ kind: 'bound' }, { kind: 'bound' }]);
});

test('M4: a refused member that goes takes nothing with it', () => {
  const world = createWorld();
  world.witnesses = [north];
  const { identities } = world;
  identities.show('east', 'u1');
  identities.show('again', 'u1');
  identities.release('again');
  expect(identities.verdict('east')).toEqual({ kind: 'bound' });
  identities.show('again', 'u1');
  expect(identities.verdict('again')).toEqual({ kind: 'taken', holder: 'east' });
});

test('M4: all that share a UID know of each other, and look again when one comes, goes, is bound, or when somebody may tell', () => {
  const world = createWorld();
  const { identities, reconsidered } = world;
  identities.show('east', 'u1');
  identities.show('evil', 'u1');
  expect([identities.contenders('east'), identities.contenders('evil')]).toEqual([
    ['east', 'evil'],
    ['east', 'evil'],
  ]);
  identities.recheck();
  identities.show('evil', 'u1');
  world.bound.set('evil', 'u-evil');
  expect([identities.contenders('east'), identities.contenders('evil'), identities.verdict('evil')]).toEqual([[], [], { kind: 'foreign' }]);
  world.bound.clear();
  identities.show('evil', 'u-evil');
  identities.show('evil', 'u1');
  expect(reconsidered).toEqual([['east'], ['east', 'evil'], ['east']]);
});
