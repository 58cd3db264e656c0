import { expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import { endpointFor } from './dialing.js';

const dialer = (...internalIPs: string[]): MeshNode => ({ spec: { internalIPs, endpoints: [] } }) as unknown as MeshNode;

test.each<[string, readonly string[], readonly MeshNode[], string | undefined]>([
  ['none', [], [dialer('10.0.0.1/24')], undefined],
  ['the first, when nothing is known of who dials', ['192.0.2.1', '2001:db8::1'], [], '192.0.2.1'],
  ['the first, for who has both families', ['2001:db8::1', '192.0.2.1'], [dialer('10.0.0.1/24', 'fd00::1/64')], '2001:db8::1'],
  ['that of the only family', ['192.0.2.1', '2001:db8::1'], [dialer('fd00::1/64')], '2001:db8::1'],
  [
    'that of the family which all have',
    ['192.0.2.1', '2001:db8::1'],
    [dialer('10.0.0.1/24', 'fd00::1/64'), dialer('fd00::2/64')],
    '2001:db8::1',
  ],
  ['the first, when no family is common', ['192.0.2.1'], [dialer('fd00::1/64')], '192.0.2.1'],
  ['a name, which may be of any', ['gate.example.org', '192.0.2.1'], [dialer('fd00::1/64')], 'gate.example.org'],
  ['the first, for a node that has told no address', ['192.0.2.1', '2001:db8::1'], [dialer()], '192.0.2.1'],
])('dials %s', (_what, hosts, dialers, expected) => {
  expect(
    endpointFor(
      hosts.map((host) => ({ host, port: 51820 })),
      dialers,
    )?.host,
  ).toBe(expected);
});
