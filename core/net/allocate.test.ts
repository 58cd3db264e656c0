import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { allocateAddress, isAllocatable } from './allocate.js';

describe('an address of a range', () => {
  test('is the same for a name wherever it is free', () => {
    const first = allocateAddress('10.4.0.0/16', 'node-a', new Set()) ?? '';
    expect(allocateAddress('10.4.0.0/16', 'node-a', new Set(['10.4.0.1', '10.4.0.2']))).toBe(first);
    expect(allocateAddress('10.4.0.0/16', 'node-a', new Set([first]))).not.toBe(first);
  });

  test('is every one but the network and broadcast addresses, until none is left', () => {
    for (const [range, usable] of [
      ['10.4.0.0/29', 6],
      ['10.4.0.0/31', 0],
      ['10.4.0.0/32', 0],
      ['fd00::/125', 7],
      ['nowhere', 0],
    ] as const) {
      const taken = new Set<string>();
      for (let index = 0; index <= usable; index += 1) {
        const address = allocateAddress(range, `n${index}`, taken);
        expect(address === undefined).toBe(index === usable);
        if (address !== undefined) taken.add(address);
      }
      expect(taken.size).toBe(usable);
      expect([...taken].every((address) => isAllocatable(range, address))).toBe(true);
    }
  });

  test('is a fresh one of its range for any names', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('10.4.0.0/16', '10.4.0.0/26', 'fd00:4::/64'),
        fc.uniqueArray(fc.string(), { maxLength: 40 }),
        (range, names) => {
          const taken = new Set<string>();
          for (const name of names) {
            const address = allocateAddress(range, name, taken) ?? '';
            expect(isAllocatable(range, address) && !taken.has(address)).toBe(true);
            taken.add(address);
          }
        },
      ),
    );
  });
});

test.each([
  ['10.4.0.0/24', '10.4.0.0', false],
  ['10.4.0.0/24', '10.4.0.255', false],
  ['10.4.0.0/24', '10.4.1.1', false],
  ['10.4.0.0/24', 'fd00::1', false],
  ['10.4.0.0/24', '10.4.0.254', true],
  ['fd00::/120', 'fd00::ff', true],
])('of %s, %s may be kept: %j', (range, address, expected) => {
  expect(isAllocatable(range, address)).toBe(expected);
});
