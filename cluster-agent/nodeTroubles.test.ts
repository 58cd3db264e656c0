import { expect, test } from '@jest/globals';
import { cluster, type NodeSketch } from '../test/fakes/mesh.js';
import { type NodeShortages, nodeTroubles } from './nodeTroubles.js';

const NONE: NodeShortages = { exhausted: [], withheld: [] };

function reasons(sketches: readonly NodeSketch[], shortages: NodeShortages = NONE): Record<string, string> {
  return Object.fromEntries([...nodeTroubles(cluster(sketches, '10.4.0.0/16'), shortages)].map(([name, { reason }]) => [name, reason]));
}

test.each<[string, readonly NodeSketch[], NodeShortages, Record<string, string>]>([
  ['nothing', [{ name: 'a', podCIDR: '10.1.0.0/24' }, { name: 'b', podCIDR: '10.1.1.0/24' }], NONE, {}],
  ['no address left', [{ name: 'a', podCIDR: '10.1.0.0/24' }, { name: 'b', podCIDR: '10.1.1.0/24' }], { exhausted: ['b'], withheld: [] }, { b: 'AddressesExhausted' }],
  ['no address given', [{ name: 'a', podCIDR: '10.1.0.0/24' }], { exhausted: [], withheld: ['a'] }, { a: 'RangeOverlap' }],
  ['equal pod CIDRs', [{ name: 'a', podCIDR: '10.1.0.0/24' }, { name: 'b', podCIDR: '10.1.0.0/24' }], NONE, { a: 'PodCIDROverlap', b: 'PodCIDROverlap' }],
  [
    'one pod CIDR inside another, and a third beside both',
    [{ name: 'a', podCIDR: '10.1.0.0/16' }, { name: 'b', podCIDR: '10.1.7.0/24' }, { name: 'c', podCIDR: '10.2.0.0/24' }],
    NONE,
    { a: 'PodCIDROverlap', b: 'PodCIDROverlap' },
  ],
  ['two pod CIDRs of one node, one inside the other', [{ name: 'a', podCIDR: '10.1.0.0/16', secondPods: '10.1.7.0/24' }], NONE, {}],
  [
    'in the other family',
    [{ name: 'a', podCIDR: '10.1.0.0/24', secondPods: 'fd00:1::/64' }, { name: 'b', podCIDR: '10.1.1.0/24', secondPods: 'fd00:1::/64' }],
    NONE,
    { a: 'PodCIDROverlap', b: 'PodCIDROverlap' },
  ],
])('%s', (_what, sketches, shortages, expected) => {
  expect(reasons(sketches, shortages)).toEqual(expected);
});

test('machines cloned with their key name each other', () => {
  const [a, b, c] = cluster([{ name: 'a', podCIDR: '10.1.0.0/24' }, { name: 'b', podCIDR: '10.1.1.0/24' }, { name: 'c', podCIDR: '10.1.2.0/24' }], '10.4.0.0/16');
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes');
  const clone = { ...b, spec: { ...b.spec, publicKey: a.spec.publicKey } };
  expect([...nodeTroubles([a, clone, c], NONE)]).toEqual([
    ['a', { reason: 'DuplicateKey', message: expect.stringMatching(/^has the same WireGuard key as b: /) }],
    ['b', { reason: 'DuplicateKey', message: expect.stringMatching(/^has the same WireGuard key as a: /) }],
  ]);
});

test('a node without pod CIDRs', () => {
  const [node] = cluster([{ name: 'a', podCIDR: '10.1.0.0/24' }], '10.4.0.0/16');
  if (node === undefined) throw new Error('one node');
  expect(nodeTroubles([{ ...node, spec: { ...node.spec, podCIDRs: [] } }], NONE).get('a')).toMatchObject({ reason: 'NoPodCIDR' });
});

test('five thousand nodes take less than a second', () => {
  const sketches = Array.from({ length: 5_000 }, (_, index): NodeSketch => ({ name: `n${index}`, podCIDR: `10.${index >> 8}.${index & 255}.0/24` }));
  const nodes = cluster(sketches, '172.16.0.0/16');
  const began = performance.now();
  expect(nodeTroubles(nodes, NONE).size).toBe(0);
  expect(performance.now() - began).toBeLessThan(1_000);
});
