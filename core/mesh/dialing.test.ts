import { expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import { dialable, endpointFor } from './dialing.js';

const dialer = (...internalIPs: string[]): MeshNode => ({ spec: { internalIPs, endpoints: [] } }) as unknown as MeshNode;

test.each<[string, readonly string[], readonly MeshNode[], string | undefined]>([
  ['none', [], [dialer('10.0.0.1/24')], undefined],
  ['the first, when nothing is known of who dials', ['192.0.2.1', '2001:db8::1'], [], '192.0.2.1'],
  ['the first, for who has both families', ['2001:db8::1', '192.0.2.1'], [dialer('10.0.0.1/24', '2001:db8:9::1/64')], '2001:db8::1'],
  ['that of the only family', ['192.0.2.1', '2001:db8::1'], [dialer('2001:db8:9::1/64')], '2001:db8::1'],
  [
    'that of the family which all have',
    ['192.0.2.1', '2001:db8::1'],
    [dialer('10.0.0.1/24', '2001:db8:9::1/64'), dialer('2001:db8:9::2/64')],
    '2001:db8::1',
  ],
  ['the first, when no family is common', ['192.0.2.1'], [dialer('fd00::1/64')], '192.0.2.1'],
  ['a name, which may be of any', ['gate.example.org', '192.0.2.1'], [dialer('fd00::1/64')], 'gate.example.org'],
  ['the first, for a node that has told no address', ['192.0.2.1', '2001:db8::1'], [dialer()], '192.0.2.1'],
  [
    'report 2: by IPv4, for who has nothing but a unique local address in IPv6',
    ['2001:db8:2e:10::10', '198.51.100.228'],
    [dialer('10.9.1.10/24', 'fd00:9:1::10/64')],
    '198.51.100.228',
  ],
  ['a unique local address from another one', ['fd00:8::1', '192.0.2.1'], [dialer('10.0.0.1/24', 'fd00::1/64')], 'fd00:8::1'],
  ['by IPv6 all the same, where there is nothing else', ['192.0.2.1', '2001:db8::1'], [dialer('fd00::1/64')], '2001:db8::1'],
])('dials %s', (_what, hosts, dialers, expected) => {
  expect(
    endpointFor(
      hosts.map((host) => ({ host, port: 51820 })),
      dialers,
    )?.host,
  ).toBe(expected);
});

test.each([
  ['report 1: of its only family', ['203.0.113.7', '2001:db8::7'], dialer('192.0.2.10/24'), ['203.0.113.7']],
  ['in any order of the answers', ['2001:db8::7', '203.0.113.7'], dialer('192.0.2.10/24'), ['203.0.113.7']],
  ['of both, IPv4 first', ['2001:db8::7', '203.0.113.7'], dialer('192.0.2.10/24', '2001:db8:9::1/64'), ['203.0.113.7', '2001:db8::7']],
  ['of another family, where there is no other', ['2001:db8::7'], dialer('192.0.2.10/24'), ['2001:db8::7']],
  ['all, while nothing is known of the node', ['2001:db8::7', '203.0.113.7'], undefined, ['203.0.113.7', '2001:db8::7']],
] as const)('of the addresses of a name: %s', (_what, addresses, node, expected) => {
  expect(dialable(addresses, node)).toEqual(expected);
});
