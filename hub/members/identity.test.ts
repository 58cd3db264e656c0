import { expect, test } from '@jest/globals';
import { createIdentities } from './identity.js';

test('one cluster is one member, and one member one cluster', () => {
  const identities = createIdentities();
  expect(identities.claim('east', 'u1')).toEqual({ ok: true });
  expect(identities.claim('east', 'u1')).toEqual({ ok: true });
  expect(identities.claim('again', 'u1')).toEqual({ ok: false, kind: 'taken', holder: 'east' });
  expect(identities.claim('east', 'u2')).toEqual({ ok: false, kind: 'changed', before: 'u1' });
  expect(identities.claim('west', 'u2')).toEqual({ ok: true });
});

test('who is no longer declared gives his cluster free, and may be another one', () => {
  const identities = createIdentities();
  identities.claim('east', 'u1');
  identities.release('east');
  expect(identities.claim('again', 'u1')).toEqual({ ok: true });
  expect(identities.claim('east', 'u2')).toEqual({ ok: true });
});

test('a refused member that goes takes nothing with it', () => {
  const identities = createIdentities();
  identities.claim('east', 'u1');
  identities.claim('again', 'u1');
  identities.release('again');
  expect(identities.claim('again', 'u1')).toEqual({ ok: false, kind: 'taken', holder: 'east' });
});
