import { expect, test } from '@jest/globals';
import type { AssignedPods } from '../core/api/meshNode.js';
import { cluster, type NodeSketch } from '../test/fakes/mesh.js';
import { type NodeShortages, nodeProblems } from './nodeProblems.js';

const NONE: NodeShortages = { exhausted: [], withheld: [], lost: new Set() };

function reasons(sketches: readonly NodeSketch[], shortages: NodeShortages = NONE): Record<string, string> {
  return Object.fromEntries([...nodeProblems(cluster(sketches, '10.4.0.0/16'), shortages)].map(([name, { reason }]) => [name, reason]));
}

test.each<[string, readonly NodeSketch[], NodeShortages, Record<string, string>]>([
  [
    'nothing',
    [
      { name: 'a', podCIDR: '10.1.0.0/24' },
      { name: 'b', podCIDR: '10.1.1.0/24' },
    ],
    NONE,
    {},
  ],
  [
    'no address left',
    [
      { name: 'a', podCIDR: '10.1.0.0/24' },
      { name: 'b', podCIDR: '10.1.1.0/24' },
    ],
    { ...NONE, exhausted: ['b'] },
    { b: 'AddressesExhausted' },
  ],
  [
    'lost, whatever else is wrong with it',
    [
      { name: 'a', podCIDR: '10.1.0.0/24' },
      { name: 'b', podCIDR: '10.1.0.0/24' },
    ],
    { ...NONE, withheld: ['b'], lost: new Set(['b']) },
    { a: 'PodCIDROverlap', b: 'NodeLost' },
  ],
  ['no address given', [{ name: 'a', podCIDR: '10.1.0.0/24' }], { ...NONE, withheld: ['a'] }, { a: 'RangeOverlap' }],
  [
    'equal pod CIDRs',
    [
      { name: 'a', podCIDR: '10.1.0.0/24' },
      { name: 'b', podCIDR: '10.1.0.0/24' },
    ],
    NONE,
    { a: 'PodCIDROverlap', b: 'PodCIDROverlap' },
  ],
  [
    'one pod CIDR inside another, and a third beside both',
    [
      { name: 'a', podCIDR: '10.1.0.0/16' },
      { name: 'b', podCIDR: '10.1.7.0/24' },
      { name: 'c', podCIDR: '10.2.0.0/24' },
    ],
    NONE,
    { a: 'PodCIDROverlap', b: 'PodCIDROverlap' },
  ],
  ['two pod CIDRs of one node, one inside the other', [{ name: 'a', podCIDR: '10.1.0.0/16', secondPods: '10.1.7.0/24' }], NONE, {}],
  [
    'in the other family',
    [
      { name: 'a', podCIDR: '10.1.0.0/24', secondPods: 'fd00:1::/64' },
      { name: 'b', podCIDR: '10.1.1.0/24', secondPods: 'fd00:1::/64' },
    ],
    NONE,
    { a: 'PodCIDROverlap', b: 'PodCIDROverlap' },
  ],
])('%s', (_what, sketches, shortages, expected) => {
  expect(reasons(sketches, shortages)).toEqual(expected);
});

test("an address that Calico lends to another node is no overlap, as any other range inside another node's is", () => {
  const lent = (by: AssignedPods['by'], cidr: string): Record<string, string> =>
    Object.fromEntries(
      [
        ...nodeProblems(
          cluster(
            [
              { name: 'a', podCIDR: '10.1.0.0/26' },
              { name: 'b', podCIDR: cidr },
            ],
            '10.4.0.0/16',
          ).map((node) => ({ ...node, status: { ...node.status, assignedPods: { by, cidrs: node.spec.podCIDRs } } })),
          NONE,
        ),
      ].map(([name, { reason }]) => [name, reason]),
    );
  const both = { a: 'PodCIDROverlap', b: 'PodCIDROverlap' };
  expect([lent('calico', '10.1.0.7/32'), lent('calico', '10.1.0.0/26')]).toEqual([{}, both]);
  expect([lent('cilium', '10.1.0.7/32'), lent('annotation', '10.1.0.7/32')]).toEqual([both, both]);
});

test('machines cloned with their key name each other', () => {
  const [a, b, c] = cluster(
    [
      { name: 'a', podCIDR: '10.1.0.0/24' },
      { name: 'b', podCIDR: '10.1.1.0/24' },
      { name: 'c', podCIDR: '10.1.2.0/24' },
    ],
    '10.4.0.0/16',
  );
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes');
  const clone = { ...b, spec: { ...b.spec, publicKey: a.spec.publicKey } };
  expect([...nodeProblems([a, clone, c], NONE)]).toEqual([
    [
      'a',
      {
        subject: { kind: 'node', name: 'a' },
        reason: 'DuplicateKey',
        message: 'has the same WireGuard key as b',
        remedy: expect.stringMatching(/delete/),
      },
    ],
    [
      'b',
      {
        subject: { kind: 'node', name: 'b' },
        reason: 'DuplicateKey',
        message: 'has the same WireGuard key as a',
        remedy: expect.stringMatching(/delete/),
      },
    ],
  ]);
});

test('a node without pod CIDRs', () => {
  const [node] = cluster([{ name: 'a', podCIDR: '10.1.0.0/24' }], '10.4.0.0/16');
  if (node === undefined) throw new Error('one node');
  expect(nodeProblems([{ ...node, spec: { ...node.spec, podCIDRs: [] } }], NONE).get('a')).toMatchObject({ reason: 'NoPodCIDR' });
});

test('I1, R4: a node whose host cannot be made what the mesh needs, and what its agent says of it', () => {
  const [node] = cluster([{ name: 'a', podCIDR: '10.1.0.0/24' }], '10.4.0.0/16');
  if (node === undefined) throw new Error('one node');
  const problems = [
    { reason: 'BadDrain', message: 'of no importance here' },
    { reason: 'HostFailing', message: 'ip link set kilo0 up: Address already in use' },
  ];
  const found = (told: typeof problems): unknown => nodeProblems([{ ...node, spec: { ...node.spec, problems: told } }], NONE).get('a');
  expect(found(problems)).toEqual({
    subject: { kind: 'node', name: 'a' },
    reason: 'HostFailing',
    message: 'ip link set kilo0 up: Address already in use',
  });
  expect(found(problems.slice(0, 1))).toBeUndefined();
  const dropped = { reason: 'FirewallDrops', message: "no tunnel works, and its host's firewall drops UDP 51820 (a tunnel)" };
  expect(found([dropped, ...problems])).toMatchObject({ reason: 'HostFailing' });
  expect(found([{ ...dropped, reason: 'FirewallSuspected' }, dropped])).toEqual({ subject: { kind: 'node', name: 'a' }, ...dropped });
  expect(found([{ ...dropped, reason: 'FirewallSuspected' }])).toBeUndefined();
});
