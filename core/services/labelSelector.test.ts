import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { matchesSelector, readSelector } from './labelSelector.js';

function matches(selector: string, labels: Readonly<Record<string, string>>): boolean | string {
  const read = readSelector(selector);
  return read.ok ? matchesSelector(read.value, { labels }) : read.error;
}

test.each<[string, Readonly<Record<string, string>>, boolean]>([
  ['app=web', { app: 'web' }, true],
  ['app == web', { app: 'web' }, true],
  ['app=web', { app: 'db' }, false],
  ['app=web', {}, false],
  ['app=', { app: '' }, true],
  ['app!=web', { app: 'db' }, true],
  ['app != web', {}, true],
  ['app!=web', { app: 'web' }, false],
  ['app in (a,b),tier=web', { app: 'b', tier: 'web' }, true],
  ['app in (a, b), tier=web', { app: 'c', tier: 'web' }, false],
  ['app in (a,b),tier=web', { app: 'a' }, false],
  ['app notin (a,b)', { app: 'a' }, false],
  ['app notin (a,b)', {}, true],
  ['example.org/app', { 'example.org/app': '' }, true],
  ['app', {}, false],
  ['!app', {}, true],
  ['! app', { app: 'x' }, false],
  ['constructor', {}, false],
])('%s of %j: %p', (selector, labels, expected) => {
  expect(matches(selector, labels)).toBe(expected);
});

test.each([
  '',
  'app=web,',
  ',app=web',
  'app=a b',
  'app in a,b',
  'app in (a',
  'app in (a))',
  'app > 1',
  '=web',
  '!app=web',
  '-app',
  'app in (a b)',
  `app=${'x'.repeat(64)}`,
  'a/b/c=d',
  'app=\u001b[2J',
])('%j is not understood', (selector) => {
  expect(matches(selector, { app: 'web' })).toMatch(/is not understood: write requirements such as/);
});

test.each([
  ['a,'.repeat(3_000), /longer than 4096/],
  [Array.from({ length: 17 }, (_, index) => `l${index}`).join(), /more than 16 requirements/],
  [`app in (${Array.from({ length: 65 }, (_, index) => `v${index}`).join()})`, /is not understood/],
])('it is bounded', (selector, error) => {
  expect(matches(selector, {})).toMatch(error);
});

test('whatever is written, it is read or refused', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const read = readSelector(text);
      if (read.ok) expect(read.value.length).toBeLessThanOrEqual(16);
      else expect(read.error).not.toMatch(/\p{C}/u);
    }),
  );
});
