/**
 * The whole hub with members that fail: what is broken in one concerns nobody else, and nothing is deleted on a doubt.
 */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createHub, type Hub } from '../../hub/hub.js';
import { chooseQueue } from '../../hub/chooseQueue.js';
import type { Source, SourceRead } from '../../hub/members/declaration.js';
import { createHandClock, type HandClock, SILENT } from '../host/handClock.js';
import { createFakeCluster, type FakeCluster } from './fakeCluster.js';

const key = (n: number): string => Buffer.alloc(32, n).toString('base64');

let clock: HandClock;
let clusters: Record<string, FakeCluster>;
let declared: string[];
let hub: Hub;
let stop: AbortController;
let running: Promise<void>;
let reread: () => void;

function start(): void {
  stop = new AbortController();
  const source: Source = {
    read: (): SourceRead => ({ complete: true, problems: [], declarations: declared.map((id) => ({ id, origin: `test ${id}`, content: { ok: true, kubeconfig: id } })) }),
    run(changed, signal) {
      reread = changed;
      changed();
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  };
  const deps = { clock, random: () => 0.5, log: SILENT };
  hub = createHub({
    ...deps,
    ...chooseQueue(undefined, deps),
    sources: [source],
    connect: (id) => ({ ok: true, client: (clusters[id] as FakeCluster).client }),
    version: 'test',
    sha256: (text) => createHash('sha256').update(text).digest(),
    deniedNamespaces: ['kube-system'],
  });
  running = hub.run(stop.signal);
}

async function end(): Promise<void> {
  stop.abort();
  await clock.advance(5_000);
  await running;
}

function populate(cluster: FakeCluster, n: number): void {
  cluster.put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: { wireguardCIDRs: [`10.4.${n}.0/24`] }, status: { serviceCIDRs: [`10.10${n}.0.0/16`] } });
  cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  cluster.put({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name: `n${n}` },
    spec: { publicKey: key(n), endpoints: [{ host: `192.0.2.${n}`, port: 51820 }], internalIPs: [`10.77.${n}.1/24`], podCIDRs: [`10.${n}.0.0/24`], location: '' },
    status: { meshAddresses: [`10.4.${n}.1`], slot: 0 },
  });
}

function exportService(cluster: FakeCluster, name: string, address: string): void {
  cluster.put({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'demo', annotations: { 'kilofed.io/export': 'true' } }, spec: { type: 'ClusterIP', clusterIP: '10.101.0.1', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }] } });
  cluster.put({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: `${name}-1`, namespace: 'demo', labels: { 'kubernetes.io/service-name': name } }, addressType: 'IPv4', ports: [{ name: '', port: 8080, protocol: 'TCP' }], endpoints: [{ addresses: [address], conditions: { ready: true } }] });
}

const ours = (id: string): string[] =>
  [...(clusters[id] as FakeCluster).objects].filter(([, object]) => object.metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub').map(([name]) => name).toSorted();
const mirrors = (id: string): string[] => ours(id).filter((name) => name.startsWith('services/'));
const peers = (id: string): string[] => ours(id).filter((name) => name.startsWith('peers/'));
const state = (id: string): string | undefined => hub.status().members.find((member) => member.id === id)?.state;
const endpointsOf = (id: string): string[] => [...(clusters[id] as FakeCluster).objects.values()].flatMap((object) =>
  object.kind === 'EndpointSlice' && object.metadata.labels?.['kilofed.io/managed-by'] !== undefined ? (object as KubeObject & { endpoints: { addresses: string[] }[] }).endpoints.flatMap(({ addresses }) => addresses) : []);

beforeEach(async () => {
  clock = createHandClock();
  clusters = { east: createFakeCluster('u-east', clock), west: createFakeCluster('u-west', clock), north: createFakeCluster('u-north', clock) };
  Object.values(clusters).forEach((cluster, index) => populate(cluster, index + 1));
  exportService(clusters['east'] as FakeCluster, 'web', '10.1.0.5');
  declared = ['east', 'west', 'north'];
  start();
  await clock.advance(1_000);
  expect(mirrors('west')).toEqual(['services/demo/web']);
  expect(peers('west')).toHaveLength(2);
});

afterEach(end);

describe('a failing member', () => {
  test.each([
    ['that hangs', () => 'hang' as const],
    ['that refuses connections', () => ({ kind: 'unreachable' as const, message: 'connection refused' })],
    ['that answers 500', () => ({ kind: 'server' as const, message: 'internal error' })],
    ['that answers 429', () => ({ kind: 'tooMany' as const, message: 'slow down', retryAfterMs: 1_000 })],
    ['that forbids everything', () => ({ kind: 'forbidden' as const, message: 'no' })],
  ])('%s holds up nobody, loses nothing, and catches up', async (_name, fault) => {
    const north = clusters['north'] as FakeCluster;
    north.fault = fault;
    north.endWatches();
    exportService(clusters['east'] as FakeCluster, 'web', '10.1.0.6');
    exportService(clusters['east'] as FakeCluster, 'shop', '10.1.0.7');
    await clock.advance(1_000);
    expect(endpointsOf('west').toSorted()).toEqual(['10.1.0.6', '10.1.0.7']);
    await clock.advance(120_000);
    expect(state('north')).not.toBe('ready');
    expect(peers('west')).toHaveLength(2);
    north.fault = () => undefined;
    await clock.advance(60_000);
    expect(state('north')).toBe('ready');
    expect(endpointsOf('north').toSorted()).toEqual(['10.1.0.6', '10.1.0.7']);
  });

  test('that forbids writes only is told, and served when it does not', async () => {
    const north = clusters['north'] as FakeCluster;
    north.fault = ({ method }) => (method === 'PATCH' ? { kind: 'forbidden', message: 'may not patch' } : undefined);
    exportService(clusters['east'] as FakeCluster, 'web', '10.1.0.6');
    await clock.advance(5_000);
    expect(endpointsOf('west')).toEqual(['10.1.0.6']);
    expect(hub.status().services[0]?.importers.find(({ cluster }) => cluster === 'north')).toMatchObject({ state: 'pending', reason: 'may not patch' });
    north.fault = () => undefined;
    await clock.advance(60_000);
    expect(endpointsOf('north')).toEqual(['10.1.0.6']);
  });
});

describe('doubt', () => {
  test('another cluster under the same id is refused, and nothing goes', async () => {
    const before = [ours('west'), ours('north')];
    const east = clusters['east'] as FakeCluster;
    east.silently(() => {
      for (const name of ['web']) east.drop(RESOURCE.service, name, 'demo');
      east.drop(RESOURCE.meshNode, 'n1');
      east.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u-other' } });
    });
    east.endWatches();
    await clock.advance(60_000);
    expect(state('east')).toBe('refused');
    expect([ours('west'), ours('north')]).toEqual(before);
    declared = ['west', 'north'];
    reread();
    await clock.advance(2_000);
    expect(mirrors('west')).toEqual([]);
    declared = ['east', 'west', 'north'];
    reread();
    await clock.advance(2_000);
    expect(state('east')).toBe('ready');
  });

  test('a list that lost most of everything is asked for again before it is believed', async () => {
    const east = clusters['east'] as FakeCluster;
    for (let index = 0; index < 30; index += 1) exportService(east, `s${index}`, `10.1.0.${index + 10}`);
    await clock.advance(1_000);
    expect(mirrors('west')).toHaveLength(31);
    const lists = east.lists(RESOURCE.service);
    for (let index = 0; index < 30; index += 1) east.drop(RESOURCE.service, `s${index}`, 'demo');
    await clock.advance(2_000);
    expect(east.lists(RESOURCE.service)).toBeGreaterThan(lists);
    expect(mirrors('west')).toEqual(['services/demo/web']);
  });

  test('a hub that starts while a member is away leaves what is that member\'s', async () => {
    await end();
    const before = [ours('west'), ours('north')];
    const writes = Object.values(clusters).map((cluster) => cluster.writes.length);
    (clusters['east'] as FakeCluster).fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    start();
    await clock.advance(120_000);
    expect(state('east')).toBe('connecting');
    expect([ours('west'), ours('north')]).toEqual(before);
    expect(Object.values(clusters).map((cluster) => cluster.writes.length)).toEqual(writes);
    (clusters['east'] as FakeCluster).fault = () => undefined;
    await clock.advance(60_000);
    expect(state('east')).toBe('ready');
    expect(Object.values(clusters).map((cluster) => cluster.writes.length)).toEqual(writes);
  });

  test('what a member left behind, that was removed while no hub ran, goes after a while', async () => {
    await end();
    declared = ['west', 'north'];
    start();
    await clock.advance(5_000);
    expect(mirrors('west')).toEqual(['services/demo/web']);
    await clock.advance(10_000);
    expect(mirrors('west')).toEqual([]);
    expect(peers('west')).toHaveLength(1);
  });

  test('a kubeconfig that is gone for a moment removes nobody', async () => {
    declared = ['west', 'north'];
    reread();
    await clock.advance(500);
    declared = ['east', 'west', 'north'];
    reread();
    await clock.advance(5_000);
    expect(mirrors('west')).toEqual(['services/demo/web']);
    expect((clusters['west'] as FakeCluster).writes.some((write) => write.startsWith('DELETE'))).toBe(false);
  });

  test('a Mesh that becomes unreadable stops the clock, not the traffic', async () => {
    const before = ours('west');
    (clusters['east'] as FakeCluster).put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: { planes: 99 } });
    await clock.advance(5_000);
    expect(ours('west')).toEqual(before);
    expect(hub.status().problems.some(({ cluster, reason }) => cluster === 'east' && reason === 'BadMesh')).toBe(true);
  });
});

test('of two members that overlap, a third keeps the prefix with who had it, also across a restart', async () => {
  const prefixes = (source: string): string[] => [...(clusters['east'] as FakeCluster).objects.values()].flatMap((object) =>
    object.kind === 'Peer' && object.metadata.labels?.['kilofed.io/cluster'] === source ? (object as KubeObject & { spec: { allowedIPs: string[] } }).spec.allowedIPs : []).toSorted();
  expect([prefixes('north'), prefixes('west')]).toEqual([['10.3.0.0/24', '10.4.3.1/32'], ['10.2.0.0/24', '10.4.2.1/32']]);
  const north = clusters['north'] as FakeCluster;
  const node = north.objects.get('meshnodes/n3') as KubeObject & { spec: { podCIDRs: string[] } };
  north.put({ ...node, spec: { ...node.spec, podCIDRs: ['10.3.0.0/24', '10.2.0.0/24'] } });
  await clock.advance(1_000);
  const settled = [['10.3.0.0/24', '10.4.3.1/32'], ['10.2.0.0/24', '10.4.2.1/32']];
  expect([prefixes('north'), prefixes('west')]).toEqual(settled);
  expect(hub.status().problems.filter(({ reason }) => reason === 'PrefixTaken').map(({ cluster, subject }) => `${cluster} ${subject}`)).toEqual(['north pair east']);
  expect(hub.status().pairs.filter(({ state: each }) => each === 'refused').map(({ from, to }) => `${from} ${to}`).toSorted()).toEqual(['north west', 'west north']);
  const writes = Object.values(clusters).map((cluster) => cluster.writes.length);
  await end();
  start();
  await clock.advance(5_000);
  expect(hub.status().pairs.filter(({ state: each }) => each === 'linked')).toHaveLength(4);
  expect(Object.values(clusters).map((cluster) => cluster.writes.length)).toEqual(writes);
  north.put({ ...node });
  await clock.advance(1_000);
  expect(hub.status().pairs.filter(({ state: each }) => each === 'linked')).toHaveLength(6);
});
