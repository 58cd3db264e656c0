import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { formatCidr } from '../../../core/net/cidr.js';
import { createCidrIndex } from '../../../core/net/cidrIndex.js';
import { clusterFacts, NO_API_SERVERS, type NodeSketch, targetMember, UNCONTESTED } from '../../../test/fakes/facts.js';
import type { PeerClaims } from '../../records/peerClaims.js';
import { findReach } from '../../pairs/routablePrefixes.js';
import { segmentToken } from '../../pairs/segmentToken.js';
import { planMemberPeers } from './planMemberPeers.js';

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();
const west = targetMember(
  'west',
  clusterFacts([{ name: 'w', pods: ['10.2.0.0/24'], internal: ['10.0.0.7/24'] }], {
    mesh: ['10.4.2.0/24'],
    services: ['10.102.0.0/16'],
  }),
);

const plan = (nodes: readonly NodeSketch[], ownership = UNCONTESTED): ReturnType<typeof planMemberPeers> =>
  planMemberPeers({
    source: { id: 'east', facts: clusterFacts(nodes, { mesh: ['10.4.1.0/24'] }) },
    target: west,
    apiServers: NO_API_SERVERS,
    ownership,
    sha256,
  });

const A1: NodeSketch = {
  name: 'a1',
  pods: ['10.1.0.0/24'],
  internal: ['192.168.1.11/24'],
  location: 'lyon',
  endpoint: '192.0.2.11',
  mesh: ['10.4.1.1'],
  slot: 0,
  keepalive: 25,
};
const A2: NodeSketch = {
  name: 'a2',
  pods: ['10.1.1.0/24'],
  internal: ['192.168.1.12/24'],
  location: 'lyon',
  endpoint: 'gate.example.org',
  mesh: ['10.4.1.2'],
  slot: 1,
};
const A3: NodeSketch = { name: 'a3', pods: ['10.1.3.0/24'], internal: ['192.168.1.13/24'], location: 'lyon', mesh: ['10.4.1.4'] };

describe('planMemberPeers', () => {
  test('one Peer per gateway, each with all that is behind the segment', () => {
    const { peers, problems } = plan([A1, A2, A3]);
    expect(problems).toEqual([]);
    const allowedIPs = ['10.1.0.0/24', '10.1.1.0/24', '10.1.3.0/24', '10.4.1.1/32', '10.4.1.2/32', '10.4.1.4/32', '192.168.1.13/32'];
    expect(peers.map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
      [
        'east-lyon-0',
        { publicKey: 'key-of-a1', allowedIPs, endpoint: { dnsOrIP: { ip: '192.0.2.11' }, port: 51820 }, persistentKeepalive: 25 },
      ],
      ['east-lyon-1', { publicKey: 'key-of-a2', allowedIPs, endpoint: { dnsOrIP: { dns: 'gate.example.org' }, port: 51820 } }],
    ]);
    expect(peers[1]?.metadata.labels).toEqual({
      'kilofed.io/managed-by': 'kilofed-hub',
      'kilofed.io/cluster': 'east',
      'kilofed.io/location': 'lyon',
      'kilofed.io/segment': 'lyon',
    });
    expect(peers[1]?.metadata.annotations).toMatchObject({
      'kilofed.io/slot': '1',
      'kilofed.io/planes': '2',
      'kilofed.io/mesh-address': '10.4.1.2',
    });
  });

  test('a range of Services is behind one location: the first by name that has a gateway; pods are never in it', () => {
    const [service, lone] = ['10.96.0.0/16', { ...A3, name: 'c1', location: 'aix', pods: ['10.1.8.0/24'] }];
    const parisian = { pods: ['10.1.9.0/24'], internal: ['192.168.9.11/24'], mesh: ['10.4.1.9'], slot: 0 };
    const paris: NodeSketch = { ...A3, ...parisian, name: 'b1', location: 'paris' };
    const routed = (...nodes: NodeSketch[]): unknown => {
      const facts = clusterFacts(nodes, { mesh: ['10.4.1.0/24'], routed: [service] });
      const input = { source: { id: 'east', facts }, target: west, apiServers: NO_API_SERVERS, ownership: UNCONTESTED, sha256 };
      expect(findReach(input)).toMatchObject({ services: [service], prefixes: expect.not.arrayContaining([service]) });
      return planMemberPeers(input).peers.flatMap(({ metadata, spec }) => (spec.allowedIPs.includes(service) ? metadata.name : []));
    };
    expect(routed(A1, A2, paris, lone)).toEqual(['east-lyon-0', 'east-lyon-1']);
    expect(routed(paris, A2, lone)).toEqual(['east-lyon-1']);
    expect(routed(A3, paris, lone)).toEqual(['east-paris-0']);
  });

  test('the endpoint is one that the nodes of the target can dial', () => {
    const both = clusterFacts([A1], { mesh: ['10.4.1.0/24'] });
    const nodes = both.nodes.map((node) => ({
      ...node,
      spec: {
        ...node.spec,
        endpoints: [
          { host: '192.0.2.11', port: 51820 },
          { host: '2001:db8::11', port: 51820 },
        ],
      },
    }));
    const six = targetMember('six', clusterFacts([{ name: 's', pods: ['fd42::/64'], internal: ['fd20::7/64'] }], { mesh: ['fd04::/64'] }));
    const endpointIn = (target: typeof west): unknown =>
      planMemberPeers({
        source: { id: 'east', facts: { ...both, nodes } },
        target,
        apiServers: NO_API_SERVERS,
        ownership: UNCONTESTED,
        sha256,
      }).peers[0]?.spec.endpoint?.dnsOrIP;
    expect(endpointIn(west)).toEqual({ ip: '192.0.2.11' });
    expect(endpointIn(six)).toEqual({ ip: '2001:db8::11' });
  });

  test('networks beside nodes stay in their cluster: nothing registers them, and LANs everywhere use the same', () => {
    expect(plan([{ ...A1, locationIPs: ['192.168.178.0/24'] }])).toEqual(plan([A1]));
  });

  test.each(['full', 'cross'] as const)(
    'with granularity %s one Peer per node, in slot 0, with what is behind that node',
    (granularity) => {
      const { peers, problems } = planMemberPeers({
        source: { id: 'east', facts: clusterFacts([A1, A2, A3], { mesh: ['10.4.1.0/24'], granularity }) },
        target: west,
        apiServers: NO_API_SERVERS,
        ownership: UNCONTESTED,
        sha256,
      });
      expect(problems).toEqual([]);
      const told = peers.map(({ metadata, spec }) => [
        spec.publicKey,
        [metadata.annotations?.['kilofed.io/slot'], metadata.labels?.['kilofed.io/location'], spec.allowedIPs],
      ]);
      expect(Object.fromEntries(told)).toEqual({
        'key-of-a1': ['0', 'lyon', ['10.1.0.0/24', '10.4.1.1/32']],
        'key-of-a2': ['0', 'lyon', ['10.1.1.0/24', '10.4.1.2/32']],
        'key-of-a3': ['0', 'lyon', ['10.1.3.0/24', '10.4.1.4/32']],
      });
      expect(new Set(peers.map(({ metadata }) => metadata.labels?.['kilofed.io/segment'])).size).toBe(3);
    },
  );

  test('is the same whatever the order of the nodes, and its hash tells a difference', () => {
    expect(plan([A3, A2, A1])).toEqual(plan([A1, A2, A3]));
    const hash = (nodes: readonly NodeSketch[]): unknown => plan(nodes).peers[0]?.metadata.annotations?.['kilofed.io/hash'];
    expect(hash([A1, A2])).toBe(hash([A2, A1]));
    expect(hash([A1, A2])).not.toBe(hash([{ ...A1, keepalive: 5 }, A2]));
  });

  test.each([
    ['in a network of the target', { ...A3, internal: ['10.0.0.9/32'] }],
    ["among the target's Services", { ...A3, internal: ['10.102.0.9/32'] }],
    ['public', { ...A3, internal: ['198.51.100.9/32'] }],
    ['an endpoint of a tunnel', { ...A3, internal: ['192.168.1.13/24'], endpoint: '192.168.1.13' }],
  ])('a node address that is %s is not routed', (_name, node) => {
    const allowed = plan([A1, node]).peers[0]?.spec.allowedIPs ?? [];
    expect(allowed.filter((prefix) => node.internal.some((address) => prefix.startsWith(`${address.split('/')[0]}/`)))).toEqual([]);
    expect(allowed).toContain('10.1.3.0/24');
  });

  test('M5: a node address that a third member has in the target stays with it', () => {
    const { peers } = plan([A1, A3], {
      ...UNCONTESTED,
      prefix: (prefix) => (formatCidr(prefix) === '192.168.1.13/32' ? 'north' : undefined),
    });
    expect(peers[0]?.spec.allowedIPs).not.toContain('192.168.1.13/32');
  });

  test("a prefix that is another member's in the target is left out, and said so", () => {
    const { peers, problems } = plan([A1, A3], {
      ...UNCONTESTED,
      prefix: (prefix) => (formatCidr(prefix) === '10.1.3.0/24' ? 'north' : undefined),
    });
    expect(peers[0]?.spec.allowedIPs).toContain('10.1.0.0/24');
    expect(peers[0]?.spec.allowedIPs).not.toContain('10.1.3.0/24');
    expect(problems).toEqual([expect.objectContaining({ subject: { kind: 'pair', other: 'west' }, reason: 'PrefixTaken' })]);
  });

  test.each([['127.0.0.0/8'], ['169.254.0.0/16'], ['0.0.0.0/0'], ['224.0.0.0/4'], ['::/0'], ['fe80::/64']])(
    'nobody draws %s to himself',
    (cidr) => {
      const { peers } = plan([{ ...A1, pods: ['10.1.0.0/24', cidr] }]);
      expect(peers[0]?.spec.allowedIPs).not.toContain(cidr);
    },
  );

  test('a special address of a node is told', () => {
    expect(plan([A1, { ...A3, internal: ['169.254.1.5/16'] }]).problems).toEqual([expect.objectContaining({ reason: 'SpecialRange' })]);
  });

  test('a segment without a gateway is a problem', () => {
    const { peers, problems } = plan([A3]);
    expect(peers).toEqual([]);
    expect(problems).toEqual([expect.objectContaining({ subject: { kind: 'segment', name: 'location:lyon' }, reason: 'NoGateway' })]);
  });

  test("names are short, valid and never two clusters' the same", () => {
    const named = (id: string, location: string): string | undefined =>
      planMemberPeers({
        source: { id, facts: clusterFacts([{ ...A1, location }], { mesh: ['10.4.1.0/24'] }) },
        target: west,
        apiServers: NO_API_SERVERS,
        ownership: UNCONTESTED,
        sha256,
      }).peers[0]?.metadata.name;
    expect(named('a', 'b-c')).not.toBe(named('a-b', 'c'));
    expect(named('a'.repeat(63), 'lyon')).toMatch(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/);
    expect(named('a'.repeat(63), 'lyon')?.length).toBeLessThanOrEqual(63);
    expect(named('a', 'Ünïcode / 北京')).toMatch(/^a-x[0-9a-f]{8}-0$/);
  });
});

test.each([
  [{ location: 'lyon', name: 'location:lyon' }, 'lyon'],
  [{ location: '', name: 'location:' }, /^x[0-9a-f]{8}$/],
  [{ location: 'eu-west-1', name: 'location:eu-west-1' }, /^x[0-9a-f]{8}$/],
  [{ location: 'lyon', name: 'node:lonely', node: 'lonely' }, /^x[0-9a-f]{8}$/],
  [{ location: 'x0123abcd', name: 'location:x0123abcd' }, /^x(?!0123abcd)[0-9a-f]{8}$/],
])('the token of segment %j', (segment, expected) => {
  const token = segmentToken(segment);
  if (typeof expected === 'string') expect(token).toBe(expected);
  else expect(token).toMatch(expected);
});

test('what can be reached is what is routed, but for mesh addresses', () => {
  const source = { id: 'east', facts: clusterFacts([A1, A2, A3], { mesh: ['10.4.1.0/24'] }) };
  const input = { source, target: west, apiServers: NO_API_SERVERS, ownership: UNCONTESTED };
  const routed = planMemberPeers({ ...input, sha256 }).peers[0]?.spec.allowedIPs ?? [];
  expect(routed).toEqual(expect.arrayContaining(['10.1.0.0/24', '10.4.1.1/32', '192.168.1.13/32']));
  expect(findReach(input).prefixes).toEqual(routed.filter((prefix) => !prefix.startsWith('10.4.1.')));
});

describe("C1: what the target has itself is not another member's", () => {
  const people: PeerClaims[] = [
    { name: 'office', key: 'key-of-office', prefixes: ['192.168.10.0/24'], endpoint: '10.9.9.9/32' },
    { name: 'laptop', key: 'key-of-laptop', prefixes: ['10.5.0.2/32'], endpoint: undefined },
  ];
  const target = targetMember(
    'west',
    clusterFacts(
      [
        {
          name: 'w',
          pods: ['10.2.0.0/24'],
          internal: ['10.0.0.11/24'],
          endpoint: '10.8.8.8',
          locationIPs: ['192.168.178.0/24'],
          slot: 0,
          mesh: ['10.4.2.1'],
        },
      ],
      { mesh: ['10.4.2.0/24'], services: ['10.102.0.0/16'] },
    ),
    people,
  );
  const planned = (pods: readonly string[], node: Partial<NodeSketch> = {}): ReturnType<typeof planMemberPeers> =>
    planMemberPeers({
      source: { id: 'east', facts: clusterFacts([{ ...A1, ...node, pods: ['10.1.0.0/24', ...pods] }], { mesh: ['10.4.1.0/24'] }) },
      target,
      apiServers: createCidrIndex([
        ['10.6.6.6/32', 'north'],
        ['10.6.7.7/32', 'east'],
      ]),
      ownership: UNCONTESTED,
      sha256,
    });

  test.each([
    ['the network of its nodes', '10.0.0.0/24'],
    ['its resolver in that network', '10.0.0.2/32'],
    ['around that network', '10.0.0.0/16'],
    ['an endpoint of its nodes', '10.8.8.0/24'],
    ['a network beside its nodes', '192.168.178.0/25'],
    ["a router's network", '192.168.10.0/24'],
    ["part of a router's network", '192.168.10.128/25'],
    ["around a router's network", '192.168.0.0/16'],
    ['around a laptop', '10.5.0.0/24'],
    ["where a router's tunnel ends", '10.9.9.0/24'],
    ["another member's API server", '10.6.6.0/24'],
  ])('%s: %s', (_name, prefix) => {
    const { peers, problems } = planned([prefix]);
    expect(peers.map(({ spec }) => spec.allowedIPs)).toEqual([['10.1.0.0/24', '10.4.1.1/32']]);
    expect(problems).toEqual([expect.objectContaining({ subject: { kind: 'pair', other: 'west' }, reason: 'LocalNetwork' })]);
  });

  test('its own API server is its own affair', () => {
    expect(planned(['10.6.7.0/24']).peers[0]?.spec.allowedIPs).toContain('10.6.7.0/24');
  });

  test('node addresses among all that are left out without a word', () => {
    for (const internal of ['192.168.178.20/24', '192.168.10.20/24', '10.5.0.2/32', '10.9.9.9/24', '10.6.6.6/24', '10.2.0.9/24']) {
      const { peers, problems } = planMemberPeers({
        source: { id: 'east', facts: clusterFacts([A1, { ...A3, internal: [internal] }], { mesh: ['10.4.1.0/24'] }) },
        target,
        apiServers: createCidrIndex([['10.6.6.6/32', 'north']]),
        ownership: UNCONTESTED,
        sha256,
      });
      expect(peers[0]?.spec.allowedIPs).toEqual(['10.1.0.0/24', '10.1.3.0/24', '10.4.1.1/32', '10.4.1.4/32']);
      expect(problems).toEqual([]);
    }
  });

  test.each([
    ["the target's pods", '10.2.0.7'],
    ["the target's Services", '10.102.0.10'],
    ["the target's mesh addresses", '10.4.2.1'],
    ['its own pods', '10.1.0.7'],
    ['its own mesh addresses', '10.4.1.1'],
  ])('H1: an endpoint among %s is not dialled', (_name, endpoint) => {
    const { peers, problems } = planned([], { endpoint });
    expect(peers.map(({ spec }) => spec.endpoint)).toEqual([undefined]);
    expect(problems).toEqual([expect.objectContaining({ subject: { kind: 'pair', other: 'west' }, reason: 'EndpointRefused' })]);
  });

  test("H1: an endpoint among a third member's pods is not dialled, and the next is", () => {
    const facts = clusterFacts([A1], { mesh: ['10.4.1.0/24'] });
    const nodes = facts.nodes.map((node) => ({
      ...node,
      spec: { ...node.spec, endpoints: ['10.50.0.7', '192.0.2.11'].map((host) => ({ host, port: 51820 })) },
    }));
    const { peers } = planMemberPeers({
      source: { id: 'east', facts: { ...facts, nodes } },
      target,
      apiServers: NO_API_SERVERS,
      ownership: { ...UNCONTESTED, endpoint: (address) => (formatCidr(address) === '10.50.0.7/32' ? 'victim' : undefined) },
      sha256,
    });
    expect(peers[0]?.spec.endpoint?.dnsOrIP).toEqual({ ip: '192.0.2.11' });
  });

  test.each([
    ["a laptop's", 'key-of-laptop', {}],
    ["a node's of the target", 'key-of-w', {}],
    ["another member's", 'key-of-a1', { key: () => 'victim' }],
  ])('H2: a gateway with a key that is %s is left out', (_name, publicKey, more) => {
    const facts = clusterFacts([A1, A2], { mesh: ['10.4.1.0/24'] });
    const nodes = facts.nodes.map((node) => (node.metadata.name === 'a1' ? { ...node, spec: { ...node.spec, publicKey } } : node));
    const { peers, problems } = planMemberPeers({
      source: { id: 'east', facts: { ...facts, nodes } },
      target,
      apiServers: NO_API_SERVERS,
      ownership: { ...UNCONTESTED, ...('key' in more && { key: (key: string) => (key === publicKey ? more.key() : undefined) }) },
      sha256,
    });
    expect(peers.map(({ metadata }) => metadata.name)).toEqual(['east-lyon-1']);
    expect(problems).toEqual([expect.objectContaining({ subject: { kind: 'gateway', name: 'a1' }, reason: 'DuplicateKey' })]);
  });
});

test("report 7: pods in the network that the target's nodes stand in are not routed there, and that is told", () => {
  const east = clusterFacts([{ ...A1, pods: ['10.51.1.0/24'] }], { mesh: ['10.4.1.0/24'] });
  const { peers, problems } = planMemberPeers({
    source: { id: 'east', facts: east },
    target: targetMember(
      'west',
      clusterFacts([{ name: 'w', pods: ['10.2.0.0/24'], internal: ['10.51.0.10/16'] }], { mesh: ['10.4.2.0/24'] }),
    ),
    apiServers: NO_API_SERVERS,
    ownership: UNCONTESTED,
    sha256,
  });
  expect(peers.map(({ spec }) => spec.allowedIPs)).toEqual([['10.4.1.1/32']]);
  expect(problems).toEqual([
    expect.objectContaining({ reason: 'LocalNetwork', message: expect.stringContaining('10.51.1.0/24 (the network of its nodes)') }),
  ]);
});

test('report 8: a Service on the host network is reached on every node, also on gateways and those with a public address', () => {
  const nodes = [A1, A2, A3, { ...A3, name: 'a4', pods: ['10.1.4.0/24'], internal: ['198.51.100.13/24'], mesh: ['10.4.1.5'] }];
  const source = { id: 'east', facts: clusterFacts(nodes, { mesh: ['10.4.1.0/24'] }) };
  const { prefixes, substitutes } = findReach({ source, target: west, apiServers: NO_API_SERVERS, ownership: UNCONTESTED });
  const reached = ['192.168.1.11', '192.168.1.12', '192.168.1.13', '198.51.100.13'].map((address) =>
    prefixes.includes(`${address}/32`) ? address : substitutes.get(address),
  );
  expect(reached).toEqual(['10.4.1.1', '10.4.1.2', '192.168.1.13', '10.4.1.5']);
});

test('report 16: a Peer lists 4,096 prefixes at most, pods first, and what is left out is told', () => {
  const nodes = Array.from({ length: 1_900 }, (_, index): NodeSketch => ({
    name: `n${index}`,
    pods: [`10.${100 + (index >> 8)}.${index & 255}.0/24`],
    internal: [`10.77.${index >> 8}.${index & 255}/16`],
    mesh: [`10.4.${index >> 8}.${index & 255}`],
    ...(index === 0 && { slot: 0 }),
  }));
  const { peers, problems } = planMemberPeers({
    source: { id: 'east', facts: clusterFacts(nodes, { mesh: ['10.4.0.0/16'] }) },
    target: targetMember('six', clusterFacts([{ name: 's', pods: ['fd42::/64'], internal: ['fd20::7/64'] }], { mesh: ['fd04::/64'] })),
    apiServers: NO_API_SERVERS,
    ownership: UNCONTESTED,
    sha256,
  });
  const allowed = peers[0]?.spec.allowedIPs ?? [];
  expect([allowed.length, allowed.filter((prefix) => prefix.endsWith('/24')).length]).toEqual([4_096, 1_900]);
  expect(problems).toEqual([expect.objectContaining({ reason: 'TooManyPrefixes' })]);
});
