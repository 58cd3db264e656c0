/**
 * A ServiceImport stands in every member that has the namespace, in whoever exports the Service, too.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putExport, putSlice } from './fakeFederation.js';
import { restartWritesNothing } from './restart.js';
import type { FakeCluster } from './fakeCluster.js';

const DERIVED = 'derived-scaifns3gd';

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

/** The Service that the ServiceImport of a member names; undefined: there is none. */
function named(cluster: FakeCluster): string | undefined {
  return cluster.objects.get('serviceimports/demo/web')?.metadata.annotations?.['multicluster.kubernetes.io/derived-service'];
}

/** Addresses that join a Service of a member. */
function behind(cluster: FakeCluster, name: string): string[] {
  return [...cluster.objects.values()]
    .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => (slice as unknown as { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }).endpoints)
    .flatMap(({ addresses }) => addresses)
    .toSorted();
}

/** Services and EndpointSlices that the hub has written into a member. */
function dataPath({ writes }: FakeCluster): readonly string[] {
  return writes.filter((write) => /\/(services|endpointslices)\//.test(write));
}

test('by the annotation: in the exporter it names the Service itself, and nothing is mirrored there', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'] });
  await world.clock.advance(3_000);
  expect([named(east), named(west)]).toEqual(['web', 'web']);
  expect(dataPath(east)).toEqual([]);
  east.drop(RESOURCE.service, 'web', 'demo');
  await world.clock.advance(3_000);
  expect([named(east), named(west)]).toEqual([undefined, undefined]);
});

test('by a ServiceExport: the same derived Service everywhere, and it follows the endpoints', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'], annotations: {} });
  putExport(east, 'web');
  await world.clock.advance(3_000);
  expect([named(east), named(west), behind(east, DERIVED), behind(west, DERIVED)]).toEqual([DERIVED, DERIVED, ['10.1.0.5'], ['10.1.0.5']]);
  putSlice(east, 'web', { addresses: ['10.1.0.6'] });
  await world.clock.advance(3_000);
  expect([behind(east, DERIVED), behind(west, DERIVED)]).toEqual([['10.1.0.6'], ['10.1.0.6']]);
  east.drop(RESOURCE.serviceExport, 'web', 'demo');
  await world.clock.advance(3_000);
  expect([named(east), named(west), behind(east, DERIVED), behind(west, DERIVED)]).toEqual([undefined, undefined, [], []]);
});

test('a second exporter comes and goes: the derived Service of the first stays, with its address', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'] });
  await world.clock.advance(3_000);
  exportService(west, 'web', { addresses: ['10.2.0.5'] });
  await world.clock.advance(70_000);
  expect([named(east), behind(east, DERIVED)]).toEqual([DERIVED, ['10.1.0.5', '10.2.0.5']]);
  west.drop(RESOURCE.service, 'web', 'demo');
  await world.clock.advance(70_000);
  expect([named(east), behind(east, DERIVED)]).toEqual([DERIVED, ['10.1.0.5']]);
});

test('a namespace that imports nothing has none, not even of its own', async () => {
  east.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels: { 'kilofed.io/import': 'none' } } });
  exportService(east, 'web', { addresses: ['10.1.0.5'] });
  await world.clock.advance(3_000);
  expect([named(east), named(west)]).toEqual([undefined, 'web']);
});

test('a hub that starts anew writes nothing', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'] });
  exportService(east, 'shop', { addresses: ['10.1.0.6'], annotations: {} });
  putExport(east, 'shop');
  await world.clock.advance(5_000);
  await restartWritesNothing(world, 10_000);
});
