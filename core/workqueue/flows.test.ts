/**
 * Keys of this test are `<flow><number>`.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createFlows } from './flows.js';

const flowOf = (key: string): string => key.slice(0, 1);

function drained(keys: readonly string[]): string[] {
  const flows = createFlows(flowOf);
  for (const key of keys) flows.push(key);
  return Array.from({ length: flows.size }, () => flows.shift() ?? 'nothing');
}

test.each<[what: string, pushed: string, shifted: string]>([
  ['one flow: first in, first out', 'a1 a2 a3', 'a1 a2 a3'],
  ['many of one do not hold up another', 'a1 a2 a3 a4 b1', 'a1 b1 a2 a3 a4'],
  ['three in turn', 'a1 a2 b1 b2 c1 c2', 'a1 b1 c1 a2 b2 c2'],
])('%s', (_what, pushed, shifted) => {
  expect(drained(pushed.split(' ')).join(' ')).toBe(shifted);
});

test('a flow that was empty begins behind those that wait', () => {
  const flows = createFlows(flowOf);
  for (const key of ['a1', 'b1', 'a2', 'b2']) flows.push(key);
  expect([flows.shift(), flows.shift()]).toEqual(['a1', 'b1']);
  flows.push('c1');
  expect([flows.shift(), flows.shift(), flows.shift(), flows.shift()]).toEqual(['a2', 'b2', 'c1', undefined]);
});

test('every key comes once, those of a flow in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 }), (names) => {
      const keys = names.map((name, index) => `${name}${index}`);
      const out = drained(keys);
      for (const name of 'abcd') expect(out.filter((key) => flowOf(key) === name)).toEqual(keys.filter((key) => flowOf(key) === name));
      expect(out).toHaveLength(keys.length);
    }),
  );
});
