/**
 * A plan that follows changes is the one that would be made afresh: after any sequence of changes, of whatever kind of cluster.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { MeshNode } from '../../core/api/meshNode.js';
import type { MeshSpec } from '../../core/api/meshSpec.js';
import type { Peer } from '../../core/api/peer.js';
import type { MeshInput } from '../../core/mesh/input.js';
import { createPlanMemory } from '../../core/mesh/planMemory.js';
import { type PlannedNode, planNode } from '../../core/mesh/planNode.js';
import { asPeers, cluster, defaults, externalPeer, fakeKey, type NodeSketch } from '../fakes/mesh.js';
import { federations, membersOf } from './federations.js';

type Input = Pick<MeshInput, 'node' | 'mesh' | 'nodes' | 'peers' | 'resolved' | 'apiServers' | 'underlayMtu' | 'exported'>;
type Alter = (node: MeshNode, other: MeshNode) => MeshNode;

const spec =
  (change: (spec: MeshNode['spec'], other: MeshNode['spec']) => Partial<MeshNode['spec']>): Alter =>
  (node, other) => ({ ...node, spec: { ...node.spec, ...change(node.spec, other.spec) } });
const status =
  (change: (node: MeshNode, other: MeshNode) => Partial<NonNullable<MeshNode['status']>>): Alter =>
  (node, other) => ({ ...node, status: { ...node.status, ...change(node, other) } });

const ALTERATIONS: Readonly<Record<string, Alter>> = {
  'other pods': spec(({ podCIDRs }) => ({
    podCIDRs: podCIDRs.map((each, index) => (each.includes(':') ? each : `10.99.${each.length + index}.0/24`)),
  })),
  "another's pods": spec((_mine, { podCIDRs }) => ({ podCIDRs })),
  'pods that are written otherwise': spec(({ podCIDRs }) => ({ podCIDRs: podCIDRs.map((each) => each.replace('.0/24', '.7/24')) })),
  'no pods': spec(() => ({ podCIDRs: [] })),
  'another address': spec(() => ({ internalIPs: ['172.21.7.7/16'] })),
  "another's address": spec((_mine, { internalIPs }) => ({ internalIPs })),
  'no address': spec(() => ({ internalIPs: [] })),
  'another location': spec(() => ({ location: 'elsewhere' })),
  "another's location": spec((_mine, { location }) => ({ location })),
  'another endpoint': spec(() => ({ endpoints: [{ host: '203.0.113.99', port: 4000 }] })),
  'an endpoint with a name': spec(() => ({ endpoints: [{ host: 'n.example', port: 4000 }] })),
  'no endpoint': spec(() => ({ endpoints: [] })),
  "another's key": spec((_mine, { publicKey }) => ({ publicKey })),
  'another key': spec(({ publicKey }) => ({ publicKey: fakeKey(publicKey) })),
  'a network beside it': spec(() => ({ allowedLocationIPs: ['192.168.77.0/24'] })),
  'what it observes': spec((_mine, { publicKey }) => ({ observedEndpoints: [{ publicKey, plane: 0, host: '198.51.100.77', port: 4711 }] })),
  'another address of its plugin': spec(() => ({ cniCompatibilityIP: '10.98.0.9' })),
  'no slot': status(() => ({ slot: undefined })),
  'a slot': status(() => ({ slot: 1 })),
  "another's mesh address": status((_mine, other) => ({ meshAddresses: other.status?.meshAddresses })),
  'no status': ({ status: _status, ...node }) => node,
  'what is verified': status(({ spec: { publicKey, location, podCIDRs, endpoints } }) => ({
    verified: {
      publicKey,
      location,
      podCIDRs: podCIDRs.slice(0, 1),
      internalIPs: ['172.21.9.9'],
      endpoints: endpoints.map(({ host }) => host),
    },
  })),
  'that it goes': (node) => ({ ...node, metadata: { ...node.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } }),
};

const MESHES: readonly Partial<MeshSpec>[] = [
  { granularity: 'full' },
  { granularity: 'cross' },
  { granularity: 'location' },
  { encapsulation: 'always' },
  { encapsulation: 'never' },
  { encapsulationType: 'flannel' },
  { encapsulationType: 'ipip' },
  { encapsulationType: 'vxlan' },
  { planes: 1 },
  { planes: 3 },
  { besideKilo: 'ahead' },
  { besideKilo: undefined },
  { fromMembers: 'none' },
  { fromMembers: 'pods' },
  { gatewayMode: 'ActiveActive' },
  { podNAT: true },
  { mtu: 1400 },
];

const PEERS: readonly Peer[] = [
  externalPeer('laptop'),
  externalPeer('laptop', { allowedIPs: ['10.9.0.2/32'], endpoint: { dnsOrIP: { dns: 'n.example' }, port: 4000 } }),
  externalPeer('site', { allowedIPs: ['192.168.77.0/24', '10.64.0.0/16'] }),
  externalPeer('thief', { publicKey: fakeKey('n1') }),
  ...asPeers('west', cluster([{ name: 'w', podCIDR: '10.43.0.0/24', endpoint: '203.0.113.7' }], '10.5.0.0/16'), 2),
  ...asPeers('west', cluster([{ name: 'w', podCIDR: '10.44.0.0/24', endpoint: '203.0.113.8' }], '10.5.0.0/16'), 2),
];

type Step =
  | { readonly kind: 'alter'; readonly how: string; readonly at: number; readonly other: number }
  | { readonly kind: 'leave' | 'return' | 'peer' | 'mesh' | 'self' | 'around'; readonly at: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      arbitrary: fc.record({
        kind: fc.constant('alter' as const),
        how: fc.constantFrom(...Object.keys(ALTERATIONS)),
        at: fc.nat(999),
        other: fc.nat(999),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({
        kind: fc.constantFrom('leave' as const, 'return' as const, 'peer' as const, 'mesh' as const, 'self' as const, 'around' as const),
        at: fc.nat(999),
      }),
      weight: 2,
    },
  ),
  { minLength: 1, maxLength: 8 },
);

/** As a store has it: only what changed is another object. */
function after(input: Input, step: Step, all: readonly MeshNode[]): Input {
  const { nodes } = input;
  const { at } = step;
  switch (step.kind) {
    case 'alter': {
      const [node, other] = [nodes[at % nodes.length], nodes[step.other % nodes.length]];
      return node === undefined || other === undefined
        ? input
        : { ...input, nodes: nodes.map((each) => (each === node ? (ALTERATIONS[step.how] as Alter)(node, other) : each)) };
    }
    case 'leave':
      return { ...input, nodes: nodes.filter((_each, index) => index !== at % nodes.length) };
    case 'return': {
      const gone = all[at % all.length] as MeshNode;
      return { ...input, nodes: [...nodes.filter(({ metadata }) => metadata.name !== gone.metadata.name), gone] };
    }
    case 'peer': {
      const peer = PEERS[at % PEERS.length] as Peer;
      const others = input.peers.filter(({ metadata }) => metadata.name !== peer.metadata.name);
      return { ...input, peers: input.peers.includes(peer) ? others : [...others, peer] };
    }
    case 'mesh':
      return { ...input, mesh: { ...input.mesh, ...MESHES[at % MESHES.length] } };
    case 'self':
      return { ...input, node: (all[at % all.length] as MeshNode).metadata.name };
    default:
      return [
        { ...input, resolved: { 'n.example': `203.0.113.${at % 3}` } },
        { ...input, apiServers: ['10.64.3.9'] },
        { ...input, underlayMtu: 1300 + (at % 2) },
        { ...input, exported: [{ addresses: ['10.64.0.9'], ports: [{ protocol: 'TCP' as const, port: at + 1 }] }] },
      ][at % 4] as Input;
  }
}

/** Nobody else has seen the objects of a copy, so nothing is remembered of them. */
function expectFollowed(first: Input, sequence: readonly Step[]): void {
  const memory = createPlanMemory();
  let input = first;
  expectSame(planNode(input, memory), planNode(structuredClone(input)));
  for (const step of sequence) {
    input = after(input, step, first.nodes);
    expectSame(planNode(input, memory), planNode(structuredClone(input)));
  }
}

/** Jest takes long for what is as large. */
function expectSame(followed: PlannedNode, afresh: PlannedNode): void {
  if (!isDeepStrictEqual(followed, afresh)) expect(followed).toStrictEqual(afresh);
}

test('in any federation', () => {
  fc.assert(
    fc.property(federations, steps, (sketches, sequence) => {
      for (const { mesh, nodes, peers } of membersOf(sketches)) {
        const node = nodes[0]?.metadata.name ?? '';
        expectFollowed({ node, mesh, nodes, peers, resolved: {}, underlayMtu: 1500 }, sequence);
      }
    }),
    { numRuns: 40 },
  );
});

/** So many that a change is a small part of everything. */
const MANY = 150;

test.each([
  ['one location', 1],
  ['three locations', 3],
])('in a cluster of many nodes in %s', (_where, locations) => {
  const nodes = cluster(
    Array.from({ length: MANY }, (_, index): NodeSketch => ({
      name: `n${index}`,
      location: `l${index % locations}`,
      internalIP: `172.20.${index % 4}.${10 + index}/24`,
      podCIDR: `10.64.${index}.0/24`,
    })),
    '10.4.0.0/16',
  );
  fc.assert(
    fc.property(steps, fc.constantFrom('n0', `n${MANY - 1}`), (sequence, node) => {
      expectFollowed({ node, mesh: defaults, nodes, peers: PEERS.slice(0, 1), resolved: {}, underlayMtu: 1500 }, sequence);
    }),
    { numRuns: 10 },
  );
});
