/**
 * Under which name what others export stands: an export by a ServiceExport leaves the own name to whoever wants to make such a Service.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createFakeFederation, exportService, type FakeFederation, putExport } from './fakeFederation.js';
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

/** Services of west in `demo` that have endpoints of east, and which of them the ServiceImport names. */
function names(): readonly [served: string[], named: string | undefined] {
  const services = [...west.objects.keys()].filter((key) => key.startsWith('services/demo/')).map((key) => key.split('/')[2] ?? '');
  const joined = new Set([...west.objects.values()].map(({ metadata }) => metadata.labels?.['kubernetes.io/service-name']));
  const { annotations } = west.objects.get('serviceimports/demo/web')?.metadata ?? {};
  return [services.filter((name) => joined.has(name)).toSorted(), annotations?.['multicluster.kubernetes.io/derived-service']];
}

function labelNamespace(labels: Readonly<Record<string, string>>): void {
  west.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels } });
}

test('by a ServiceExport: only the derived name, and a Service of the own name can be made at any time', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'], annotations: {} });
  putExport(east, 'web');
  await world.clock.advance(2_000);
  expect(names()).toEqual([[DERIVED], DERIVED]);
  const own = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'demo' }, spec: { selector: { app: 'web' } } };
  west.put(own);
  const made = west.objects.get('services/demo/web');
  await world.clock.advance(70_000);
  expect([names(), west.objects.get('services/demo/web')]).toEqual([[[DERIVED], DERIVED], made]);
});

test('the annotation moves it between the names, and both stand for a minute', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'], annotations: {} });
  putExport(east, 'web');
  await world.clock.advance(2_000);
  for (const [ownName, name] of [
    ['true', 'web'],
    ['false', DERIVED],
  ] as const) {
    putExport(east, 'web', { annotations: { 'kilofed.io/own-name': ownName } });
    // The DNS goes by the ServiceImport: it follows when kube-proxy has the endpoints of the new Service.
    await world.clock.advance(1_000);
    expect(names()).toEqual([[DERIVED, 'web'], name === 'web' ? DERIVED : 'web']);
    await world.clock.advance(1_000);
    expect(names()).toEqual([[DERIVED, 'web'], name]);
    await world.clock.advance(50_000);
    expect(names()).toEqual([[DERIVED, 'web'], name]);
    await world.clock.advance(20_000);
    expect(names()).toEqual([[name], name]);
  }
});

test('a namespace that forbids own names has none, whatever the exporter says, and has them again', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'], annotations: { 'kilofed.io/export': 'true', 'kilofed.io/own-name': 'true' } });
  await world.clock.advance(2_000);
  expect(names()).toEqual([['web'], 'web']);
  labelNamespace({ 'kilofed.io/own-names': 'false' });
  await world.clock.advance(70_000);
  expect(names()).toEqual([[DERIVED], DERIVED]);
  labelNamespace({});
  await world.clock.advance(70_000);
  expect(names()).toEqual([['web'], 'web']);
});

test('a hub that starts anew between two names goes on, and writes nothing once it is done', async () => {
  exportService(east, 'web', { addresses: ['10.1.0.5'], annotations: {} });
  putExport(east, 'web', { annotations: { 'kilofed.io/own-name': 'true' } });
  await world.clock.advance(2_000);
  putExport(east, 'web');
  await world.clock.advance(2_000);
  await world.end();
  world.start();
  await world.clock.advance(70_000);
  expect(names()).toEqual([[DERIVED], DERIVED]);
  await restartWritesNothing(world, 10_000);
});
