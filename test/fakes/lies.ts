/**
 * What a lying member may say about its network: well-formed, about the addresses and keys of others, or anything at all.
 */
import * as fc from 'fast-check';
import { addressOf, parseCidr } from '../../core/net/cidr.js';

export const KEYS = [1, 2, 3, 4].map((each) => Buffer.alloc(32, each).toString('base64'));
/** Addresses that tests give to others. */
const OTHERS = [
  '10.1.0.0',
  '10.2.0.0',
  '10.4.1.1',
  '10.4.2.0',
  '10.77.1.1',
  '10.102.0.0',
  '10.0.0.0',
  '10.8.8.8',
  '192.168.178.0',
  '10.5.0.2',
  '192.168.10.0',
  '10.9.9.9',
  '10.6.6.6',
  '192.0.2.1',
];

/** Among what others have, around it, and elsewhere. */
const address = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...OTHERS) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(0, 2, 4, 5, 6, 8, 9, 102), fc.nat(1), fc.nat(12)).map(([a, b, c]) => `10.${a}.${b}.${c}`),
  },
  fc.constantFrom('8.8.8.8', '127.0.0.1', '169.254.169.254', '10.1.0.5', '10.4.1.9', '192.168.1.5', 'fd00:1::5', 'fe80::1', '2001:db8::1'),
  fc.ipV4(),
  fc.ipV6(),
);
const cidr = fc.tuple(address, fc.nat(128)).map(([host, length]) => {
  const parsed = parseCidr(`${host}/${host.includes(':') ? length : length % 33}`);
  const text = parsed === undefined ? '' : `${addressOf(host)}/${parsed.length}`;
  return fitted(text);
});
const host = fc.oneof(address, fc.domain(), fc.constantFrom('localhost', '127.1', 'gate.example.org'));
const few = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(each, { maxLength: 3 });

/** `text` without bits behind its prefix length, as schemas want it. */
function fitted(text: string): string {
  const parsed = parseCidr(text);
  if (parsed === undefined) return text;
  const bits = parsed.first.toString(16).padStart(parsed.family === 4 ? 8 : 32, '0');
  const parts = bits.match(parsed.family === 4 ? /../g : /..../g) ?? [];
  const start = parsed.family === 4 ? parts.map((part) => Number.parseInt(part, 16)).join('.') : parts.join(':');
  return `${start}/${parsed.length}`;
}

export const lyingMesh = fc.record({
  apiVersion: fc.constant('kilofed.io/v1alpha1'),
  kind: fc.constant('Mesh'),
  metadata: fc.constant({ name: 'default' }),
  spec: fc.record({
    wireguardCIDRs: fc.oneof(
      fc.constant(['10.4.1.0/24']),
      cidr.map((each) => [each]),
    ),
    granularity: fc.constantFrom('location', 'full', 'cross'),
  }),
  status: fc.record({ podCIDRs: few(cidr), serviceCIDRs: few(cidr) }),
});
export const lyingMeshNode = fc.record({
  apiVersion: fc.constant('kilofed.io/v1alpha1'),
  kind: fc.constant('MeshNode'),
  metadata: fc.record({ name: fc.constantFrom('a', 'b', 'c') }),
  spec: fc.record({
    publicKey: fc.constantFrom(...KEYS),
    endpoints: few(fc.record({ host, port: fc.constant(51820) })),
    internalIPs: few(address.map((each) => `${each}/${each.includes(':') ? 64 : 24}`)),
    podCIDRs: few(cidr),
    location: fc.constantFrom('', 'lyon'),
  }),
  status: fc.record({ meshAddresses: fc.array(address, { maxLength: 2 }), slot: fc.nat(3) }),
});

/** With anything at all in place of some field. */
export function spoilt(object: fc.Arbitrary<object>): fc.Arbitrary<unknown> {
  const place = fc.constantFrom(
    ...['metadata', 'spec', 'status', 'podCIDRs', 'endpoints', 'meshAddresses', 'internalIPs', 'wireguardCIDRs'],
  );
  return fc.tuple(object, fc.option(fc.tuple(place, fc.anything())), fc.boolean()).map(([good, lie]) => {
    if (lie === null) return good;
    const [field, value] = lie;
    const inside = (of: object): object =>
      Object.fromEntries(
        Object.entries(of).map(([name, each]: [string, unknown]) => [
          name,
          name === field ? value : typeof each === 'object' && each !== null && !Array.isArray(each) ? inside(each) : each,
        ]),
      );
    return { ...inside(good), metadata: { name: 'default', ...(inside(good) as { metadata?: object }).metadata } };
  });
}
