import { describe, expect, test } from '@jest/globals';
import { asPeers, cluster, defaults } from '../../test/fakes/mesh.js';
import type { MeshSpec } from '../api/meshSpec.js';
import type { Exported } from '../api/nodePolicy.js';
import type { Peer } from '../api/peer.js';
import type { MemberFilter } from './plan.js';
import { planNode } from './planNode.js';

const EXPORTED: readonly Exported[] = [
  { addresses: ['10.42.1.7', 'fd42:1:0::7'], ports: [{ protocol: 'TCP', port: 80 }] },
  { addresses: ['10.42.1.8', '172.20.1.11'], ports: [{ protocol: 'UDP', port: 53 }], members: ['north', 'west'] },
  { addresses: ['not an address'], ports: [{ protocol: 'TCP', port: 1 }] },
];

const NODES = cluster(
  [
    { name: 'a', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
    { name: 'b', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
  ],
  '10.4.0.0/16',
);

function filterOf(mesh: Partial<MeshSpec>, peers: readonly Peer[] = [memberPeer('west', ['10.43.0.0/16'])]): MemberFilter | undefined {
  const planned = planNode({
    node: 'a',
    mesh: { ...defaults, ...mesh },
    nodes: NODES,
    peers,
    resolved: {},
    exported: EXPORTED,
    underlayMtu: 1500,
  });
  return planned.kind === 'plan' ? planned.plan.firewall.members : undefined;
}

/** One gateway of a member, by which `allowedIPs` are reached. */
function memberPeer(member: string, allowedIPs: readonly string[]): Peer {
  const nodes = cluster([{ name: `${member}-gateway`, podCIDR: '10.99.0.0/24', endpoint: '203.0.113.7' }], '10.99.9.0/24');
  const [peer] = asPeers(member, nodes, 2);
  if (peer === undefined) throw new Error('no gateway');
  return { ...peer, spec: { ...peer.spec, allowedIPs: [...allowedIPs] } };
}

describe('M14: what other members may reach at node a', () => {
  const FOR_ALL = ['10.42.1.7 TCP 80', 'fd42:1::7 TCP 80'];
  const FOR_WEST = ['10.42.1.8 UDP 53', '172.20.1.11 UDP 53'];

  test.each<[Partial<MeshSpec>, { readonly open: readonly string[]; readonly all: readonly string[]; readonly west: readonly string[] }]>([
    [{ fromMembers: 'pods' }, { open: ['10.42.1.0/24', '10.42.2.0/24'], all: FOR_ALL, west: FOR_WEST }],
    [{}, { open: ['10.42.1.0/24', '10.42.2.0/24'], all: FOR_ALL, west: FOR_WEST }],
    [{ fromMembers: 'exported' }, { open: [], all: FOR_ALL, west: FOR_WEST }],
    [{ fromMembers: 'none' }, { open: [], all: [], west: [] }],
  ])('%j', (mesh, expected) => {
    const filter = filterOf(mesh);
    expect(filter).toMatchObject({ audit: false, open: expected.open, exported: expected.all });
    expect(filter?.members.map(({ name, exported }) => [name, exported])).toEqual([['west', expected.west]]);
  });

  test('all: nobody is looked at, but connections are tracked for the time when the Mesh says less', () => {
    expect(filterOf({ fromMembers: 'all' })).toMatchObject({ members: [], open: [] });
  });

  test('where there is no other member, there are no rules', () => {
    expect([filterOf({ fromMembers: 'all' }, []), filterOf({ fromMembers: 'none' }, [])]).toEqual([undefined, undefined]);
  });

  test('a member that a Service is not exported to has nothing of it', () => {
    const filter = filterOf({ fromMembers: 'exported' }, [memberPeer('west', ['10.43.0.0/16']), memberPeer('south', ['10.44.0.0/16'])]);
    expect(filter?.members.map(({ name, ranges, exported }) => [name, ranges, exported.length])).toEqual([
      ['south', ['10.44.0.0/16'], 0],
      ['west', ['10.43.0.0/16'], 2],
    ]);
  });

  test('what other nodes of the cluster judge is all of the cluster but this node', () => {
    expect(filterOf({})?.elsewhere).toEqual([`${NODES[1]?.status?.meshAddresses?.[0]}/32`, '10.42.2.0/24', '172.20.1.12/32']);
  });

  test('audit: the same, counted only', () => {
    expect(filterOf({ fromMembersMode: 'audit' })).toEqual({ ...filterOf({}), audit: true });
  });
});

describe("whose a packet is: M14's ranges", () => {
  const rangesOf = (...peers: readonly Peer[]): (readonly [string, readonly string[]])[] =>
    (filterOf({}, peers)?.members ?? []).map(({ name, ranges }) => [name, ranges]);

  test("a member that claims around the own cluster's addresses has none of that, so never makes its packets its own", () => {
    const ranges = rangesOf(memberPeer('west', ['10.42.0.0/22']));
    expect(ranges).toEqual([['west', []]]);
  });

  test('of two that claim one inside the other, the first has it, and the second nothing around it', () => {
    expect(rangesOf(memberPeer('north', ['10.50.1.0/24']), memberPeer('west', ['10.50.0.0/22']))).toEqual([
      ['north', ['10.50.1.0/24']],
      ['west', []],
    ]);
  });

  test('a claim that is refused makes nothing its own', () => {
    expect(rangesOf(memberPeer('north', ['10.50.0.0/16']), memberPeer('west', ['10.50.1.0/24', '10.51.0.0/16']))).toEqual([
      ['north', ['10.50.0.0/16']],
      ['west', ['10.51.0.0/16']],
    ]);
  });
});
