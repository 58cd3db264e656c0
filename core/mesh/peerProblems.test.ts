import { describe, expect, test } from '@jest/globals';
import { problemText } from '../api/problem.js';
import { LABEL } from '../api/names.js';
import type { Peer } from '../api/peer.js';
import { asPeers, cluster, defaults, fakeKey, externalPeer } from '../../test/fakes/mesh.js';
import { peerProblems } from './peerProblems.js';

const nodes = cluster(
  [
    { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24', locationIPs: ['192.168.7.0/24'] },
    { name: 'b', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.2.0/24' },
  ],
  '10.4.0.0/16',
);
const far = cluster([{ name: 'w', location: 'far', internalIP: '172.20.9.11/24', podCIDR: '10.45.1.0/24' }], '10.5.0.0/16');

/** `name: reasons` of each Peer that has problems. */
function reasons(peers: readonly Peer[], mesh = defaults): Record<string, string> {
  return Object.fromEntries(
    [...peerProblems({ mesh, nodes, peers, unresolved: new Set(['nowhere.example']) })].map(([name, problems]) => [
      name,
      problems.map(({ reason }) => reason).join(' '),
    ]),
  );
}

const aged = (peer: Peer, day: number): Peer => ({
  ...peer,
  metadata: { ...peer.metadata, creationTimestamp: `2026-01-0${day}T00:00:00Z` },
});

describe('of external peers, seen from every location', () => {
  const MEMBER = 'west-location-far-0';
  test.each<[string, Peer['spec'] | object, string | undefined | { readonly member: string }]>([
    ['nothing is wrong', {}, undefined],
    ['a name that does not resolve', { endpoint: { dnsOrIP: { dns: 'nowhere.example' }, port: 1 } }, 'Unresolved'],
    ['a name that does', { endpoint: { dnsOrIP: { dns: 'home.example' }, port: 1 } }, undefined],
    [
      'around all nodes: the longest match wins; but of another member nothing is taken from it',
      { allowedIPs: ['10.0.0.0/8'] },
      { member: 'PrefixTaken PrefixTaken' },
    ],
    ["a node's pods", { allowedIPs: ['10.42.1.0/24'] }, 'PrefixTaken'],
    ['within those of another location', { allowedIPs: ['10.42.2.7/32'] }, 'PrefixTaken'],
    ['a network that is beside a node', { allowedIPs: ['192.168.7.0/24'] }, 'PrefixTaken'],
    ["another member's pods: that one loses them, and is told", { allowedIPs: ['10.45.1.0/24'] }, { member: 'PrefixTaken' }],
    ["one pod of another member's: the same", { allowedIPs: ['10.45.1.7/32'] }, { member: 'PrefixTaken' }],
    ['the default route', { allowedIPs: ['0.0.0.0/0'] }, 'DefaultRoute'],
    ['a loopback range', { allowedIPs: ['127.0.0.0/8'] }, 'SpecialRange'],
    ['what nodes of one location reach directly', { allowedIPs: ['172.20.2.0/25'] }, 'LocalNetwork'],
    ["a node's key", { publicKey: fakeKey('a') }, 'DuplicateKey'],
    ["a far gateway's key: the same", { publicKey: fakeKey('w') }, { member: 'DuplicateKey' }],
    [
      'two things at once: the whole tunnel before a prefix',
      { publicKey: fakeKey('a'), allowedIPs: ['10.9.0.1/32', '0.0.0.0/0'] },
      'DuplicateKey DefaultRoute',
    ],
  ])('%s', (_what, spec, expected) => {
    const found = typeof expected === 'object' ? { [MEMBER]: expected.member } : expected === undefined ? {} : { laptop: expected };
    expect(reasons([externalPeer('laptop', spec), ...asPeers('west', far, 2)])).toEqual(found);
  });

  test('the older of two keeps key and prefix, and the message names it', () => {
    const [older, younger] = [aged(externalPeer('z'), 1), aged(externalPeer('a', { publicKey: fakeKey('z') }), 2)];
    const found = peerProblems({ mesh: defaults, nodes, peers: [younger, older], unresolved: new Set() });
    expect([...found.keys()]).toEqual(['a']);
    expect(found.get('a')?.map(problemText)).toEqual([
      'has the public key of peer z, which keeps it: give one of the two a new key',
      '10.9.0.1/32 already belongs to peer:z: remove it from one of the two',
    ]);
  });

  test("one that is being deleted is in nobody's way", () => {
    const leaving = externalPeer('z');
    expect(
      reasons([{ ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, externalPeer('m')]),
    ).toEqual({});
  });
});

describe('of the hub', () => {
  const [peer] = asPeers('west', far, 2) as [Peer];
  const changed = (change: {
    readonly labels?: object;
    readonly annotations?: object;
    readonly spec?: object;
    readonly name?: string;
  }): Peer => ({
    ...peer,
    metadata: {
      name: change.name ?? peer.metadata.name,
      labels: { ...peer.metadata.labels, ...change.labels },
      annotations: { ...peer.metadata.annotations, ...change.annotations },
    },
    spec: { ...peer.spec, ...change.spec },
  });
  test.each<[string, readonly Peer[], Record<string, string>]>([
    ['as it writes them', [peer], {}],
    [
      'a prefix of ours: each Peer of the segment',
      [changed({ spec: { allowedIPs: ['10.42.1.0/24'] } })],
      { 'west-location-far-0': 'PrefixTaken' },
    ],
    ['without a slot', [changed({ annotations: { 'kilofed.io/slot': 'x' } })], { 'west-location-far-0': 'Incomplete' }],
    ['two in one slot', [peer, changed({ name: 'west-x', spec: { publicKey: fakeKey('x') } })], { 'west-x': 'DuplicateSlot' }],
    [
      'in a slot beyond our planes: of each of our segments',
      [changed({ annotations: { 'kilofed.io/slot': '3', 'kilofed.io/planes': '4' } })],
      { 'west-location-far-0': 'NoCommonPlane NoCommonPlane' },
    ],
    [
      'a port that there is not',
      [changed({ spec: { endpoint: { dnsOrIP: { ip: '203.0.113.1' }, port: 70_000 } } })],
      { 'west-location-far-0': 'Unresolved' },
    ],
    [
      'with both prefixes of another segment of that member',
      [peer, changed({ name: 'west-y', labels: { [LABEL.segment]: 'y' }, spec: { publicKey: fakeKey('y') } })],
      { 'west-y': 'PrefixTaken PrefixTaken' },
    ],
  ])('%s', (_what, peers, expected) => {
    expect(reasons(peers)).toEqual(expected);
  });
});
