import { expect, test } from '@jest/globals';
import { BOUND } from './bounds.js';
import { matchesSelector, readSelector } from './labelSelector.js';
import { seenLabels } from './seenLabels.js';

function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  const read = readSelector(selector);
  if (!read.ok) throw new Error(read.error);
  return matchesSelector(read.value, seenLabels(labels));
}

/** More characters than a selector sees, and behind them, by name, one that says no. */
const MANY = {
  ...Object.fromEntries(Array.from({ length: BOUND.serviceLabels / 50 }, (_, n) => [`m${String(n).padStart(4, '0')}`, 'x'.repeat(60)])),
  private: 'yes',
};

test.each<[selector: string, labels: Readonly<Record<string, string>>, selected: boolean]>([
  ['!private', {}, true],
  ['!private', { private: 'yes' }, false],
  ['!private', MANY, false],
  ['private!=yes', MANY, false],
  ['private notin (yes)', MANY, false],
  ['m0001', MANY, true],
  [`m0001=${'x'.repeat(60)},!private`, MANY, false],
  ['!m0001', MANY, false],
  ['m0001!=yes', MANY, true],
  // What no API server lets pass is not seen either.
  ['!private', { a: 'x'.repeat(64) }, false],
])('%s', (selector, labels, selected) => {
  expect(selects(selector, labels)).toBe(selected);
});
