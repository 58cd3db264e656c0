import { describe, expect, test } from '@jest/globals';
import type { Peer } from '../api/peer.js';
import { asPeers, cluster, defaults, externalPeer } from '../../test/fakes/mesh.js';
import { isWithin } from '../net/sets.js';
import type { KeptSources, Nat } from './plan.js';
import { planNode } from './planNode.js';

/** Location eu: a (gateway), b (gateway), c; location us: d. Mesh addresses 10.4.0.x. */
const EAST = cluster(
  [
    { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.0.0/24', secondPods: 'fd42:0:0:1::/64' },
    { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.1.0/24' },
    { name: 'c', location: 'eu', internalIP: '172.20.1.13/24', podCIDR: '10.42.2.0/24' },
    { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.3.0/24' },
  ],
  '10.4.0.0/16',
);
const WEST = asPeers(
  'west',
  cluster([{ name: 'w', internalIP: '192.168.7.5/24', endpoint: '203.0.113.7', podCIDR: '10.43.0.0/24' }], '10.5.0.0/16'),
  2,
);

function natOf(node: string, mesh: { readonly podNAT?: boolean }, peers: readonly Peer[] = WEST): Nat | undefined {
  const planned = planNode({ node, mesh: { ...defaults, ...mesh }, nodes: EAST, peers, resolved: {}, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan.firewall.nat;
}

describe('who is translated', () => {
  const laptop = [...WEST, externalPeer('laptop', { allowedIPs: ['10.9.0.1/32'] })];
  test.each<[string, string, { readonly podNAT?: boolean; readonly peers?: readonly Peer[] }, readonly string[] | undefined]>([
    ['nobody, unless it is asked for', 'a', {}, undefined],
    ["this node's pods, where it is asked for", 'a', { podNAT: true }, ['10.42.0.0/24', 'fd42:0:0:1::/64']],
    ['an external peer, at the gateways it enters by', 'a', { peers: laptop }, ['10.9.0.1/32']],
    ['not where no tunnel ends', 'c', { peers: laptop }, undefined],
    ['both', 'a', { podNAT: true, peers: laptop }, ['10.9.0.1/32', '10.42.0.0/24', 'fd42:0:0:1::/64']],
    ['a default route is no claim', 'a', { peers: [externalPeer('exit', { allowedIPs: ['0.0.0.0/0'] })] }, undefined],
  ])('%s', (_what, node, { peers, ...mesh }, from) => {
    expect(natOf(node, mesh, peers)?.from).toEqual(from);
  });
});

test('known is every prefix of the mesh: pods, nodes, mesh addresses, of all segments and peers, joined where they meet', () => {
  const known = natOf('a', { podNAT: true }, [...WEST, externalPeer('laptop', { allowedIPs: ['10.9.0.1/32'] })])?.known ?? [];
  const mesh = EAST.flatMap(({ status }) => status?.meshAddresses ?? []);
  expect(known).toEqual(
    expect.arrayContaining([
      '10.42.0.0/22',
      '10.43.0.0/24',
      '10.9.0.1/32',
      '172.20.1.11/32',
      '172.20.1.12/31',
      '172.20.2.11/32',
      'fd42:0:0:1::/64',
    ]),
  );
  expect(mesh.filter((address) => !known.some((each) => each.startsWith(address) || each.startsWith('10.4.')))).toEqual([]);
});

test("the API server's address is not of a Peer with a network around it, and is a node's that has it", () => {
  const planned = planNode({
    node: 'a',
    mesh: { ...defaults, podNAT: true },
    nodes: EAST,
    peers: [externalPeer('site', { allowedIPs: ['192.0.2.8/31'] })],
    resolved: {},
    apiServers: ['192.0.2.9', '172.20.2.11'],
    underlayMtu: 1500,
  });
  const known = planned.kind === 'plan' ? planned.plan.firewall.nat?.known : undefined;
  expect(known).toEqual(expect.arrayContaining(['192.0.2.8/32', '172.20.2.11/32']));
  expect(known).not.toContain('192.0.2.8/31');
});

test('a network beside nodes is translated to in its own location, by every node there, and is known elsewhere', () => {
  const nodes = EAST.map((node) =>
    node.metadata.name === 'd' ? { ...node, spec: { ...node.spec, allowedLocationIPs: ['192.168.178.0/24'] } } : node,
  );
  const at = (node: string): Nat | undefined => {
    const planned = planNode({ node, mesh: defaults, nodes, peers: [], resolved: {}, underlayMtu: 1500 });
    return planned.kind === 'plan' ? planned.plan.firewall.nat : undefined;
  };
  expect(at('d')).toMatchObject({ from: [], location: ['192.168.178.0/24'] });
  expect(at('d')?.known).not.toContain('192.168.178.0/24');
  expect(at('a')).toBeUndefined();
});

describe('report 17: who keeps their source beside a network plugin', () => {
  const keptOf = (
    mesh: Partial<typeof defaults>,
    { nodes = EAST, peers = WEST, apiServers = [] }: { nodes?: typeof EAST; peers?: readonly Peer[]; apiServers?: readonly string[] } = {},
  ): KeptSources | undefined => {
    const planned = planNode({ node: 'a', mesh: { ...defaults, ...mesh }, nodes, peers, resolved: {}, apiServers, underlayMtu: 1500 });
    if (planned.kind === 'absent') throw new Error(planned.reason);
    return planned.plan.firewall.kept;
  };
  const flannel = { encapsulationType: 'flannel' } as const;

  test('beside flannel and Cilium only', () => {
    const types = ['vxlan', 'ipip', 'flannel', 'cilium'] as const;
    expect(types.map((encapsulationType) => keptOf({ encapsulationType }) !== undefined)).toEqual([false, false, true, true]);
  });

  test('all pods of the own cluster, and what is behind tunnels: other locations, members, people', () => {
    const kept = keptOf(flannel, { peers: [...WEST, externalPeer('laptop', { allowedIPs: ['10.9.0.1/32'] })] });
    expect(kept?.pods).toEqual(['10.42.0.0/22', 'fd42:0:0:1::/64']);
    expect(kept?.remote).toEqual(
      expect.arrayContaining(['10.9.0.1/32', '10.42.3.0/24', '10.43.0.0/24', '172.20.2.11/32', '192.168.7.5/32']),
    );
  });

  test('no node of the own location, whose underlay may drop the addresses of pods, not in a network around theirs either', () => {
    const { pods = [], remote = [] } =
      keptOf(flannel, { peers: [externalPeer('site', { allowedIPs: ['172.16.0.0/12', '172.20.1.200/32'] })] }) ?? {};
    const has = (address: string): boolean => isWithin(`${address}/32`, [...pods, ...remote]);
    expect(['172.20.1.11', '172.20.1.12', '172.20.1.99'].map(has)).toEqual([false, false, false]);
    // The other location's node is behind a tunnel, and so is what somebody has for himself.
    expect(['172.20.2.11', '172.21.0.1', '172.20.1.200'].map(has)).toEqual([true, true, true]);
  });

  test('not the API server, unless it is on a node behind a tunnel', () => {
    const { remote = [] } =
      keptOf(flannel, {
        peers: [externalPeer('site', { allowedIPs: ['192.0.2.8/31'] })],
        apiServers: ['192.0.2.9', '172.20.2.11'],
      }) ?? {};
    expect(remote).toEqual(expect.arrayContaining(['192.0.2.8/32', '172.20.2.11/32']));
    expect(remote).not.toContain('192.0.2.8/31');
  });
});
