import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Cidr, contains, formatCidr, overlaps, parseCidr } from './cidr.js';
import { createCidrIndex } from './cidrIndex.js';

const small = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }), fc.boolean())
  .map(([offset, length, six]) => parseCidr(six ? `fd00::${offset.toString(16)}/${96 + length}` : `10.0.0.${offset}/${length}`) as Cidr);

test('finds what trying all of them does', () => {
  fc.assert(
    fc.property(fc.array(small, { maxLength: 12 }), small, (known, asked) => {
      const index = createCidrIndex(known.map((cidr, at): [string, number] => [formatCidr(cidr), at]));
      expect(
        index
          .entries()
          .map(([, at]) => at)
          .toSorted((a, b) => a - b),
      ).toEqual([...known.keys()]);
      const where = (holds: (cidr: Cidr) => boolean): number[] => known.flatMap((cidr, at) => (holds(cidr) ? [at] : []));
      expect(index.touching(asked).toSorted((a, b) => a - b)).toEqual(where((cidr) => overlaps(cidr, asked)));
      expect(index.covering(formatCidr(asked)).toSorted((a, b) => a - b)).toEqual(where((cidr) => contains(cidr, asked)));
    }),
  );
});

test('what is no CIDR touches nothing', () => {
  const index = createCidrIndex([
    ['0.0.0.0/0', 'all'],
    ['nothing', 'no'],
  ]);
  expect([index.touching('nothing'), index.covering(''), index.touching('10.0.0.1')]).toEqual([[], [], ['all']]);
});
