import { expect, test } from '@jest/globals';
import type { ObservedEndpoint, MeshNode } from '../api/meshNode.js';
import { subjectText } from '../api/problem.js';
import { asPeers, cluster, defaults, fakeKey } from '../../test/fakes/mesh.js';
import { observedEndpointsOf } from './observedEndpoints.js';
import { planNode } from './planNode.js';

/** Of gateway `far`, whose plane 0 listens on 51820. */
type Telling = readonly [by: string, plane: number, host: string, port: number];

function node(name: string, observed: readonly ObservedEndpoint[], internalIPs = ['192.168.1.5/24']): MeshNode {
  const [made] = cluster([{ name, internalIP: internalIPs[0] ?? null, podCIDR: '10.42.1.0/24' }], '10.4.0.0/16');
  if (made === undefined) throw new Error('no node');
  return { ...made, spec: { ...made.spec, internalIPs, endpoints: [], observedEndpoints: [...observed] } };
}

function tellersOf(tellings: readonly Telling[], about = 'far'): MeshNode[] {
  return tellings.map(([by, plane, host, port]) => node(by, [{ publicKey: fakeKey(about), plane, host, port }]));
}

test.each<
  [
    string,
    {
      readonly tellings: readonly Telling[];
      readonly slot?: number;
      readonly internalIPs?: string[];
      readonly us?: readonly Telling[];
      readonly expected: readonly string[];
    },
  ]
>([
  ['nowhere', { tellings: [], expected: [] }],
  ['where somebody observes it', { tellings: [['t', 0, '203.0.113.9', 41820]], expected: ['203.0.113.9:41820'] }],
  [
    'where most observe it first',
    {
      tellings: [
        ['t', 0, '203.0.113.9', 1],
        ['u', 0, '203.0.113.9', 2],
        ['v', 0, '203.0.113.9', 2],
      ],
      expected: ['203.0.113.9:2', '203.0.113.9:1'],
    },
  ],
  [
    'at four endpoints at most',
    {
      tellings: [1, 2, 3, 4, 5].map((port): Telling => [`t${port}`, 0, '203.0.113.9', port]),
      expected: ['203.0.113.9:1', '203.0.113.9:2', '203.0.113.9:3', '203.0.113.9:4'],
    },
  ],
  [
    'not where another plane of it is observed, for a node in slot 1',
    { tellings: [['t', 0, '203.0.113.9', 41820]], slot: 1, expected: [] },
  ],
  [
    'where its plane of our slot is observed',
    {
      tellings: [
        ['t', 0, '203.0.113.9', 41820],
        ['u', 1, '203.0.113.9', 41999],
      ],
      slot: 1,
      expected: ['203.0.113.9:41999'],
    },
  ],
  [
    'where another plane is observed whose port the NAT has kept',
    { tellings: [['t', 0, '203.0.113.9', 51820]], slot: 1, expected: ['203.0.113.9:51821'] },
  ],
  ['not where only the node itself observes it', { tellings: [['self', 0, '203.0.113.9', 41820]], expected: [] }],
  ['not at a private address', { tellings: [['t', 0, '10.9.0.9', 41820]], expected: [] }],
  [
    'at a private one, where the node itself is observed at one',
    { tellings: [['t', 0, '10.9.0.9', 41820]], us: [['t', 0, '10.9.0.1', 51820]], expected: ['10.9.0.9:41820'] },
  ],
  [
    'not at an address that nobody can have',
    {
      tellings: [
        ['t', 0, '127.0.0.1', 41820],
        ['u', 0, '224.0.0.1', 1],
      ],
      expected: [],
    },
  ],
  ['not by IPv6, where we have none', { tellings: [['t', 0, '2001:db8::9', 41820]], expected: [] }],
  [
    'by IPv6, where we have it',
    { tellings: [['t', 0, '2001:db8:0::9', 41820]], internalIPs: ['fd00::5/64'], expected: ['[2001:db8::9]:41820'] },
  ],
])('a far gateway is tried %s', (_what, { tellings, slot = 0, internalIPs, us = [], expected }) => {
  const self = node('self', [], internalIPs);
  const nodes = [...tellersOf(tellings), ...tellersOf(us, 'self'), self];
  expect(observedEndpointsOf({ self, slot, nodes })({ publicKey: fakeKey('far'), port: 51820 })).toEqual(expected);
});

test("another member's gateway is found by its key, too", () => {
  const [far] = cluster([{ name: 'w', internalIP: '192.168.7.5/24', podCIDR: '10.43.0.0/24' }], '10.5.0.0/16');
  const own = cluster(
    ['a', 't'].map((name, index) => ({ name, location: name, internalIP: `192.168.${index}.5/24`, podCIDR: `10.42.${index}.0/24` })),
    '10.4.0.0/16',
  );
  if (far === undefined) throw new Error('no node');
  const nodes = own.map((one) =>
    one.metadata.name === 't'
      ? {
          ...one,
          spec: { ...one.spec, observedEndpoints: [{ publicKey: far.spec.publicKey, plane: 0, host: '203.0.113.9', port: 41820 }] },
        }
      : one,
  );
  const planned = planNode({ node: 'a', mesh: defaults, nodes, peers: asPeers('west', [far], 2), resolved: {}, underlayMtu: 1500 });
  expect(
    planned.kind === 'plan' &&
      planned.plan.interfaces[0]?.peers.find(({ publicKey }) => publicKey === far.spec.publicKey)?.observedEndpoints,
  ).toEqual(['203.0.113.9:41820']);
});

test('a plan has it beside the endpoint that is wanted, and not that one twice', () => {
  const [a, b, c] = cluster(
    [
      { name: 'a', location: 'x' },
      { name: 'b', location: 'y' },
      { name: 'c', location: 'z' },
    ].map((one, index) => ({ ...one, internalIP: `192.168.${index}.5/24`, podCIDR: `10.42.${index}.0/24` })),
    '10.4.0.0/16',
  );
  if (a === undefined || b === undefined || c === undefined) throw new Error('no nodes');
  const told = (host: string): ObservedEndpoint => ({ publicKey: b.spec.publicKey, plane: 0, host, port: 51820 });
  const nodes = [
    a,
    b,
    {
      ...c,
      spec: {
        ...c.spec,
        observedEndpoints: [told('203.0.113.9'), told('192.168.1.5'), { ...told('192.168.9.9'), publicKey: a.spec.publicKey }],
      },
    },
  ];
  const planned = planNode({ node: 'a', mesh: defaults, nodes, peers: [], resolved: {}, underlayMtu: 1500 });
  const peers = planned.kind === 'plan' ? planned.plan.interfaces[0]?.peers : undefined;
  expect(peers?.map(({ owner, endpoint, observedEndpoints: places }) => [subjectText(owner), endpoint, places]).toSorted()).toEqual([
    ['gateway b', '192.168.1.5:51820', ['203.0.113.9:51820']],
    ['gateway c', '192.168.2.5:51820', undefined],
  ]);
});
