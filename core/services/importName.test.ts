import { expect, test } from '@jest/globals';
import { sha256 } from '../../test/fakes/services.js';
import { importName, type NameHolder } from './importName.js';

const DERIVED = 'derived-scaifns3gd';
const named = (ownName: boolean, sameNamed: NameHolder, derived: NameHolder, name = 'web'): unknown =>
  importName({ namespace: 'demo', name, target: { sameNamed, derived }, ownName, sha256 });

test.each<[NameHolder, NameHolder, unknown]>([
  ['none', 'none', { name: DERIVED }],
  ['none', 'ours', { name: DERIVED }],
  ['freed', 'none', { name: DERIVED }],
  ['foreign', 'none', { name: DERIVED }],
  ['offered', 'none', { name: DERIVED }],
  ['ours', 'none', { name: DERIVED, parting: 'web' }],
  ['ours', 'ours', { name: DERIVED, parting: 'web' }],
  ['none', 'foreign', 'taken'],
  ['ours', 'foreign', 'taken'],
])('without the own name: own %s, derived %s: %j', (sameNamed, derived, expected) => {
  expect(named(false, sameNamed, derived)).toEqual(expected);
});

test.each<[NameHolder, NameHolder, unknown]>([
  ['none', 'none', { name: 'web' }],
  ['none', 'ours', { name: 'web', parting: DERIVED }],
  ['ours', 'ours', { name: 'web', parting: DERIVED }],
  ['freed', 'ours', { name: DERIVED }],
  ['freed', 'none', 'freed'],
  ['foreign', 'none', { name: DERIVED }],
  ['offered', 'none', { name: 'web' }],
])('with the own name: own %s, derived %s: %j', (sameNamed, derived, expected) => {
  expect(named(true, sameNamed, derived)).toEqual(expected);
});
