/**
 * ServiceImports of the hub: what they say, in which order they come, and that nothing is written twice.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putService, putSlice } from './fakeFederation.js';

interface ServiceImport extends KubeObject {
  readonly spec: { readonly ips?: readonly string[]; readonly ports: readonly { readonly name: string }[]; readonly type: string };
  readonly status?: { readonly clusters?: readonly { readonly cluster: string }[]; readonly conditions?: readonly Condition[] };
}

let world: FakeFederation;

const importIn = (id: string): ServiceImport | undefined =>
  world.cluster(id).objects.get('serviceimports/demo/web') as ServiceImport | undefined;
const clusters = (id: string): string | undefined =>
  importIn(id)
    ?.status?.clusters?.map(({ cluster }) => cluster)
    .join();
const ready = (id: string): string | undefined => {
  const found = importIn(id)?.status?.conditions?.find(({ type }) => type === 'Ready');
  return found === undefined ? undefined : `${found.status} ${found.reason}`;
};
const addressIn = (id: string): unknown => {
  const service: (KubeObject & { readonly spec?: { readonly clusterIP?: string } }) | undefined = world
    .cluster(id)
    .objects.get('services/demo/web');
  return service?.spec?.clusterIP;
};

async function restart(): Promise<void> {
  await world.end();
  world.start();
  await world.clock.advance(15_000);
}

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], ports: ['http'] });
  world.start();
  await world.clock.advance(1_000);
});

afterEach(() => world.end());

test('a new mirror serves before its ServiceImport comes, and the status is last; a hub that starts again writes nothing', async () => {
  const written = world.cluster('west').writes.filter((each) => each.includes('/demo/') && !/peers|events/.test(each));
  const kinds = written.map((each) => each.replace(/^.*\/namespaces\/demo\/(\w+)\/[^/]*/, '$1'));
  expect([...new Set(kinds)]).toEqual(['services', 'endpointslices', 'serviceimports', 'serviceimports/status']);
  expect([clusters('west'), ready('west'), importIn('west')?.spec.ips]).toEqual(['east', 'True Ready', [addressIn('west')]]);
  const before = world.clusters().map(({ writes }) => writes.length);
  await restart();
  expect(world.clusters().map(({ writes }) => writes.length)).toEqual(before);
});

test('exporters come and go in the status, and the address stays', async () => {
  const [address, since] = [addressIn('west'), importIn('west')?.status?.conditions?.[0]?.lastTransitionTime];
  await world.clock.advance(5_000);
  exportService(world.cluster('north'), 'web', { addresses: ['10.2.0.5'], ports: ['http', 'grpc'] });
  await world.clock.advance(1_000);
  expect([clusters('west'), importIn('west')?.spec.ports.map(({ name }) => name)]).toEqual(['east,north', ['http', 'grpc']]);
  expect(importIn('west')?.spec.ips).toEqual([address]);
  world.cluster('east').put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'demo' }, spec: { ports: [] } });
  await world.clock.advance(11_000);
  expect([clusters('west'), ready('west')]).toEqual(['north', 'True Ready']);
  expect([importIn('west')?.spec.ips, importIn('west')?.status?.conditions?.[0]?.lastTransitionTime]).toEqual([[address], since]);
});

test('a status that somebody changes is written again, and conditions of others stay', async () => {
  const west = world.cluster('west');
  const other = { type: 'Other', status: 'True', reason: 'Said', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' } as const;
  const before = importIn('west') as ServiceImport;
  west.put({ ...before, status: { clusters: [{ cluster: 'evil' }], conditions: [other] } });
  await world.clock.advance(1_000);
  expect([clusters('west'), ready('west')]).toEqual(['east', 'True Ready']);
});

test('IP families that a member lacks: its ServiceImport says so, and nothing else stands; one that it has makes it ready', async () => {
  const service = world.cluster('east').objects.get('services/demo/web') as KubeObject & { readonly spec: object };
  world.cluster('east').put({ ...service, spec: { ...service.spec, ipFamilies: ['IPv6'] } });
  await world.clock.advance(2_000);
  expect([ready('west'), clusters('west'), importIn('west')?.spec.ips, addressIn('west')]).toEqual([
    'False IPFamilyNotSupported',
    'east',
    undefined,
    undefined,
  ]);
  const before = world.clusters().map(({ writes }) => writes.length);
  await restart();
  expect(world.clusters().map(({ writes }) => writes.length)).toEqual(before);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], ports: ['http'] });
  await world.clock.advance(4_000);
  expect([ready('west'), importIn('west')?.spec.ips]).toEqual(['True Ready', [addressIn('west')]]);
  world.cluster('east').put({ ...service, metadata: { name: 'web', namespace: 'demo' } });
  await world.clock.advance(11_000);
  expect(importIn('west')).toBeUndefined();
});

test('a port that another exporter renames is changed when its EndpointSlices have it, and nobody else waits for that', async () => {
  const [east, north] = [world.cluster('east'), world.cluster('north')];
  const ports = (): unknown => importIn('west')?.spec.ports.map(({ name }) => name);
  const sliceOf = (id: string): string[] =>
    [...world.cluster('west').objects.values()]
      .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kilofed.io/cluster'] === id)
      .flatMap((each) => [
        ...(each as unknown as { ports: { name: string }[] }).ports.map(({ name }) => name),
        ...(each as unknown as { endpoints: { addresses: string[] }[] }).endpoints.flatMap(({ addresses }) => addresses),
      ]);
  exportService(north, 'web', { addresses: ['10.2.0.5'], ports: ['http', 'grpc'] });
  await world.clock.advance(1_000);
  putService(north, 'web', { ports: ['http', 'rest'] });
  putSlice(east, 'web', { addresses: ['10.1.0.6'], ports: ['http'] });
  await world.clock.advance(500);
  expect([ports(), sliceOf('north'), sliceOf('east')]).toEqual([
    ['http', 'grpc'],
    ['http', 'grpc', '10.2.0.5'],
    ['http', '10.1.0.6'],
  ]);
  putSlice(north, 'web', { addresses: ['10.2.0.5'], ports: ['http', 'rest'] });
  await world.clock.advance(500);
  expect([ports(), sliceOf('north')]).toEqual([
    ['http', 'rest'],
    ['http', 'rest', '10.2.0.5'],
  ]);
  // What no slice ever has is waited for two seconds.
  putService(north, 'web', { ports: ['http', 'lost'] });
  await world.clock.advance(1_500);
  expect(ports()).toEqual(['http', 'rest']);
  await world.clock.advance(1_000);
  expect(ports()).toEqual(['http', 'lost']);
});

test('labels and annotations that a ServiceExport passes on come and go with it, and are written once', async () => {
  const west = world.cluster('west');
  const exported = (spec: object): void => world.cluster('east').put({ ...mcs, metadata: { name: 'web', namespace: 'demo' }, spec });
  const mcs = { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport' };
  world.cluster('east').drop(RESOURCE.serviceExport, 'web', 'demo');
  exported({ exportedLabels: { team: 'shop', 'kilofed.io/managed-by': 'x' }, exportedAnnotations: { note: 'a' } });
  await world.clock.advance(2_000);
  expect(importIn('west')?.metadata).toMatchObject({
    labels: { team: 'shop', 'kilofed.io/managed-by': 'kilofed-hub' },
    annotations: { note: 'a' },
  });
  const before = west.writes.length;
  await restart();
  expect(west.writes.slice(before)).toEqual([]);
  exported({ exportedLabels: { team: 'other' } });
  await world.clock.advance(2_000);
  expect(importIn('west')?.metadata.labels).toMatchObject({ team: 'other' });
  expect(importIn('west')?.metadata.annotations).not.toHaveProperty('note');
  expect(west.writes.slice(before)).toHaveLength(1);
});
