import { expect, test } from '@jest/globals';
import { namespaceConsent } from './namespaceConsent.js';

test.each<[unknown, unknown]>([
  [undefined, undefined],
  ['all', 'all'],
  ['none', 'none'],
  ['east', ['east']],
  ['north_east_north', ['east', 'north']],
  ['', 'invalid'],
  ['All', 'invalid'],
  ['true', ['true']],
  ['east.north', 'invalid'],
  ['east_', 'invalid'],
  ['_', 'invalid'],
  [5, 'invalid'],
  [['all'], 'invalid'],
  [{}, 'invalid'],
])('H10: the label kilofed.io/import %p means %p', (value, expected) => {
  const labels = (value === undefined ? {} : { 'kilofed.io/import': value }) as Readonly<Record<string, string>>;
  expect(namespaceConsent({ name: 'demo', labels }).imports).toEqual(expected);
});

test.each<[unknown, boolean | undefined]>([
  [undefined, undefined],
  ['true', true],
  ['false', false],
  ['yes', false],
  ['', false],
  [true, false],
])('H10: the annotation kilofed.io/import-hostnames %p means %p', (value, expected) => {
  const annotations = (value === undefined ? {} : { 'kilofed.io/import-hostnames': value }) as Readonly<Record<string, string>>;
  expect(namespaceConsent({ name: 'demo', annotations }).hostnames).toBe(expected);
});

test.each<[string, false | undefined]>([
  ['true', undefined],
  ['false', false],
  ['no', false],
])('the label kilofed.io/own-names %p means %p', (value, expected) => {
  expect(namespaceConsent({ name: 'demo', labels: { 'kilofed.io/own-names': value } }).ownNames).toBe(expected);
});
