/**
 * What a mirror has of its source, and what it has not.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import type { KubeClient } from '../../kube/wire/client.js';
import type { FakeCluster } from './fakeCluster.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

let world: FakeFederation;

beforeEach(() => {
  world = createFakeFederation(['east', 'west']);
});

afterEach(() => world.end());

function change(cluster: FakeCluster, key: string, more: Readonly<Record<string, unknown>>, metadata: object): void {
  const found = cluster.objects.get(key) as KubeObject;
  cluster.put({ ...found, ...more, metadata: { ...found.metadata, ...metadata } });
}

/** What the hub wrote into a member, as text. */
function written(cluster: FakeCluster): string {
  return JSON.stringify([...cluster.objects.values()].filter(({ metadata }) => metadata.labels?.['kilofed.io/managed-by'] !== undefined));
}

test('S14, S26, S27, S37: of what a source says beside its spec, nothing is in its mirror', async () => {
  const east = world.cluster('east');
  exportService(east, 'web', { addresses: ['10.1.0.5'] });
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'secret-owner', uid: 'secret-uid' };
  const said = {
    labels: { 'argocd.argoproj.io/instance': 'secret-label' },
    finalizers: ['service.kubernetes.io/secret-finalizer'],
    ownerReferences: [owner],
  };
  change(
    east,
    'services/demo/web',
    {},
    {
      ...said,
      annotations: { 'kilofed.io/export': 'true', 'external-dns.alpha.kubernetes.io/hostname': 'secret-annotation' },
    },
  );
  const targetRef = { kind: 'Pod', name: 'secret-pod', namespace: 'demo', uid: 'secret-pod-uid' };
  const hints = { forZones: [{ name: 'secret-hint' }] };
  const endpoints = [{ addresses: ['10.1.0.5'], conditions: { ready: true }, nodeName: 'secret-node', targetRef, hints }];
  const labels = { 'kubernetes.io/service-name': 'web', ...said.labels };
  change(east, 'endpointslices/demo/web-1', { endpoints }, { ...said, labels, annotations: { more: 'secret-note' } });
  world.start();
  await world.clock.advance(1_000);
  const text = written(world.cluster('west'));
  expect(text).toContain('10.1.0.5');
  expect(text).not.toMatch(/secret|finalizers|ownerReferences|targetRef|nodeName|hints/);
});

test('S24: a mirror is not exported, whoever asks for it', async () => {
  const [east, west] = [world.cluster('east'), world.cluster('west')];
  exportService(east, 'web', { addresses: ['10.1.0.5'] });
  west.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'demo' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  world.start();
  await world.clock.advance(1_000);
  const derived = [...west.objects.values()].find(({ kind, metadata }) => kind === 'Service' && metadata.name.startsWith('derived-'));
  expect(derived).toBeDefined();
  const name = derived?.metadata.name ?? '';
  west.put({ apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata: { name, namespace: 'demo' } });
  change(west, `services/demo/${name}`, {}, { annotations: { ...derived?.metadata.annotations, 'kilofed.io/export': 'true' } });
  await world.clock.advance(5_000);
  expect([...east.objects.keys()].filter((key) => key.includes(name))).toEqual([]);
  expect([...west.objects.keys()].filter((key) => key.startsWith('services/') && key.includes('derived-'))).toHaveLength(1);
});

test('S49: an API server that drops a field is not written to again and again', async () => {
  world = createFakeFederation(['east', 'west'], { clientOf: (id, cluster) => (id === 'west' ? forgetful(cluster) : cluster.connect()) });
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(5_000);
  const west = world.cluster('west');
  expect(west.objects.get('services/demo/web')).toMatchObject({ spec: { type: 'ClusterIP' } });
  const before = west.writes.length;
  await world.clock.advance(20_000);
  expect(west.writes.slice(before)).toEqual([]);
  // What somebody changes is healed all the same.
  const mirror = west.objects.get('services/demo/web') as KubeObject & Readonly<Record<string, unknown>>;
  west.put({ ...mirror, spec: { type: 'ClusterIP', ports: [] } });
  await world.clock.advance(1_000);
  expect(west.objects.get('services/demo/web')).toMatchObject({ spec: { ports: [{ port: 80 }] } });
});

/** As one that does not know a field of the spec, as API servers before dual-stack did not. */
function forgetful(cluster: FakeCluster): KubeClient {
  const client = cluster.connect();
  return {
    ...client,
    call(request) {
      const { spec, ...body } = (request.body ?? {}) as { readonly spec?: Readonly<Record<string, unknown>> };
      if (spec?.['ipFamilyPolicy'] === undefined) return client.call(request);
      const { ipFamilyPolicy: _unknown, ...known } = spec;
      return client.call({ ...request, body: { ...body, spec: known } });
    },
  };
}
