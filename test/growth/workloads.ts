/**
 * Work that grows with a cluster, and must grow no faster: for the test that counts it and the benchmark that times it.
 */
import { createHostModel } from '../../core/host/hostModel.js';
import { planChanges } from '../../core/host/planChanges.js';
import { createPlanMemory } from '../../core/mesh/planMemory.js';
import { planNode } from '../../core/mesh/planNode.js';
import { aggregate, firstOverlap } from '../../core/net/sets.js';
import { planImport } from '../../core/services/planImport.js';
import { laggingExporters } from '../../core/services/slicesLag.js';
import { nodeProblems } from '../../cluster-agent/nodeProblems.js';
import type { MeshNode } from '../../core/api/meshNode.js';
import type { KubeObject } from '../../core/api/resources.js';
import { planMemberPeers } from '../../hub/controllers/peers/planMemberPeers.js';
import { createOverlaps } from '../../hub/pairs/overlaps.js';
import { createMemberRecords, type MemberRecords } from '../../hub/records/memberRecords.js';
import { NO_API_SERVERS, targetMember, UNCONTESTED } from '../fakes/facts.js';
import { asPeers, cluster, defaults, externalPeer, fakeKey, type NodeSketch } from '../fakes/mesh.js';
import { exporter, importInput, slice } from '../fakes/services.js';
import { EMPTY_HOST } from '../host/emptyHost.js';
import { gatewayPlan, keyOf } from '../host/plans.js';

export interface Workload {
  readonly name: string;
  /** How many there may well be. */
  readonly most: number;
  /** How long that may take, in milliseconds; absent: nothing is promised. */
  readonly within?: number;
  /** Makes the input; what it returns does the work. */
  prepare(count: number): () => unknown;
}

/** Beside each other, so that a test can tell what it saves to follow. */
export const AFRESH: Workload = {
  name: 'a node is planned with nodes in its own location',
  most: 2_500,
  prepare(count) {
    const nodes = nodesOf(count, 1);
    return () => planNode({ ...INPUT, nodes, peers: [] });
  },
};

export const FOLLOWED: Workload = {
  name: 'the plan of a node follows one MeshNode of its location',
  most: 2_500,
  within: 20,
  prepare(count) {
    const memory = createPlanMemory();
    let nodes = nodesOf(count, 1);
    let time = 0;
    const change = (): void => {
      time += 1;
      const index = ((time * 37) % (count - 1)) + 1;
      nodes = nodes.map((node, at) => (at === index ? movedPods(node, time) : node));
      planNode({ ...INPUT, nodes, peers: [] }, memory);
    };
    // The first one makes it, the second one has followed.
    for (let round = 0; round < 2; round += 1) change();
    return change;
  },
};

export const WORKLOADS: readonly Workload[] = [
  AFRESH,
  FOLLOWED,
  {
    name: 'a node is planned with external peers',
    most: 2_000,
    prepare(count) {
      const peers = list(count, (index) =>
        externalPeer(`p${index}`, { allowedIPs: [`10.9.${index >> 8}.${index & 255}/32`], publicKey: fakeKey(`p${index}`) }),
      );
      const nodes = nodesOf(3);
      return () => planNode({ ...INPUT, nodes, peers });
    },
  },
  {
    name: 'a node is planned with exported endpoints',
    most: 10_000,
    prepare(count) {
      const exported = list(count, (index) => ({
        addresses: [`10.42.${index >> 8}.${index & 255}`],
        ports: [{ protocol: 'TCP' as const, port: 80 }],
      }));
      const nodes = nodesOf(3);
      const far = cluster([{ name: 'w', podCIDR: '10.43.0.0/24', endpoint: '203.0.113.7' }], '10.5.0.0/16');
      const peers = asPeers('west', far, 2);
      return () => planNode({ ...INPUT, nodes, peers, exported });
    },
  },
  {
    name: 'a node is planned with nodes in twenty locations',
    most: 800,
    prepare(count) {
      const nodes = nodesOf(count);
      return () => planNode({ ...INPUT, nodes, peers: [] });
    },
  },
  {
    name: 'a host is brought to a plan with peers',
    most: 2_000,
    prepare(count) {
      const desired = planWith(count);
      return () => planChanges({ desired, observed: EMPTY_HOST, prior: new Map(), publicKey: keyOf('own') });
    },
  },
  {
    name: 'a host is found to match a plan with peers',
    most: 2_000,
    prepare(count) {
      const desired = planWith(count);
      const model = createHostModel(EMPTY_HOST);
      for (const change of planChanges({ desired, observed: EMPTY_HOST, prior: new Map(), publicKey: keyOf('own') })) model.record(change);
      return () => planChanges({ desired, observed: model.state(), prior: new Map(), publicKey: keyOf('own') });
    },
  },
  {
    name: 'problems of nodes are looked for',
    most: 5_000,
    prepare(count) {
      const nodes = nodesOf(count);
      return () => nodeProblems(nodes, { exhausted: [], withheld: [], lost: new Set() });
    },
  },
  {
    name: 'H8.2: a mirror is planned from a Service with ports',
    most: 4_000,
    prepare(count) {
      const ports = list(count, (index) => ({ name: `p${index}`, protocol: 'TCP' as const, port: 1 + index }));
      const known = exporter('east', [], { ports });
      const input = importInput({ exporters: [{ ...known, slices: [slice('east', ['10.42.1.5'], { ports })] }] });
      return () => [planImport(input), laggingExporters(input.exporters)];
    },
  },
  {
    name: 'H8.2: a mirror is planned from endpoints',
    most: 4_000,
    prepare(count) {
      const addresses = list(count, (index) => `10.42.${index >> 8}.${index & 255}`);
      const slices = list(Math.ceil(count / 100), (index) =>
        slice('east', addresses.slice(index * 100, index * 100 + 100), { name: `web-${index}`, uid: `u${index}` }),
      );
      const input = importInput({ exporters: [{ ...exporter('east', []), slices }] });
      return () => planImport(input);
    },
  },
  {
    name: 'an overlap of two lists of CIDRs is looked for',
    most: 2_000,
    prepare(count) {
      const [a, b] = [cidrs(count, 0), cidrs(count, 1)];
      return () => firstOverlap(a, b);
    },
  },
  {
    name: 'a list of CIDRs is aggregated',
    most: 2_000,
    prepare(count) {
      const all = [...cidrs(count / 2, 0), ...cidrs(count / 2, 1)];
      return () => aggregate(all);
    },
  },
  {
    name: 'H8.1: the MeshNodes of a member are listed',
    most: 2_000,
    prepare: (count) => () => largeMember(count),
  },
  {
    name: 'H8.1: one MeshNode of a member changes',
    most: 2_000,
    prepare(count) {
      const member = largeMember(count);
      return () => {
        member.put(nodeOfMember(5, { port: 50_000 }));
        member.records.settle();
      };
    },
  },
  {
    name: 'overlaps of a large member with forty others are looked for',
    most: 2_000,
    prepare(count) {
      const large = largeMember(count).records.facts();
      const others = new Map<string, ReturnType<MemberRecords['facts']>>(
        list(40, (index) => [`m${index}`, largeMember(3, 100 + index).records.facts()] as const),
      );
      const ids = ['large', ...others.keys()];
      return () => createOverlaps({ ids: () => ids, facts: (id) => (id === 'large' ? large : others.get(id)) }).changed('large');
    },
  },
  {
    name: 'Peers of a large member are planned in another',
    most: 2_000,
    prepare(count) {
      const input = pairOf(largeMember(count), largeMember(3, 128));
      return () => planMemberPeers(input);
    },
  },
  {
    name: 'Peers of another are planned in a large member',
    most: 2_000,
    prepare(count) {
      const input = pairOf(largeMember(3, 128), largeMember(count));
      return () => planMemberPeers(input);
    },
  },
];

interface LargeMember {
  readonly records: MemberRecords;
  put(object: KubeObject): void;
}

/** As its watches tell it, in one batch. */
function largeMember(count: number, second = 0): LargeMember {
  const deps = {
    clock: { now: () => 0, wall: () => 0, after: () => () => undefined },
    changed: () => undefined,
    needSlices: () => undefined,
    allSlicesHeard: () => false,
  };
  const records = createMemberRecords('large', deps);
  const put = (object: KubeObject): void => {
    const feed = records.feeds[object.kind === 'Mesh' ? 'mesh' : 'meshNode'];
    feed.changed(object.metadata.name, feed.project(object), undefined);
  };
  const spec = { wireguardCIDRs: [`172.${16 + (second >> 6)}.0.0/16`] };
  put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec } as KubeObject);
  for (let index = 0; index < count; index += 1) put(nodeOfMember(index, { second }));
  records.settle();
  return { records, put };
}

function nodeOfMember(index: number, { second = 0, port = 51_820 }: { readonly second?: number; readonly port?: number }): KubeObject {
  const [high, low] = [index >> 8, index & 255];
  return {
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name: `n${index}` },
    spec: {
      publicKey: fakeKey(`n${second} ${index}`),
      endpoints: [{ host: `192.0.2.${low}`, port }],
      internalIPs: [`192.168.${second + high}.${low}/${second === 0 ? 20 : 24}`],
      podCIDRs: [`10.${second + high}.${low}.0/24`],
      location: `l${index % 20}`,
    },
    status: { meshAddresses: [`172.${16 + (second >> 6)}.${high}.${low}`], ...(index < 40 && { slot: index < 20 ? 0 : 1 }) },
  } as KubeObject;
}

function pairOf(source: LargeMember, target: LargeMember): Parameters<typeof planMemberPeers>[0] {
  const [from, to] = [source.records.facts(), target.records.facts()];
  if (from === undefined || to === undefined) throw new Error('a member without facts');
  return {
    source: { id: 'source', facts: from },
    target: targetMember('target', to),
    apiServers: NO_API_SERVERS,
    ownership: UNCONTESTED,
    sha256: () => new Uint8Array(32),
  };
}

const INPUT = { node: 'n0', mesh: defaults, resolved: {}, underlayMtu: 1500 } as const;

function list<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function movedPods(node: MeshNode, time: number): MeshNode {
  return { ...node, spec: { ...node.spec, podCIDRs: [`10.${200 + (time & 15)}.${(time >> 4) & 255}.0/24`] } };
}

function nodesOf(count: number, locations = 20): ReturnType<typeof cluster> {
  return cluster(
    list(count, (index): NodeSketch => {
      const place = Math.floor(index / locations);
      return {
        name: `n${index}`,
        location: `l${index % locations}`,
        internalIP: `172.20.${(index % locations) * 8 + (place >> 7)}.${10 + (place & 127)}/20`,
        podCIDR: `10.${64 + (index >> 8)}.${index & 255}.0/24`,
      };
    }),
    '172.31.0.0/16',
  );
}

function planWith(count: number): ReturnType<typeof gatewayPlan> {
  return gatewayPlan({
    planes: 1,
    remotes: list(count, (index) => ({
      name: `p${index}`,
      prefixes: [`10.${128 + (index >> 8)}.${index & 255}.1/32`],
      endpoint: `10.0.0.${3 + (index % 250)}:51820`,
    })),
  });
}

/** None of those of another even or odd `second` overlaps, and neighbours can be joined. */
function cidrs(count: number, second: number): string[] {
  return list(count, (index) => `10.${second + (index >> 8) * 2}.${index & 255}.0/24`);
}
