import { expect, test } from '@jest/globals';
import type { MeshNode } from '../api/meshNode.js';
import { cluster, defaults, fakeKey } from '../../test/fakes/mesh.js';
import { planNode } from './planNode.js';
import { addressOf } from '../net/cidr.js';

/** In each location a gateway; `thief` is one, and its name is before the others'. */
const NODES = cluster(
  [
    { name: 'thief', location: 'aa', internalIP: '172.20.9.11/24', podCIDR: '10.42.9.0/24' },
    { name: 'b', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
    { name: 'c', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
    { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.3.0/24' },
  ],
  '10.4.0.0/16',
).map(confirmed);

/** As the cluster-agent leaves it, while agent and Node say the same. */
function confirmed(node: MeshNode): MeshNode {
  const { publicKey, location, podCIDRs, internalIPs, endpoints } = node.spec;
  return {
    ...node,
    status: {
      ...node.status,
      verified: {
        publicKey,
        location,
        podCIDRs,
        internalIPs: internalIPs.map((each) => addressOf(each) ?? ''),
        endpoints: endpoints.map(({ host }) => host),
      },
    },
  };
}

function planOf(node: string, nodes: readonly MeshNode[]): unknown {
  return planNode({ node, mesh: defaults, nodes, peers: [], resolved: {}, underlayMtu: 1500 });
}

function withSpec(change: Partial<MeshNode['spec']>): MeshNode[] {
  return NODES.map((node) => (node.metadata.name === 'thief' ? { ...node, spec: { ...node.spec, ...change } } : node));
}

test.each<[string, Partial<MeshNode['spec']>]>([
  ["another's pods", { podCIDRs: ['10.42.9.0/24', '10.42.1.0/24'] }],
  ['the halves of them', { podCIDRs: ['10.42.9.0/24', '10.42.1.0/25', '10.42.1.128/25'] }],
  ['what is around them', { podCIDRs: ['10.42.9.0/24', '10.42.0.0/16'] }],
  ["another's internal address", { internalIPs: ['172.20.9.11/24', '172.20.1.11/24'] }],
  ["nothing but another's internal address", { internalIPs: ['172.20.1.11/24'] }],
  ["nothing but another's pod as its endpoint", { endpoints: [{ host: '10.42.1.7', port: 51820 }] }],
  ["another's location", { location: 'eu' }],
  ['the network beside all nodes', { allowedLocationIPs: ['0.0.0.0/1', '192.0.2.0/24'] }],
  [
    "another's pod as its own endpoint, which would be reached without the mesh",
    {
      endpoints: [
        { host: '172.20.9.11', port: 51820 },
        { host: '10.42.1.7', port: 51820 },
      ],
    },
  ],
])('a node whose agent claims %s changes no plan of another', (_what, change) => {
  for (const node of ['b', 'c', 'd']) expect(planOf(node, withSpec(change))).toEqual(planOf(node, NODES));
});

test("a node with another's key loses its own tunnels, and takes none", () => {
  const plan = planOf('d', withSpec({ publicKey: fakeKey('b') }));
  expect(plan).toMatchObject({
    plan: {
      interfaces: [
        {
          peers: [
            {
              publicKey: fakeKey('b'),
              owner: { kind: 'gateway', name: 'b' },
              allowedIPs: expect.arrayContaining(['10.42.1.0/24', '10.42.2.0/24']),
            },
          ],
        },
        {},
      ],
    },
  });
});

test('a MeshNode that the cluster-agent has not looked at is none; one that an older cluster-agent has is believed', () => {
  const without = NODES.filter(({ metadata }) => metadata.name !== 'thief');
  const fresh = NODES.map(({ status, ...node }): MeshNode =>
    node.metadata.name === 'thief' ? node : { ...node, ...(status === undefined ? {} : { status }) },
  );
  const old = NODES.map((node): MeshNode => ({ ...node, status: { meshAddresses: node.status?.meshAddresses, slot: node.status?.slot } }));
  expect(planOf('d', fresh)).toEqual(planOf('d', without));
  expect(planOf('d', old)).toEqual(planOf('d', NODES));
});
