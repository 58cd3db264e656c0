import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { clusterFacts, type NodeSketch } from '../../../test/fakes/facts.js';
import { planPeers, reachableFrom, type Rights, segmentToken } from './planPeers.js';

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();
const NOBODY: Rights = { isNodeElsewhere: () => false, holderOf: () => undefined };
const west = { id: 'west', facts: clusterFacts([{ name: 'w', pods: ['10.2.0.0/24'], internal: ['10.0.0.7/24'] }], { mesh: ['10.4.2.0/24'], services: ['10.102.0.0/16'] }) };

const plan = (nodes: readonly NodeSketch[], rights = NOBODY): ReturnType<typeof planPeers> =>
  planPeers({ source: { id: 'east', facts: clusterFacts(nodes, { mesh: ['10.4.1.0/24'] }) }, target: west, rights, sha256 });

const A1: NodeSketch = { name: 'a1', pods: ['10.1.0.0/24'], internal: ['192.168.1.11/24'], location: 'lyon', endpoint: '192.0.2.11', mesh: ['10.4.1.1'], slot: 0, keepalive: 25 };
const A2: NodeSketch = { name: 'a2', pods: ['10.1.1.0/24'], internal: ['192.168.1.12/24'], location: 'lyon', endpoint: 'gate.example.org', mesh: ['10.4.1.2'], slot: 1 };
const A3: NodeSketch = { name: 'a3', pods: ['10.1.3.0/24'], internal: ['192.168.1.13/24'], location: 'lyon', mesh: ['10.4.1.4'] };

describe('planPeers', () => {
  test('one Peer per gateway, each with all that is behind the segment', () => {
    const { peers, problems } = plan([A1, A2, A3]);
    expect(problems).toEqual([]);
    const allowedIPs = ['10.1.0.0/24', '10.1.1.0/24', '10.1.3.0/24', '10.4.1.1/32', '10.4.1.2/32', '10.4.1.4/32', '192.168.1.13/32'];
    expect(peers.map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
      ['east-lyon-0', { publicKey: 'key-of-a1', allowedIPs, endpoint: { dnsOrIP: { ip: '192.0.2.11' }, port: 51820 }, persistentKeepalive: 25 }],
      ['east-lyon-1', { publicKey: 'key-of-a2', allowedIPs, endpoint: { dnsOrIP: { dns: 'gate.example.org' }, port: 51820 } }],
    ]);
    expect(peers[1]?.metadata.labels).toEqual({
      'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'east', 'kilofed.io/location': 'lyon', 'kilofed.io/segment': 'lyon',
    });
    expect(peers[1]?.metadata.annotations).toMatchObject({ 'kilofed.io/slot': '1', 'kilofed.io/planes': '2', 'kilofed.io/mesh-address': '10.4.1.2' });
  });

  test('the endpoint is one that the nodes of the target can dial', () => {
    const both = clusterFacts([A1], { mesh: ['10.4.1.0/24'] });
    const nodes = both.nodes.map((node) => ({ ...node, spec: { ...node.spec, endpoints: [{ host: '192.0.2.11', port: 51820 }, { host: '2001:db8::11', port: 51820 }] } }));
    const six = { id: 'six', facts: clusterFacts([{ name: 's', pods: ['fd42::/64'], internal: ['fd20::7/64'] }], { mesh: ['fd04::/64'] }) };
    const endpointIn = (target: typeof west): unknown => planPeers({ source: { id: 'east', facts: { ...both, nodes } }, target, rights: NOBODY, sha256 }).peers[0]?.spec.endpoint?.dnsOrIP;
    expect(endpointIn(west)).toEqual({ ip: '192.0.2.11' });
    expect(endpointIn(six)).toEqual({ ip: '2001:db8::11' });
  });

  test('networks beside nodes stay in their cluster: nothing registers them, and LANs everywhere use the same', () => {
    expect(plan([{ ...A1, locationIPs: ['192.168.178.0/24'] }])).toEqual(plan([A1]));
  });

  test.each(['full', 'cross'] as const)('with granularity %s one Peer per node, in slot 0, with what is behind that node', (granularity) => {
    const { peers, problems } = planPeers({ source: { id: 'east', facts: clusterFacts([A1, A2, A3], { mesh: ['10.4.1.0/24'], granularity }) }, target: west, rights: NOBODY, sha256 });
    expect(problems).toEqual([]);
    const told = peers.map(({ metadata, spec }) => [spec.publicKey, [metadata.annotations?.['kilofed.io/slot'], metadata.labels?.['kilofed.io/location'], spec.allowedIPs]]);
    expect(Object.fromEntries(told)).toEqual({
      'key-of-a1': ['0', 'lyon', ['10.1.0.0/24', '10.4.1.1/32']],
      'key-of-a2': ['0', 'lyon', ['10.1.1.0/24', '10.4.1.2/32']],
      'key-of-a3': ['0', 'lyon', ['10.1.3.0/24', '10.4.1.4/32']],
    });
    expect(new Set(peers.map(({ metadata }) => metadata.labels?.['kilofed.io/segment'])).size).toBe(3);
  });

  test('is the same whatever the order of the nodes, and its hash tells a difference', () => {
    expect(plan([A3, A2, A1])).toEqual(plan([A1, A2, A3]));
    const hash = (nodes: readonly NodeSketch[]): unknown => plan(nodes).peers[0]?.metadata.annotations?.['kilofed.io/hash'];
    expect(hash([A1, A2])).toBe(hash([A2, A1]));
    expect(hash([A1, A2])).not.toBe(hash([{ ...A1, keepalive: 5 }, A2]));
  });

  test.each([
    ['in a network of the target', { ...A3, internal: ['10.0.0.9/32'] }],
    ['among the target\'s Services', { ...A3, internal: ['10.102.0.9/32'] }],
    ['public', { ...A3, internal: ['198.51.100.9/32'] }],
    ['an endpoint of a tunnel', { ...A3, internal: ['192.168.1.13/24'], endpoint: '192.168.1.13' }],
  ])('a node address that is %s is not routed', (_name, node) => {
    const allowed = plan([A1, node]).peers[0]?.spec.allowedIPs ?? [];
    expect(allowed.filter((prefix) => node.internal.some((address) => prefix.startsWith(`${address.split('/')[0]}/`)))).toEqual([]);
    expect(allowed).toContain('10.1.3.0/24');
  });

  test('a node address that a third member has too is nobody\'s', () => {
    const { peers } = plan([A1, A3], { ...NOBODY, isNodeElsewhere: (address) => address === '192.168.1.13' });
    expect(peers[0]?.spec.allowedIPs).not.toContain('192.168.1.13/32');
  });

  test('a prefix that is another member\'s in the target is left out, and said so', () => {
    const { peers, problems } = plan([A1, A3], { ...NOBODY, holderOf: (prefix) => (prefix === '10.1.3.0/24' ? 'north' : undefined) });
    expect(peers[0]?.spec.allowedIPs).toContain('10.1.0.0/24');
    expect(peers[0]?.spec.allowedIPs).not.toContain('10.1.3.0/24');
    expect(problems).toEqual([expect.objectContaining({ subject: 'pair west', reason: 'PrefixTaken' })]);
  });

  test.each([['127.0.0.0/8'], ['169.254.0.0/16'], ['0.0.0.0/0'], ['224.0.0.0/4'], ['::/0'], ['fe80::/64']])('nobody draws %s to himself', (cidr) => {
    const { peers, problems } = plan([{ ...A1, pods: ['10.1.0.0/24', cidr] }]);
    expect(peers[0]?.spec.allowedIPs).not.toContain(cidr);
    expect(problems).toEqual([expect.objectContaining({ reason: 'SpecialAddress' })]);
  });

  test('a segment without a gateway is a problem', () => {
    const { peers, problems } = plan([A3]);
    expect(peers).toEqual([]);
    expect(problems).toEqual([expect.objectContaining({ subject: 'segment location:lyon', reason: 'NoGateway' })]);
  });

  test('names are short, valid and never two clusters\' the same', () => {
    const named = (id: string, location: string): string | undefined =>
      planPeers({ source: { id, facts: clusterFacts([{ ...A1, location }], { mesh: ['10.4.1.0/24'] }) }, target: west, rights: NOBODY, sha256 }).peers[0]?.metadata.name;
    expect(named('a', 'b-c')).not.toBe(named('a-b', 'c'));
    expect(named('a'.repeat(63), 'lyon')).toMatch(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/);
    expect(named('a'.repeat(63), 'lyon')?.length).toBeLessThanOrEqual(63);
    expect(named('a', 'Ünïcode / 北京')).toMatch(/^a-x[0-9a-f]{8}-0$/);
  });
});

test.each([
  ['lyon', 'location:lyon', 'lyon'],
  ['', 'location:', /^x[0-9a-f]{8}$/],
  ['eu-west-1', 'location:eu-west-1', /^x[0-9a-f]{8}$/],
  ['lyon', 'node:lonely', /^x[0-9a-f]{8}$/],
  ['x0123abcd', 'location:x0123abcd', /^x(?!0123abcd)[0-9a-f]{8}$/],
])('the token of location %j in segment %s', (location, name, expected) => {
  const token = segmentToken({ name, location });
  if (typeof expected === 'string') expect(token).toBe(expected);
  else expect(token).toMatch(expected);
});

test('what can be reached is what is routed', () => {
  const source = { id: 'east', facts: clusterFacts([A1, A2, A3], { mesh: ['10.4.1.0/24'] }) };
  expect(reachableFrom({ source, target: west, rights: NOBODY })).toEqual(planPeers({ source, target: west, rights: NOBODY, sha256 }).peers[0]?.spec.allowedIPs);
});
