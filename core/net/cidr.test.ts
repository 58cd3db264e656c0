import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { cidr as cidrSchema, ipAddress } from '../api/schema.js';
import {
  addressOf,
  type Cidr,
  compareCidrs,
  contains,
  formatAddress,
  formatCidr,
  lastOf,
  overlaps,
  parseAddress,
  parseCidr,
  singleAddress,
  sortCidrs,
} from './cidr.js';

const cidr: fc.Arbitrary<Cidr> = fc.oneof(
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), fc.integer({ min: 0, max: 32 }))
    .map(([bits, length]) => parseCidr(`${formatAddress(4, bits)}/${length}`) as Cidr),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.integer({ min: 0, max: 128 }))
    .map(([bits, length]) => parseCidr(`${formatAddress(6, bits)}/${length}`) as Cidr),
);

describe('text', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/31', '255.255.255.254/31'],
    ['FD00:0:0:1::5/64', 'fd00:0:0:1::/64'],
    ['::', '::/128'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1/128'],
    ['::ffff:1.2.3.4', '::ffff:102:304/128'],
  ])('%s is %s', (text, canonical) => {
    expect(formatCidr(parseCidr(text) as Cidr)).toBe(canonical);
  });

  test.each([
    '',
    '/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '10.0.0',
    '010.0.0.1',
    '0x0a.0.0.1',
    '256.0.0.1',
    'fd00::/129',
    'fe80::1%eth0',
    'fe80::1%eth0/64',
    ':::',
    'host',
  ])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  test.each(['fd00::010.0.0.1', 'fd00::0xa.0.0.1', 'fd00::10.0.0.0x1', '::ffff:010.0.0.1', 'fd00::10.0.1', 'fd00::10.0.0.1:5'])(
    'L12: %s, which some read as one address and others as none, is none',
    (text) => {
      expect([parseAddress(text), ipAddress.safeParse(text).success, cidrSchema.safeParse(`${text}/128`).success]).toEqual([
        undefined,
        false,
        false,
      ]);
    },
  );

  test('any CIDR is read as it is written', () => {
    fc.assert(fc.property(cidr, (one) => expect(parseCidr(formatCidr(one))).toEqual(one)));
  });

  test('any address is read as it is written', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const parsed = parseAddress(text);
        expect(parsed).toBeDefined();
        if (parsed !== undefined) expect(parseAddress(formatAddress(6, parsed.bits))).toEqual(parsed);
      }),
    );
    fc.assert(fc.property(fc.ipV4(), (text) => expect(formatAddress(4, parseAddress(text)?.bits ?? 0n)).toBe(text)));
  });

  test('an address loses its prefix length, or gets that of itself alone', () => {
    expect(addressOf('10.0.0.2/24')).toBe('10.0.0.2');
    expect(addressOf('FD00::2')).toBe('fd00::2');
    expect(addressOf('nobody')).toBeUndefined();
    expect(singleAddress('fd00::2')).toBe('fd00::2/128');
    expect(() => singleAddress('nobody')).toThrow('nobody');
  });
});

describe('order', () => {
  test('IPv4 first, then by number and not by text, a network right before what it contains', () => {
    expect(sortCidrs(['fd00::/64', '10.0.0.0/24', '9.0.0.0/8', '10.0.0.0/8', '10.0.0.7', 'x', '10.0.0.9/24'])).toEqual([
      '9.0.0.0/8',
      '10.0.0.0/8',
      '10.0.0.0/24',
      '10.0.0.7/32',
      'fd00::/64',
    ]);
  });

  test('is total', () => {
    fc.assert(
      fc.property(cidr, cidr, (a, b) => {
        expect(Math.sign(compareCidrs(a, b))).toBe(-Math.sign(compareCidrs(b, a)) + 0);
        expect(compareCidrs(a, b) === 0).toBe(formatCidr(a) === formatCidr(b));
      }),
    );
  });
});

test('two CIDRs contain one another or are disjoint', () => {
  fc.assert(
    fc.property(cidr, cidr, (a, b) => {
      const share = a.family === b.family && a.first <= lastOf(b) && b.first <= lastOf(a);
      expect(overlaps(a, b)).toBe(share);
      expect(contains(a, b)).toBe(share && a.length <= b.length);
    }),
  );
});
