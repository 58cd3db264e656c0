import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Cidr, contains, formatAddress, overlaps, parseCidr } from './cidr.js';
import { createPrefixMap } from './prefixMap.js';
import { aggregate, firstOverlap, isWithin, subtract } from './sets.js';

/** CIDRs of at most 64 addresses, so that sets can be counted out. */
const small = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }), fc.boolean())
  .map(([offset, length, six]) =>
    six ? (parseCidr(`fd00::${offset.toString(16)}/${96 + length}`) as Cidr) : (parseCidr(`10.0.0.${offset}/${length}`) as Cidr),
  );
const text = small.map(({ family, first, length }) => `${formatAddress(family, first)}/${length}`);

function members(cidrs: readonly Cidr[]): Set<string> {
  const all = new Set<string>();
  for (const { family, first, length } of cidrs) {
    for (let offset = 0n; offset < 1n << BigInt((family === 4 ? 32 : 128) - length); offset += 1n)
      all.add(formatAddress(family, first + offset));
  }
  return all;
}

const parse = (texts: readonly string[]): Cidr[] => texts.map((each) => parseCidr(each) as Cidr);

describe('aggregate', () => {
  test.each([
    [['10.0.0.0/24', '10.0.1.0/24'], ['10.0.0.0/23']],
    [
      ['10.0.1.0/24', '10.0.2.0/24'],
      ['10.0.1.0/24', '10.0.2.0/24'],
    ],
    [['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8'], ['10.0.0.0/8']],
    [['0.0.0.0/1', '128.0.0.0/1'], ['0.0.0.0/0']],
    [['10.0.0.3/32', '10.0.0.0/32', '10.0.0.2/32', '10.0.0.1/32'], ['10.0.0.0/30']],
    [
      ['fd00::/65', 'fd00::8000:0:0:0/65', '10.0.0.0/8'],
      ['10.0.0.0/8', 'fd00::/64'],
    ],
    [[], []],
  ])('%j is %j', (input, output) => {
    expect(aggregate(input)).toEqual(output);
  });

  test('keeps exactly the addresses, and no two that could be one', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (texts) => {
        const result = parse(aggregate(texts));
        expect(members(result)).toEqual(members(parse(texts)));
        for (const [index, a] of result.entries()) {
          for (const b of result.slice(index + 1)) {
            expect(overlaps(a, b)).toBe(false);
            const parent = {
              ...a,
              first: (a.first >> BigInt((a.family === 4 ? 32 : 128) - a.length + 1)) << BigInt((a.family === 4 ? 32 : 128) - a.length + 1),
              length: a.length - 1,
            };
            expect(a.length === b.length && contains(parent, b)).toBe(false);
          }
        }
      }),
    );
  });
});

describe('firstOverlap', () => {
  test.each([
    [['10.0.0.0/8'], ['10.9.0.0/16'], { a: '10.0.0.0/8', b: '10.9.0.0/16' }],
    [['10.0.0.0/16', '10.2.0.0/16'], ['10.1.0.0/16', '10.2.3.0/24'], { a: '10.2.0.0/16', b: '10.2.3.0/24' }],
    [['10.0.0.0/8', '10.0.0.0/24'], ['10.0.1.0/24'], { a: '10.0.0.0/8', b: '10.0.1.0/24' }],
    [['10.0.0.0/16'], ['10.1.0.0/16', 'fd00::/8'], undefined],
    [[], ['10.0.0.0/8'], undefined],
  ])('%j and %j: %j', (a, b, expected) => {
    expect(firstOverlap(a, b)).toEqual(expected);
  });

  test('finds one exactly where trying all pairs does', () => {
    const list = fc.array(text, { maxLength: 8 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const found = firstOverlap(a, b);
        expect(found !== undefined).toBe(parse(a).some((x) => parse(b).some((y) => overlaps(x, y))));
        if (found !== undefined)
          expect(overlaps(parseCidr(found.a) as Cidr, parseCidr(found.b) as Cidr) && a.includes(found.a) && b.includes(found.b)).toBe(true);
      }),
    );
  });
});

test('subtract leaves exactly what is in no hole', () => {
  fc.assert(
    fc.property(small, fc.array(small, { maxLength: 6 }), (network, holes) => {
      const left = subtract(network, holes);
      const gone = members(holes);
      expect(members(left)).toEqual(new Set([...members([network])].filter((address) => !gone.has(address))));
    }),
  );
});

test('isWithin asks for a whole CIDR', () => {
  expect([
    isWithin('10.1.0.0/16', ['192.168.0.0/16', '10.0.0.0/8']),
    isWithin('10.0.0.0/7', ['10.0.0.0/8']),
    isWithin('10.0.0.1', []),
    isWithin('x', ['0.0.0.0/0']),
  ]).toEqual([true, false, false, false]);
});

test('a prefix map tells all that contains a CIDR, the narrowest first', () => {
  fc.assert(
    fc.property(fc.array(small, { maxLength: 12 }), small, (known, asked) => {
      const map = createPrefixMap<Cidr>();
      for (const cidr of known) map.set(cidr, cidr);
      const distinct = new Map(known.map((cidr) => [`${cidr.family} ${cidr.first} ${cidr.length}`, cidr]));
      expect(map.covering(asked)).toEqual(
        [...distinct.values()].filter((cidr) => contains(cidr, asked)).toSorted((a, b) => b.length - a.length),
      );
    }),
  );
});

test('2,000 CIDRs beside 2,000 others: no overlap, and few when joined', () => {
  const range = (second: number): string[] =>
    Array.from({ length: 2_000 }, (_, index) => `10.${second + (index >> 8) * 2}.${index & 255}.0/24`);
  expect(firstOverlap(range(0), range(1))).toBeUndefined();
  expect(aggregate([...range(0), ...range(1)]).length).toBeLessThan(40);
});
