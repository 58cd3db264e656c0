import { expect, test } from '@jest/globals';
import { EXPORT_ANNOTATION, EXPORT_LABEL } from '../api/exportNames.js';
import { ANNOTATION, BLOCKED_ANNOTATION_PREFIX, KILO_ANNOTATION, LABEL, WAITING_ANNOTATION_PREFIX } from '../api/names.js';
import { unknownNames } from './unknownNames.js';

const messages = (...args: Parameters<typeof unknownNames>): string[] => unknownNames(...args).map(({ message }) => message);

test.each([
  ['kilofed.io/exprot', 'did you mean kilofed.io/export?'],
  ['kilofed.io/exports', 'did you mean kilofed.io/export?'],
  ['kilofed.io/Export-To', 'did you mean kilofed.io/export-to?'],
  ['kilofed.io/endpoint', 'did you mean kilofed.io/endpoints?'],
  ['kilofed.io/handover', 'did you mean kilofed.io/hand-over?'],
  ['kilofed.io/something', 'remove it'],
])('%s: %s', (key, remedy) => {
  expect(messages({ [key]: 'true' })).toEqual([`annotation ${key} is none of Kilofed's and has no effect: ${remedy}`]);
  expect(messages({ [key]: 'true' }, 'near')).toHaveLength(remedy === 'remove it' ? 0 : 1);
});

test('what programs of Kilofed write, and what is of others, is no misspelt name', () => {
  const names = [ANNOTATION, LABEL, EXPORT_ANNOTATION, EXPORT_LABEL, KILO_ANNOTATION].flatMap((each) => Object.values<string>(each));
  const others = [`${BLOCKED_ANNOTATION_PREFIX}east`, `${WAITING_ANNOTATION_PREFIX}east`, 'example.com/exprot', 'exprot'];
  expect(messages(Object.fromEntries([...names, ...others].map((name) => [name, 'true'])))).toEqual([]);
});

test('of very many few are told', () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`kilofed.io/exp${n}`, '']));
  expect(messages(many)).toHaveLength(11);
});
