import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { hash32 } from '../net/hash.js';
import { assignIds } from './ids.js';
import { NEXTHOP_BASE } from './reserved.js';

test('ids are distinct, in our range, and do not depend on who else is there', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 50 }), (names) => {
      const ids = assignIds(names);
      expect(new Set(ids.values()).size).toBe(names.length);
      for (const [name, id] of ids) {
        expect(id >= NEXTHOP_BASE && id < NEXTHOP_BASE + 2 ** 28).toBe(true);
        expect(assignIds([name]).get(name)).toBe(id);
      }
      expect(assignIds(names.toReversed())).toEqual(ids);
    }),
  );
});

test('names whose hashes meet are told apart in the order of names', () => {
  const [a, b] = meeting();
  const offset = NEXTHOP_BASE + (hash32(a) % 2 ** 28);
  expect([...assignIds([b, a])]).toEqual([
    [a, offset],
    [b, offset + 1],
  ]);
});

/** Two names, sorted, with one hash in 28 bits: some 20,000 tries. */
function meeting(): [string, string] {
  const seen = new Map<number, string>();
  for (let index = 0; ; index += 1) {
    const name = `node/n${index}`;
    const hash = hash32(name) % 2 ** 28;
    const other = seen.get(hash);
    if (other !== undefined) return other < name ? [other, name] : [name, other];
    seen.set(hash, name);
  }
}
