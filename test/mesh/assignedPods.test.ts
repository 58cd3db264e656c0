/**
 * The whole cluster-agent with a cluster whose network plugin gives pods addresses out of ranges of its own. The kinds of plugins are
 * served or not, as a cluster has them.
 */
import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createClusterAgent } from '../../cluster-agent/agent.js';
import { createClusterAgentMetrics } from '../../cluster-agent/metrics.js';
import type { Mesh } from '../../core/api/mesh.js';
import { meshSpecSchema } from '../../core/api/meshSpec.js';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { KubeFailure } from '../../kube/wire/client.js';
import { createTextMetrics } from '../../kube/wire/textMetrics.js';
import { fakeKey } from '../fakes/mesh.js';
import { createHandClock, type HandClock, SILENT } from '../host/handClock.js';
import { createFakeCluster, type FakeCluster } from '../hub/fakeCluster.js';

const NOT_FOUND: KubeFailure = { kind: 'notFound', code: 404, message: 'the server could not find the requested resource' };
const FORBIDDEN: KubeFailure = { kind: 'forbidden', code: 403, message: 'may not list ipamblocks' };
const CALICO = '/apis/crd.projectcalico.org/';
const CILIUM = '/apis/cilium.io/';

let clock: HandClock;
let cluster: FakeCluster;
/** By the beginning of its path: what is not answered, and how. */
let faults: Map<string, KubeFailure>;
let end: () => Promise<void>;

const settled = (): Promise<void> => clock.advance(12_000);

function start(): void {
  const client = cluster.connect();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const agent = createClusterAgent({
    client,
    clock,
    random: () => 0.5,
    log: SILENT,
    metrics: createClusterAgentMetrics(createTextMetrics()),
    events: { record: () => undefined },
    lookup: () => Promise.reject(new Error('no names here')),
  });
  const ended = agent.run(stop.signal);
  end = async () => {
    stop.abort();
    client.close();
    await clock.advance(5_000);
    await ended;
  };
}

beforeEach(async () => {
  clock = createHandClock();
  cluster = createFakeCluster('u-east', clock);
  faults = new Map([CALICO, CILIUM, '/apis/projectcalico.org/'].map((path) => [path, NOT_FOUND]));
  cluster.fault = ({ path }) => [...faults].find(([prefix]) => path.startsWith(prefix))?.[1];
  cluster.put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: meshSpecSchema.parse({}) });
  for (const [index, name] of ['a', 'b', 'c'].entries()) addNode(name, index);
  start();
  await settled();
});

afterEach(() => end());

/** A Node as kubeadm leaves it, with a range that Calico does not keep to, and what its agent says of it. */
function addNode(name: string, index: number): void {
  const podCIDRs = [`10.244.${index}.0/24`];
  const address = `172.20.1.${index + 1}`;
  cluster.put({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `u-${name}` },
    spec: { podCIDRs },
    status: { addresses: [{ type: 'InternalIP', address }] },
  });
  cluster.put({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: `u-${name}` }] },
    spec: {
      publicKey: fakeKey(name),
      endpoints: [{ host: address, port: 51820 }],
      internalIPs: [`${address}/24`],
      podCIDRs,
      location: '',
      gateway: 'auto',
      persistentKeepalive: 0,
    },
  });
}

function annotate(name: string, annotations: Readonly<Record<string, string>>): void {
  const node = cluster.objects.get(`nodes/${name}`) as KubeObject;
  cluster.put({ ...node, metadata: { ...node.metadata, annotations } });
}

function putBlock(cidr: string, affinity: string | null, more: object = {}): void {
  cluster.put({
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'IPAMBlock',
    metadata: { name: cidr.replaceAll(/[./]/g, '-') },
    spec: { cidr, affinity, allocations: [], attributes: [], ...more },
  });
}

const usedBy = (node: string, pod: string): object => ({
  allocations: [null, 0],
  attributes: [{ handle_id: pod, secondary: { node, pod, namespace: 'demo' } }],
});

const statusOf = (name: string): MeshNode['status'] => (cluster.objects.get(`meshnodes/${name}`) as KubeObject & MeshNode).status;
/** By node: its assigned ranges, and why it is not ready. */
const nodes = (): unknown =>
  Object.fromEntries(
    ['a', 'b', 'c'].map((name) => {
      const { assignedPods, conditions = [] } = statusOf(name) ?? {};
      const reason = conditions.find(({ type }) => type === 'Ready')?.reason ?? 'nothing';
      return [
        name,
        [...(assignedPods === undefined ? ['as its Node'] : assignedPods.cidrs), ...(reason === 'Meshed' ? [] : [reason])].join(' '),
      ];
    }),
  );
const mesh = (): Mesh['status'] => (cluster.objects.get('meshes/default') as KubeObject & Mesh).status;

const BY_NODES = { a: 'as its Node', b: 'as its Node', c: 'as its Node' };

async function withCalico(): Promise<void> {
  faults.delete(CALICO);
  putBlock('10.244.1.0/26', 'host:a', usedBy('c', 'web'));
  putBlock('10.244.9.64/26', 'host:a');
  await settled();
}
const BY_CALICO = { a: '10.244.1.0/26 10.244.9.64/26', b: '', c: '10.244.1.1/32' };

test('without the kinds of any plugin, the Nodes say it', () => {
  expect([nodes(), mesh()?.podCIDRs]).toEqual([BY_NODES, ['10.244.0.0/23', '10.244.2.0/24']]);
});

describe('blocks of Calico', () => {
  test('are noticed when their kind comes later, and a restart writes nothing', async () => {
    await withCalico();
    expect([nodes(), mesh()?.podCIDRs]).toEqual([BY_CALICO, ['10.244.1.0/26', '10.244.9.64/26']]);
    const writes = cluster.writes.length;
    await end();
    start();
    await settled();
    expect([nodes(), cluster.writes.slice(writes)]).toEqual([BY_CALICO, []]);
  });

  test('a pod that comes to its own block writes nothing', async () => {
    await withCalico();
    const writes = cluster.writes.length;
    putBlock('10.244.9.64/26', 'host:a', usedBy('a', 'other'));
    await settled();
    expect(cluster.writes.slice(writes)).toEqual([]);
  });

  test('a block that moves is taken from one node before another one gets it, and no other node is written', async () => {
    await withCalico();
    const writes = cluster.writes.length;
    putBlock('10.244.9.64/26', 'host:b');
    await settled();
    expect(nodes()).toEqual({ ...BY_CALICO, a: '10.244.1.0/26', b: '10.244.9.64/26' });
    expect(cluster.writes.slice(writes).map((each) => each.split('/').slice(-2)[0])).toEqual(['a', 'b']);
  });

  test('what cannot be read any more stays, also over a restart', async () => {
    await withCalico();
    faults.set(CALICO, FORBIDDEN);
    cluster.endWatches();
    await settled();
    expect(nodes()).toEqual(BY_CALICO);
    await end();
    start();
    await settled();
    expect(nodes()).toEqual(BY_CALICO);
  });

  test('without any block left, the Nodes say it again', async () => {
    await withCalico();
    cluster.drop(RESOURCE.calicoBlock, '10-244-1-0-26');
    await settled();
    expect(nodes()).toEqual({ a: '10.244.9.64/26', b: '', c: '' });
    cluster.drop(RESOURCE.calicoBlock, '10-244-9-64-26');
    await settled();
    expect(nodes()).toEqual(BY_NODES);
  });
});

test('two plugins: the Nodes, and it is told, until the Mesh says which', async () => {
  await withCalico();
  faults.delete(CILIUM);
  cluster.put({ apiVersion: 'cilium.io/v2', kind: 'CiliumNode', metadata: { name: 'c' }, spec: { ipam: { podCIDRs: ['10.0.3.0/24'] } } });
  await settled();
  expect(nodes()).toEqual({
    a: 'as its Node PodRangesUnclear',
    b: 'as its Node PodRangesUnclear',
    c: 'as its Node PodRangesUnclear',
  });
  const spec = meshSpecSchema.parse({ podCIDRsFrom: 'cilium' });
  cluster.put({ ...(cluster.objects.get('meshes/default') as KubeObject), spec });
  await settled();
  expect(nodes()).toEqual({ a: 'NoPodCIDR', b: 'NoPodCIDR', c: '10.0.3.0/24' });
});

test('an annotation wins; one that does not parse is told', async () => {
  annotate('a', { 'kilofed.io/pod-cidrs': '10.77.1.0/24' });
  annotate('b', { 'kilofed.io/pod-cidrs': 'all' });
  await settled();
  expect(nodes()).toEqual({ a: '10.77.1.0/24', b: 'as its Node BadPodCIDRs', c: 'as its Node' });
  annotate('a', {});
  annotate('b', {});
  await settled();
  expect(nodes()).toEqual(BY_NODES);
});
