import { expect, test } from '@jest/globals';
import { formatKey, type Key, parseKey } from './keys.js';

const KEYS: readonly (readonly [string, Key])[] = [
  ['peers/east', { kind: 'peers', source: 'east' }],
  ['service/demo/web', { kind: 'service', service: 'demo/web' }],
  ['export/demo/web', { kind: 'export', service: 'demo/web' }],
];

test.each(KEYS)('%s', (text, key) => {
  expect(formatKey(key)).toBe(text);
  expect(parseKey(text)).toEqual(key);
});

test.each(['', 'peers', 'peers/', 'peers/a/b', 'service/demo', 'service/demo/', 'service/a/b/c', 'other/a'])('%j is no key', (text) => {
  expect(parseKey(text)).toBeUndefined();
});
