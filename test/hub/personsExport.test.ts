/**
 * ServiceExports that people made: they export the Service of their name, in whatever order things come, and the hub writes nothing into
 * them but what became of it.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putExport, putService } from './fakeFederation.js';
import { restartWritesNothing } from './restart.js';
import type { FakeCluster } from './fakeCluster.js';

const STATUS_OF_WEB = 'PATCH /apis/multicluster.x-k8s.io/v1beta1/namespaces/demo/serviceexports/web/status';

let world: FakeFederation;
let east: FakeCluster;
let west: FakeCluster;

beforeEach(async () => {
  world = createFakeFederation(['east', 'west']);
  east = world.cluster('east');
  west = world.cluster('west');
  world.start();
  await world.clock.advance(1_000);
});

afterEach(() => world.end());

const plainService = (annotations: Readonly<Record<string, string>> = {}): void =>
  exportService(east, 'web', { addresses: ['10.1.0.5'], annotations });

/** Addresses in slices of the hub's in west. */
function imported(): string[] {
  return [...west.objects.values()]
    .filter(({ kind }) => kind === 'EndpointSlice')
    .flatMap((slice) => (slice as unknown as { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }).endpoints)
    .flatMap(({ addresses }) => addresses);
}

/** Of a ServiceExport: `Valid=True/Valid`. */
function conditions(cluster = east, name = 'web'): string[] {
  const { status } = (cluster.objects.get(`serviceexports/demo/${name}`) ?? {}) as {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[] };
  };
  return (status?.conditions ?? []).map((each) => `${each.type}=${each.status}/${each.reason}`);
}

const GOOD = ['Conflict=False/NoConflicts', 'Ready=True/Exported', 'Valid=True/Valid'];

/** What else than its status the hub has written into ServiceExports. */
function otherWrites(): string[] {
  return east.writes.filter((write) => write.includes('serviceexports') && write !== STATUS_OF_WEB);
}

test.each([
  ['the Service, then the export', [plainService, () => putExport(east, 'web')]],
  ['the export, then the Service', [() => putExport(east, 'web'), plainService]],
])('%s', async (_order, steps) => {
  for (const step of steps) {
    step();
    await world.clock.advance(1_000);
  }
  expect([imported(), conditions()]).toEqual([['10.1.0.5'], GOOD]);
  expect(otherWrites()).toEqual([]);
});

test('the namespace of the importer last', async () => {
  west.drop(RESOURCE.namespace, 'demo');
  plainService();
  putExport(east, 'web');
  await world.clock.advance(1_000);
  expect([imported(), conditions()]).toEqual([[], GOOD]);
  west.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  await world.clock.advance(1_000);
  expect([imported(), conditions()]).toEqual([['10.1.0.5'], GOOD]);
});

test('without a Service it says so, and no longer when the Service is there', async () => {
  putExport(east, 'web');
  await world.clock.advance(1_000);
  expect(conditions()).toEqual(['Valid=False/NoService']);
  plainService();
  await world.clock.advance(1_000);
  expect(conditions()).toEqual(GOOD);
  east.drop(RESOURCE.service, 'web', 'demo');
  await world.clock.advance(1_000);
  expect([imported(), conditions()]).toEqual([[], ['Valid=False/NoService']]);
});

test('deleting it withdraws the Service everywhere', async () => {
  plainService();
  putExport(east, 'web');
  await world.clock.advance(1_000);
  east.drop(RESOURCE.serviceExport, 'web', 'demo');
  await world.clock.advance(2_000);
  expect([imported(), west.objects.has('serviceimports/demo/web'), otherWrites()]).toEqual([[], false, []]);
});

test('where the Service is annotated, too, it stays exported by that', async () => {
  plainService({ 'kilofed.io/export': 'true' });
  putExport(east, 'web');
  await world.clock.advance(1_000);
  expect(conditions()).toEqual(GOOD);
  east.drop(RESOURCE.serviceExport, 'web', 'demo');
  await world.clock.advance(2_000);
  expect(imported()).toEqual(['10.1.0.5']);
  expect(east.objects.get('serviceexports/demo/web')?.metadata.labels).toEqual({ 'kilofed.io/managed-by': 'kilofed-hub' });
});

test('one that is applied over the hub’s own stays when the annotation goes, and the Service stays exported', async () => {
  plainService({ 'kilofed.io/export': 'true' });
  await world.clock.advance(1_000);
  const own = east.objects.get('serviceexports/demo/web');
  const annotations = { ...own?.metadata.annotations, 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  if (own !== undefined) east.put({ ...own, metadata: { ...own.metadata, annotations } });
  putService(east, 'web', { annotations: {} });
  // Both names stand for a minute.
  await world.clock.advance(70_000);
  expect([imported(), conditions()]).toEqual([['10.1.0.5'], GOOD]);
  expect(east.objects.get('serviceexports/demo/web')?.metadata.annotations).toEqual(annotations);
  // Its owner may take the hub's label off.
  const theirs = east.objects.get('serviceexports/demo/web');
  if (theirs !== undefined) east.put({ ...theirs, metadata: { ...theirs.metadata, labels: {} } });
  await world.clock.advance(5_000);
  expect([imported(), conditions()]).toEqual([['10.1.0.5'], GOOD]);
  expect(east.objects.get('serviceexports/demo/web')?.metadata.labels).toEqual({});
});

test('annotations on it count, and those of the Service before them', async () => {
  plainService({ 'kilofed.io/export-to': 'west' });
  putExport(east, 'web', { annotations: { 'kilofed.io/export-to': 'north', 'kilofed.io/affinity': 'lcal' } });
  await world.clock.advance(1_000);
  expect([imported(), conditions()]).toEqual([
    ['10.1.0.5'],
    ['Conflict=False/NoConflicts', 'Ready=True/Exported', 'Valid=True/InvalidAnnotation'],
  ]);
});

test('what cannot be passed on is told', async () => {
  plainService();
  putExport(east, 'web', { spec: { exportedLabels: { 'not a label': 'x' } } });
  await world.clock.advance(1_000);
  expect(conditions()).toContain('Valid=True/InvalidMetadata');
});

test('an ExternalName is refused', async () => {
  east.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'demo' },
    spec: { type: 'ExternalName', externalName: 'example.com' },
  });
  putExport(east, 'web');
  await world.clock.advance(1_000);
  expect([imported(), conditions()]).toEqual([[], ['Valid=False/InvalidServiceType']]);
});

test('a mirror is not exported again, under whatever name it stands', async () => {
  plainService({ 'kilofed.io/export': 'true' });
  await world.clock.advance(1_000);
  putExport(west, 'web');
  await world.clock.advance(1_000);
  expect(conditions(west)).toEqual(['Valid=False/IsMirror']);
  expect(imported()).toEqual(['10.1.0.5']);
  expect([...east.objects.keys()].filter((key) => key.startsWith('services/') || key.startsWith('endpointslices/'))).toEqual([
    'services/demo/web',
    'endpointslices/demo/web-1',
  ]);
});

test('one that was there before the mirror says that it is one, and no longer when the mirror has gone', async () => {
  putExport(west, 'web');
  await world.clock.advance(1_000);
  expect(conditions(west)).toEqual(['Valid=False/NoService']);
  plainService({ 'kilofed.io/export': 'true' });
  await world.clock.advance(1_000);
  expect(conditions(west)).toEqual(['Valid=False/IsMirror']);
  east.drop(RESOURCE.service, 'web', 'demo');
  await world.clock.advance(2_000);
  expect(conditions(west)).toEqual(['Valid=False/NoService']);
});

test('a change while the hub reports in it is not forgotten for the answer', async () => {
  const edit = (): void => {
    const object = east.objects.get('serviceexports/demo/web') as KubeObject;
    east.put({ ...object, metadata: { ...object.metadata, generation: 2 } });
  };
  putExport(east, 'web');
  // The watch tells of it before the answer to the write is read.
  east.fault = ({ method, path }) => {
    if (method === 'PATCH' && path.endsWith('/serviceexports/web/status')) void Promise.resolve().then(edit);
    east.fault = method === 'PATCH' ? () => undefined : east.fault;
    return undefined;
  };
  await world.clock.advance(5_000);
  const { status } = east.objects.get('serviceexports/demo/web') as KubeObject & { readonly status?: { readonly conditions: unknown } };
  expect(status?.conditions).toEqual([expect.objectContaining({ observedGeneration: 2 })]);
});

test('a hub that starts anew writes nothing', async () => {
  west.drop(RESOURCE.namespace, 'demo');
  plainService();
  putExport(east, 'web');
  putExport(east, 'alone');
  await world.clock.advance(2_000);
  await restartWritesNothing(world, 5_000);
});

test('when very many ServiceExports go at once, their list is asked first', async () => {
  const names = Array.from({ length: 30 }, (_, n) => `web${n}`);
  for (const name of names) exportService(east, name, { addresses: ['10.1.0.5'], annotations: {} });
  const putAll = (): void => names.forEach((name) => putExport(east, name));
  putAll();
  await world.clock.advance(1_000);
  expect(imported()).toHaveLength(30);
  // The list has them still: no more than half go without a look at it.
  east.fault = ({ method, path }) => {
    if (method === 'GET' && path.endsWith('/serviceexports')) east.silently(putAll);
    return undefined;
  };
  for (const name of names) east.drop(RESOURCE.serviceExport, name, 'demo');
  await world.clock.advance(10_000);
  expect(imported()).toHaveLength(30);
  expect(west.writes.filter((write) => write.startsWith('DELETE') && write.includes('/serviceimports/')).length).toBeLessThanOrEqual(15);
});
