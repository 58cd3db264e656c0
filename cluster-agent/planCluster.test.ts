import { describe, expect, test } from '@jest/globals';
import type { Mesh } from '../core/api/mesh.js';
import { meshSpecSchema } from '../core/api/meshSpec.js';
import type { MeshNode } from '../core/api/meshNode.js';
import type { KubeObject } from '../core/api/resources.js';
import { cluster, fakeKey } from '../test/fakes/mesh.js';
import { nodeFacts, type NodeFacts } from './facts.js';
import { type ClusterInput, planCluster } from './planCluster.js';

const MESH: Mesh = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'Mesh',
  metadata: { name: 'default', generation: 3 },
  spec: meshSpecSchema.parse({}),
};

const SKETCHES = [
  { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.0.0/24' },
  { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.1.0/24' },
  { name: 'c', location: 'eu', internalIP: '172.20.1.13/24', podCIDR: '10.42.2.0/24' },
  { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.3.0/24' },
];

function input(names: readonly string[], more: Partial<ClusterInput> = {}, lost: readonly string[] = []): ClusterInput {
  const meshNodes = cluster(SKETCHES, '10.4.0.0/16');
  const nodes = SKETCHES.filter(({ name }) => names.includes(name)).map((sketch) => nodeOf(sketch, lost.includes(sketch.name)));
  return {
    mesh: MESH,
    nodes,
    meshNodes,
    peers: [],
    outcomeOf: () => 'answered',
    services: { kind: 'known', ranges: ['10.96.0.0/12'] },
    ...more,
  };
}

/** The Node that the sketch is of. */
function nodeOf(
  {
    name,
    location,
    internalIP = '',
    podCIDR,
  }: { readonly name: string; readonly location?: string; readonly internalIP?: string; readonly podCIDR: string },
  lost = false,
): NodeFacts {
  return nodeFacts({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, ...(location === undefined ? {} : { annotations: { 'kilo.squat.ai/location': location } }) },
    spec: { podCIDRs: [podCIDR] },
    status: {
      addresses: [{ type: 'InternalIP', address: internalIP.split('/')[0] }],
      conditions: [{ type: 'Ready', status: lost ? 'Unknown' : 'True' }],
    },
  } as KubeObject);
}

test('a node whose agent reports a problem is meshed, with that reason; a problem of the cluster is graver', () => {
  const problems = [
    { reason: 'BadForceEndpoint', message: 'write host:port' },
    { reason: 'OtherCniWins', message: 'remove it' },
  ];
  const meshNodes = cluster(SKETCHES, '10.4.0.0/16').map((node) =>
    'ab'.includes(node.metadata.name)
      ? { ...node, spec: { ...node.spec, problems, podCIDRs: node.metadata.name === 'a' ? node.spec.podCIDRs : [] } }
      : node,
  );
  const { meshNodes: planned, mesh } = planCluster(input(['a', 'b', 'c', 'd'], { meshNodes }));
  expect(planned.get('a')?.conditions).toMatchObject([{ status: 'True', reason: 'BadForceEndpoint', message: 'write host:port' }]);
  expect(planned.get('b')?.conditions).toMatchObject([{ status: 'False', reason: 'NoPodCIDR' }]);
  expect(planned.get('c')?.conditions).toMatchObject([{ status: 'True', reason: 'Meshed' }]);
  expect(mesh.conditions).toMatchObject([{ reason: 'NodesNotReady', message: expect.stringContaining('b (NoPodCIDR)') }]);
});

test('ranges of pods that others than the Node say are told, and take the place of its own everywhere', () => {
  const refused = { reason: 'PodRangeRefused', message: 'it is special', remedy: 'correct it' } as const;
  const { meshNodes: planned, mesh } = planCluster(
    input(['a', 'b', 'c', 'd'], {
      pods: new Map([
        ['a', { assigned: { by: 'calico', cidrs: ['10.244.1.0/26', '10.244.7.64/26'] } }],
        ['b', { assigned: { by: 'calico', cidrs: [] } }],
        ['c', { assigned: { by: 'calico', cidrs: ['10.244.1.64/26'] }, problem: refused }],
      ]),
    }),
  );
  expect(['a', 'b', 'c', 'd'].map((name) => planned.get(name)?.assignedPods?.cidrs)).toEqual([
    ['10.244.1.0/26', '10.244.7.64/26'],
    [],
    ['10.244.1.64/26'],
    undefined,
  ]);
  // What its agent says is what its Node says, so there is nothing to refute; and a node of Calico's without pods has no block.
  expect(['a', 'b', 'c', 'd'].map((name) => planned.get(name)?.conditions[0]?.reason)).toEqual([
    'Meshed',
    'Meshed',
    'PodRangeRefused',
    'Meshed',
  ]);
  expect(mesh.podCIDRs).toEqual(['10.42.3.0/24', '10.244.1.0/25', '10.244.7.64/26']);
});

const slots = (given: ClusterInput): Record<string, number | undefined> =>
  Object.fromEntries([...planCluster(given).meshNodes].map(([name, { slot }]) => [name, slot]));

test('tells what the cluster is made of', () => {
  expect(planCluster(input(['a', 'b', 'c', 'd'])).mesh).toEqual({
    observedGeneration: 3,
    podCIDRs: ['10.42.0.0/22'],
    serviceCIDRs: ['10.96.0.0/12'],
    nodeCIDRs: ['172.20.1.11/32', '172.20.1.12/32', '172.20.1.13/32', '172.20.2.11/32'],
    segments: [
      {
        name: 'location:eu',
        location: 'eu',
        nodes: 3,
        gateways: [
          { slot: 0, node: 'a' },
          { slot: 1, node: 'b' },
        ],
      },
      { name: 'location:us', location: 'us', nodes: 1, gateways: [{ slot: 0, node: 'd' }] },
    ],
    conditions: [{ type: 'Ready', status: 'True', reason: 'Meshed', message: '', observedGeneration: 3 }],
  });
});

describe('slots', () => {
  test.each([
    ['all are there', ['a', 'b', 'c', 'd'], { a: 0, b: 1, c: undefined, d: 0 }],
    ['the holder of slot 0 leaves: the third takes it, the second stays', ['b', 'c', 'd'], { b: 1, c: 0, d: 0 }],
    ['a node leaves that had none', ['a', 'b', 'd'], { a: 0, b: 1, d: 0 }],
  ])('%s', (_what, names, expected) => {
    expect(slots(input(names))).toEqual(expected);
  });

  test.each([
    ['a gateway that is lost gives its slot to one that could have it', ['a'], { a: undefined, b: 1, c: 0, d: 0 }],
    ['and keeps it where nobody else could', ['d'], { a: 0, b: 1, c: undefined, d: 0 }],
    ['when all are lost, it is Kubernetes that is cut off: nothing changes', ['a', 'b', 'c', 'd'], { a: 0, b: 1, c: undefined, d: 0 }],
    ['of two that are lost the first is replaced, as only one can be', ['a', 'b'], { a: undefined, b: 1, c: 0, d: 0 }],
  ])('%s', (_what, lost, expected) => {
    expect(slots(input(['a', 'b', 'c', 'd'], {}, lost))).toEqual(expected);
  });
});

test.each(['full', 'cross'] as const)('with granularity %s every node is a segment and has slot 0', (granularity) => {
  const planned = planCluster(input(['a', 'b', 'c', 'd'], { mesh: { ...MESH, spec: { ...MESH.spec, granularity } } }));
  expect(planned.mesh.segments.map(({ name, location, nodes, gateways }) => [name, location, nodes, gateways])).toEqual(
    ['a', 'b', 'c', 'd'].map((node) => [`node:${node}`, node === 'd' ? 'us' : 'eu', 1, [{ slot: 0, node }]]),
  );
  expect([...planned.meshNodes.values()].map(({ slot }) => slot)).toEqual([0, 0, 0, 0]);
});

test('report 13: a gateway whose Node says no addresses for a while stays where it is', () => {
  const first = input(['a', 'b', 'c', 'd']);
  const before = planCluster(first);
  const meshNodes = first.meshNodes.map((node): MeshNode => {
    const { meshAddresses = [], slot, verified } = before.meshNodes.get(node.metadata.name) ?? {};
    return { ...node, status: { meshAddresses: [...meshAddresses], slot, verified } };
  });
  const silent = first.nodes.map((node): NodeFacts =>
    node.name === 'a' ? { ...node, internalCIDRs: [], object: { ...node.object, status: {} } } : node,
  );
  const after = planCluster(input([], { meshNodes, nodes: silent }));
  expect(after.meshNodes).toEqual(before.meshNodes);
  expect(after.mesh).toEqual(before.mesh);
  // Its agent, which sees the host, says that the address is gone.
  const gone = meshNodes.map((node) => (node.metadata.name === 'a' ? { ...node, spec: { ...node.spec, internalIPs: [] } } : node));
  expect(planCluster(input([], { meshNodes: gone, nodes: silent })).meshNodes.get('c')?.slot).toBe(0);
});

test('addresses stay when others leave', () => {
  const address = (given: ClusterInput): readonly string[] | undefined => planCluster(given).meshNodes.get('c')?.meshAddresses;
  expect(address(input(['c']))).toEqual(address(input(['a', 'b', 'c', 'd'])));
});

test('a MeshNode without a Node gives everything up and says why', () => {
  expect(planCluster(input(['b', 'c', 'd'])).meshNodes.get('a')).toEqual({
    meshAddresses: [],
    verified: { location: '', podCIDRs: [], internalIPs: [], endpoints: [] },
    conditions: [
      { type: 'Ready', status: 'False', reason: 'NodeGone', message: expect.stringContaining('delete this object'), observedGeneration: 0 },
    ],
  });
});

test('an orphan is a MeshNode that belongs to a Node, which is gone', () => {
  const { meshNodes } = input([]);
  const owned = meshNodes.map((node): MeshNode =>
    node.metadata.name === 'd'
      ? node
      : {
          ...node,
          metadata: { ...node.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.metadata.name, uid: 'u' }] },
        },
  );
  expect(planCluster(input(['b'], { meshNodes: owned })).orphans.map(({ metadata }) => metadata.name)).toEqual(['a', 'c']);
});

test('a MeshNode that is being deleted is not touched any more', () => {
  const { meshNodes } = input(['a']);
  const leaving = meshNodes.map((node) =>
    node.metadata.name === 'a' ? { ...node, metadata: { ...node.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } } : node,
  );
  expect(planCluster(input(['a', 'b', 'c', 'd'], { meshNodes: leaving })).meshNodes.has('a')).toBe(false);
});

describe('ranges', () => {
  const given = (more: Partial<ClusterInput>): Record<string, readonly string[]> => {
    const { podCIDRs, serviceCIDRs, nodeCIDRs } = planCluster(input([], { meshNodes: [], ...more })).mesh;
    return { podCIDRs, serviceCIDRs, nodeCIDRs };
  };
  const mesh = (spec: object, status: object = {}): Mesh => ({ ...MESH, spec: { ...MESH.spec, ...spec }, status });

  test.each<[string, Partial<ClusterInput>, object]>([
    [
      "of a node without an agent are the cluster's",
      { nodes: [nodeOf({ name: 'x', podCIDR: '10.1.0.0/24', internalIP: '10.0.0.1' })] },
      { podCIDRs: ['10.1.0.0/24'], nodeCIDRs: ['10.0.0.1/32'] },
    ],
    ['of Services: what Kubernetes tells wins', { mesh: mesh({ serviceCIDRs: ['10.9.0.0/16'] }) }, { serviceCIDRs: ['10.96.0.0/12'] }],
    [
      'of Services: else what was written down',
      { mesh: mesh({ serviceCIDRs: ['10.9.0.0/16'] }), services: { kind: 'unsupported' } },
      { serviceCIDRs: ['10.9.0.0/16'] },
    ],
    [
      'of Services: an API that tells none yet is as none',
      { mesh: mesh({ serviceCIDRs: ['10.9.0.0/16'] }), services: { kind: 'known', ranges: [] } },
      { serviceCIDRs: ['10.9.0.0/16'] },
    ],
    [
      'of Services: what was known stays while the API is silent',
      { mesh: mesh({}, { serviceCIDRs: ['10.96.0.0/12'] }), services: { kind: 'unavailable', reason: 'forbidden' } },
      { serviceCIDRs: ['10.96.0.0/12'] },
    ],
  ])('%s', (_what, more, expected) => {
    expect(given(more)).toMatchObject(expected);
  });
});

describe('says what is wrong and what to do', () => {
  const spec = (more: object): Mesh => ({ ...MESH, spec: { ...MESH.spec, ...more } });
  test.each<[string, Partial<ClusterInput>, string]>([
    ["a mesh range inside the pods'", { mesh: spec({ wireguardCIDRs: ['10.42.0.0/24'] }) }, 'RangeOverlap'],
    ["a mesh range inside the services'", { mesh: spec({ wireguardCIDRs: ['10.97.0.0/24'] }) }, 'RangeOverlap'],
    ['a mesh range around a node', { mesh: spec({ wireguardCIDRs: ['172.20.0.0/16'] }) }, 'RangeOverlap'],
    ['too few addresses', { mesh: spec({ wireguardCIDRs: ['10.4.0.0/31'] }) }, 'AddressesExhausted'],
    ['a cluster without the ServiceCIDR API', { services: { kind: 'unsupported' } }, 'ServiceRangeUnknown'],
    ['a ServiceCIDR API that does not answer', { services: { kind: 'unavailable', reason: 'forbidden' } }, 'ServiceRangeUnknown'],
  ])('%s', (_what, more, reason) => {
    expect(planCluster(input(['a', 'b', 'c', 'd'], more)).mesh.conditions).toMatchObject([{ status: 'False', reason }]);
  });

  test('nobody can be a gateway', () => {
    const unwilling = input([]).meshNodes.map((node): MeshNode => ({ ...node, spec: { ...node.spec, gateway: 'never' } }));
    expect(planCluster(input(['a', 'd'], { meshNodes: unwilling })).mesh.conditions).toMatchObject([
      { reason: 'NoGateway', message: expect.stringContaining('location:eu, location:us') },
    ]);
  });

  test('the gravest is the reason, all are the message', () => {
    const mesh = spec({ wireguardCIDRs: ['10.42.0.0/24'] });
    expect(planCluster(input(['a', 'b', 'c', 'd'], { mesh, services: { kind: 'unsupported' } })).mesh.conditions).toMatchObject([
      {
        reason: 'RangeOverlap',
        message: expect.stringMatching(
          /^spec.wireguardCIDRs 10.42.0.0\/24 overlaps the pod range .*; the Service ranges of this cluster are not known:/,
        ),
      },
    ]);
  });
});

describe('out of a range that overlaps', () => {
  const overlapping = (wireguardCIDRs: string[]): Mesh => ({ ...MESH, spec: { ...MESH.spec, wireguardCIDRs } });

  test('no new address is given', () => {
    const planned = planCluster(input(['a'], { mesh: overlapping(['10.42.0.0/16', 'fd00::/64']) })).meshNodes.get('a');
    expect(planned).toMatchObject({ meshAddresses: [expect.stringMatching(/^fd00::/)], conditions: [{ reason: 'RangeOverlap' }] });
  });

  test('what a node has, it keeps', () => {
    const held = input([])
      .meshNodes.map((node): MeshNode => ({ ...node, status: { ...node.status, meshAddresses: ['10.42.0.9'] } }))
      .slice(0, 1);
    const planned = planCluster(input(['a'], { mesh: overlapping(['10.42.0.0/16']), meshNodes: held })).meshNodes.get('a');
    expect(planned).toMatchObject({ meshAddresses: ['10.42.0.9'], conditions: [{ status: 'True' }] });
  });
});

describe('of what an agent says, what its Node says, too, is verified', () => {
  const said = (change: Partial<MeshNode['spec']>): ClusterInput => {
    const { meshNodes } = input([]);
    return input(['a', 'b', 'c', 'd'], {
      meshNodes: meshNodes.map((node) => (node.metadata.name === 'd' ? { ...node, spec: { ...node.spec, ...change } } : node)),
    });
  };
  const verified = {
    publicKey: fakeKey('d'),
    location: 'us',
    podCIDRs: ['10.42.3.0/24'],
    internalIPs: ['172.20.2.11'],
    endpoints: ['172.20.2.11'],
  };

  test.each<[string, Partial<MeshNode['spec']>, string]>([
    ['all of it', {}, 'Meshed'],
    ['another length of its network', { internalIPs: ['172.20.2.11/16'] }, 'Meshed'],
    ['another port', { endpoints: [{ host: '172.20.2.11', port: 7 }] }, 'Meshed'],
    ["no other node's pods", { podCIDRs: ['10.42.3.0/24', '10.42.0.0/25', '10.42.0.128/25'] }, 'NotVerified'],
    ['no other location', { location: 'eu' }, 'NotVerified'],
    ["no other node's address", { internalIPs: ['172.20.2.11/24', '172.20.1.11/24'] }, 'NotVerified'],
    ['no other endpoint', { endpoints: [{ host: '10.42.0.7', port: 51820 }] }, 'NotVerified'],
    ['no network beside it', { allowedLocationIPs: ['192.0.2.0/24'] }, 'NotVerified'],
    ['no claim to be a preferred gateway', { gateway: 'preferred' }, 'NotVerified'],
    ['not to be one is its own affair', { gateway: 'never' }, 'Meshed'],
  ])('%s', (_what, change, reason) => {
    const planned = planCluster(said(change));
    expect(planned.meshNodes.get('d')).toMatchObject({ verified, conditions: [{ status: 'True', reason }] });
    expect(planned.mesh).toMatchObject({
      podCIDRs: ['10.42.0.0/22'],
      nodeCIDRs: ['172.20.1.11/32', '172.20.1.12/32', '172.20.1.13/32', '172.20.2.11/32'],
    });
    expect(planned.mesh.segments.map(({ name, nodes }) => [name, nodes])).toEqual([
      ['location:eu', 3],
      ['location:us', 1],
    ]);
  });

  test('a Node that says never is no gateway, whatever its agent says', () => {
    const given = said({});
    const nodes = given.nodes.map((node) => {
      const { metadata } = node.object;
      return node.name === 'd'
        ? { ...node, object: { ...node.object, metadata: { ...metadata, annotations: { 'kilofed.io/gateway': 'never' } } } }
        : node;
    });
    const planned = planCluster({ ...given, nodes });
    expect([planCluster(given).meshNodes.get('d')?.slot, planned.meshNodes.get('d')?.slot]).toEqual([0, undefined]);
    expect(planned.mesh.conditions).toMatchObject([{ reason: 'NoGateway', message: expect.stringContaining('kilofed.io/gateway=never') }]);
  });

  test.each(['a', 'b', 'c'])('%s, whose Node says another address than its agent yet, stays in its segment and slot', (moved) => {
    const before = input(['a', 'b', 'c', 'd']);
    const planned = planCluster({
      ...before,
      nodes: before.nodes.map((node) =>
        node.name === moved ? nodeOf({ name: moved, location: 'eu', internalIP: '172.20.1.99', podCIDR: node.podCIDRs[0] ?? '' }) : node,
      ),
    });
    expect(['a', 'b', 'c'].map((name) => planned.meshNodes.get(name)?.slot)).toEqual(
      before.meshNodes.slice(0, 3).map(({ status }) => status?.slot),
    );
    expect(planned.mesh.segments.map(({ name, nodes }) => [name, nodes])).toEqual([
      ['location:eu', 3],
      ['location:us', 1],
    ]);
  });

  test('a gateway that moves to another location takes no slot there from who has it', () => {
    const before = input(['a', 'b', 'c', 'd']);
    const placed = planCluster(before).meshNodes;
    const meshNodes = before.meshNodes.map((node): MeshNode => ({
      ...node,
      status: { ...node.status, verified: placed.get(node.metadata.name)?.verified },
    }));
    const nodes = before.nodes.map((node) =>
      node.name === 'a' ? nodeOf({ name: 'a', location: 'us', internalIP: '172.20.1.11', podCIDR: '10.42.0.0/24' }) : node,
    );
    const planned = planCluster({ ...before, meshNodes, nodes }).meshNodes;
    expect(['a', 'b', 'c', 'd'].map((name) => planned.get(name)?.slot)).toEqual([1, 1, 0, 0]);
  });

  test('a key is whose it was first, whoever is older', () => {
    const { meshNodes } = said({ publicKey: fakeKey('b') });
    const before = planCluster({ ...said({}), meshNodes: input([]).meshNodes }).meshNodes;
    const followed = meshNodes.map((node): MeshNode => ({
      ...node,
      metadata: { ...node.metadata, creationTimestamp: node.metadata.name === 'd' ? '2025-01-01T00:00:00Z' : '2026-01-01T00:00:00Z' },
      status: { ...node.status, verified: before.get(node.metadata.name)?.verified },
    }));
    const planned = planCluster(input(['a', 'b', 'c', 'd'], { meshNodes: followed })).meshNodes;
    expect(['b', 'd'].map((name) => planned.get(name)?.verified?.publicKey)).toEqual([fakeKey('b'), undefined]);
  });
});
