/**
 * What a person does to the names that mirrors have: whoever puts an object in the place of one has it, at once and for good. The same
 * with kubectl on real API servers: personSuite.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putSlice } from './fakeFederation.js';
import type { FakeCluster } from './fakeCluster.js';

type Some = KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };

const DERIVED = /^derived-[0-9a-v]{10}$/;
const FROM_EAST = ['10.1.0.5'];
let world: FakeFederation;
let west: FakeCluster;

beforeEach(async () => {
  world = createFakeFederation(['east', 'west']);
  west = world.cluster('west');
  exportService(world.cluster('east'), 'web', { addresses: FROM_EAST });
  world.start();
  await world.clock.advance(1_000);
  expect(endpointsBehind('web')).toEqual(FROM_EAST);
});

afterEach(() => world.end());

function find(key: string): Some | undefined {
  return west.objects.get(key);
}

/** Addresses that kube-proxy joins to a Service of west. */
function endpointsBehind(name: string): string[] {
  return [...west.objects.values()]
    .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => (slice as unknown as { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }).endpoints)
    .flatMap(({ addresses }) => addresses)
    .toSorted();
}

function derivedName(): string | undefined {
  return [...west.objects.values()].find(({ kind, metadata: { name } }) => kind === 'Service' && DERIVED.test(name))?.metadata.name;
}

function standIn(): unknown {
  return find('serviceimports/demo/web')?.metadata.annotations?.['multicluster.kubernetes.io/derived-service'];
}

const SELECTOR = { selector: { app: 'web' } };

/** What kubectl leaves of it when a manifest is applied over the mirror `web`. */
function applyOver(annotations: Readonly<Record<string, string>> = {}): void {
  const { apiVersion, kind, metadata, spec } = find('services/demo/web') as Some;
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', ...annotations };
  west.put({
    apiVersion,
    kind,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...applied } },
    spec: { ...spec, ...SELECTOR },
  });
}

/** As kube-controller-manager makes it: with the labels of the Service, and its own name. */
function controllersSlice(addresses: readonly string[], ready = true): void {
  const { labels } = (find('services/demo/web') as Some).metadata;
  west.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-x7k2p',
      namespace: 'demo',
      labels: {
        ...labels,
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready } })),
  });
}

function createOwn(): void {
  west.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'demo' },
    spec: { type: 'ClusterIP', clusterIP: '10.102.0.9', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }], ...SELECTOR },
  });
}

describe('I3: a manifest that is applied over a mirror', () => {
  test('has the name at once and for good, and loses no endpoint until it has one of its own', async () => {
    applyOver();
    await world.clock.advance(100);
    expect(endpointsBehind('web')).toEqual(FROM_EAST);
    expect([standIn(), endpointsBehind(derivedName() ?? '')]).toEqual([derivedName(), FROM_EAST]);

    controllersSlice(['10.2.0.7'], false);
    await world.clock.advance(1_000);
    expect(endpointsBehind('web')).toEqual(['10.1.0.5', '10.2.0.7']);

    controllersSlice(['10.2.0.7']);
    await world.clock.advance(100);
    expect(endpointsBehind('web')).toEqual(['10.2.0.7']);
    expect(endpointsBehind(derivedName() ?? '')).toEqual(FROM_EAST);

    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(1_000);
    expect(find('services/demo/web')?.spec).toMatchObject(SELECTOR);
    expect([derivedName(), endpointsBehind('web'), standIn()]).toEqual([undefined, ['10.2.0.7'], undefined]);
  });

  test('is rid of the marks of the hub, and of nothing else', async () => {
    applyOver({ note: 'mine' });
    const before = find('services/demo/web') as Some;
    await world.clock.advance(100);
    const { metadata, spec } = find('services/demo/web') as Some;
    expect(metadata.labels).toEqual({});
    expect(metadata.annotations).toEqual({ note: 'mine', 'kubectl.kubernetes.io/last-applied-configuration': '{}' });
    expect([spec, metadata.uid]).toEqual([before.spec, before.metadata.uid]);
  });

  test('keeps endpoints of others for a minute, if it never has one of its own', async () => {
    applyOver();
    await world.clock.advance(59_000);
    expect(endpointsBehind('web')).toEqual(FROM_EAST);
    await world.clock.advance(2_000);
    expect([endpointsBehind('web'), endpointsBehind(derivedName() ?? '')]).toEqual([[], FROM_EAST]);
  });

  test('loses an endpoint that its exporter withdraws', async () => {
    applyOver();
    await world.clock.advance(100);
    putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.6'] });
    await world.clock.advance(100);
    expect([endpointsBehind('web'), endpointsBehind(derivedName() ?? '')]).toEqual([[], ['10.1.0.6']]);
  });

  test('is exported, if it says so', async () => {
    applyOver({ 'kilofed.io/export': 'true' });
    controllersSlice(['10.2.0.7']);
    await world.clock.advance(1_000);
    const { exporters } =
      world
        .hub()
        .status()
        .services.find(({ name }) => name === 'web') ?? {};
    expect(exporters).toEqual([
      { cluster: 'east', endpoints: 1, ready: 1 },
      { cluster: 'west', endpoints: 1, ready: 1 },
    ]);
    expect(endpointsBehind('web')).toEqual(['10.2.0.7']);
    expect(endpointsBehind(derivedName() ?? '')).toEqual(['10.1.0.5', '10.2.0.7']);
  });

  test('while the hub is away has the name all the same, and a hub that starts writes no more than that takes', async () => {
    await world.end();
    applyOver();
    controllersSlice(['10.2.0.7']);
    world.start();
    await world.clock.advance(1_000);
    expect([endpointsBehind('web'), endpointsBehind(derivedName() ?? '')]).toEqual([['10.2.0.7'], FROM_EAST]);
    await world.end();
    west.writes.length = 0;
    world.start();
    await world.clock.advance(1_000);
    expect(west.writes).toEqual([]);
  });

  test('in a member that does not let the hub take its marks off is not the hub’s all the same', async () => {
    west.fault = ({ method, path }) =>
      method === 'PATCH' && path.endsWith('/services/web') ? { kind: 'forbidden', message: 'a policy says no' } : undefined;
    applyOver();
    controllersSlice(['10.2.0.7']);
    await world.clock.advance(1_000);
    expect([endpointsBehind('web'), endpointsBehind(derivedName() ?? '')]).toEqual([['10.2.0.7'], FROM_EAST]);
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(1_000);
    expect([find('services/demo/web')?.spec, endpointsBehind('web')]).toEqual([expect.objectContaining(SELECTOR), ['10.2.0.7']]);
  });
});

test('I3: its owner is told by an Event, once, and whoever asks for the status sees where the mirror is', async () => {
  applyOver();
  controllersSlice(['10.2.0.7']);
  await world.clock.advance(2_000);
  const events = [...west.objects.values()].filter(
    (object) => object.kind === 'Event' && !('action' in object && object.action === 'FollowService'),
  );
  expect(events).toMatchObject([{ reason: 'MirrorYielded', regarding: { kind: 'Service', name: 'web', namespace: 'demo' } }]);
  const { importers } =
    world
      .hub()
      .status()
      .services.find(({ name }) => name === 'web') ?? {};
  expect(importers?.find(({ cluster }) => cluster === 'west')).toMatchObject({ state: 'mirrored', service: derivedName() });
});

describe('I3: a Service that is deleted and created', () => {
  test('finds its name free, if it comes within three seconds', async () => {
    west.drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(2_500);
    expect(find('services/demo/web')).toBeUndefined();
    createOwn();
    controllersSlice(['10.2.0.7']);
    await world.clock.advance(5_000);
    expect([find('services/demo/web')?.spec, endpointsBehind('web')]).toEqual([expect.objectContaining(SELECTOR), ['10.2.0.7']]);
    expect(endpointsBehind(derivedName() ?? '')).toEqual(FROM_EAST);
  });

  test('is a mirror again, if nobody comes', async () => {
    west.drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(4_000);
    expect([find('services/demo/web')?.spec?.['selector'], endpointsBehind('web'), derivedName()]).toEqual([
      undefined,
      FROM_EAST,
      undefined,
    ]);
  });
});

describe('I5: the own name', () => {
  const ownName = async (): Promise<void> => {
    applyOver();
    controllersSlice(['10.2.0.7']);
    await world.clock.advance(1_000);
    west.drop(RESOURCE.service, 'web', 'demo');
    west.drop(RESOURCE.endpointSlice, 'web-x7k2p', 'demo');
  };

  test('returns when it is free, and the derived one stands beside it for a minute', async () => {
    await ownName();
    const derived = derivedName() ?? '';
    await world.clock.advance(6_000);
    expect([standIn(), endpointsBehind('web'), endpointsBehind(derived)]).toEqual(['web', FROM_EAST, FROM_EAST]);
    putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.6'] });
    await world.clock.advance(50_000);
    expect([endpointsBehind('web'), endpointsBehind(derived)]).toEqual([['10.1.0.6'], ['10.1.0.6']]);
    await world.clock.advance(20_000);
    expect([endpointsBehind('web'), endpointsBehind(derived), derivedName()]).toEqual([['10.1.0.6'], [], undefined]);
  });

  test('that cannot be taken leaves the derived one as it is, for as long as that lasts', async () => {
    await ownName();
    west.fault = ({ method, path }) =>
      method === 'PATCH' && path.endsWith('/services/web') ? { kind: 'forbidden', message: 'exceeded quota' } : undefined;
    await world.clock.advance(100_000);
    expect(endpointsBehind(derivedName() ?? '')).toEqual(FROM_EAST);
    west.fault = () => undefined;
    await world.clock.advance(10_000);
    expect([standIn(), endpointsBehind('web'), endpointsBehind(derivedName() ?? '')]).toEqual(['web', FROM_EAST, FROM_EAST]);
  });

  test('is left to a person who is back within three seconds', async () => {
    await ownName();
    await world.clock.advance(2_000);
    createOwn();
    await world.clock.advance(10_000);
    expect([standIn(), endpointsBehind('web')]).toEqual([derivedName(), []]);
  });
});

describe('a Service that is handed over', () => {
  const handOver = (spec: Readonly<Record<string, unknown>> = {}, value = 'true'): void => {
    createOwn();
    const own = find('services/demo/web') as Some;
    const annotations = { 'kilofed.io/hand-over': value, 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    west.put({ ...own, metadata: { name: 'web', namespace: 'demo', annotations }, spec: { ...own.spec, ...spec } });
  };

  beforeEach(async () => {
    west.drop(RESOURCE.service, 'web', 'demo');
    createOwn();
    controllersSlice(['10.2.0.7']);
    await world.clock.advance(5_000);
    expect([endpointsBehind('web'), standIn()]).toEqual([['10.2.0.7'], derivedName()]);
  });

  test('becomes the mirror, with its address, and the endpoints of others join its own', async () => {
    const { uid } = (find('services/demo/web') as Some).metadata;
    handOver();
    await world.clock.advance(1_000);
    const { metadata, spec } = find('services/demo/web') as Some;
    expect([metadata.uid, spec?.['clusterIP'], spec?.['selector']]).toEqual([uid, '10.102.0.9', undefined]);
    expect(metadata.labels).toMatchObject({ 'kilofed.io/managed-by': 'kilofed-hub' });
    expect([standIn(), endpointsBehind('web')]).toEqual(['web', ['10.1.0.5', '10.2.0.7']]);
    expect(endpointsBehind(derivedName() ?? '')).toEqual(FROM_EAST);
    await world.clock.advance(70_000);
    expect(derivedName()).toBeUndefined();
    await world.end();
    west.writes.length = 0;
    world.start();
    await world.clock.advance(1_000);
    expect(west.writes).toEqual([]);
  });

  test('is its owner’s again when its manifest is applied again', async () => {
    handOver();
    await world.clock.advance(1_000);
    applyOver({ 'kilofed.io/hand-over': 'done' });
    await world.clock.advance(1_000);
    expect([find('services/demo/web')?.spec, endpointsBehind('web')]).toEqual([expect.objectContaining(SELECTOR), ['10.2.0.7']]);
    expect(endpointsBehind(derivedName() ?? '')).toEqual(FROM_EAST);
  });

  test.each([
    ['is of another type', { type: 'NodePort' }, 'true', true],
    ['has no address', { clusterIP: 'None' }, 'true', true],
    ['says so in another way', {}, 'yes', true],
    ['takes it back', {}, 'false', false],
  ])('stays as it is if it %s', async (_what, spec, value, told) => {
    handOver(spec, value);
    const before = find('services/demo/web');
    await world.clock.advance(1_000);
    expect([find('services/demo/web'), endpointsBehind('web')]).toEqual([before, ['10.2.0.7']]);
    expect(
      world
        .hub()
        .status()
        .problems.some(({ reason }) => reason === 'InvalidAnnotation'),
    ).toBe(told);
  });

  test('stays as it is if nobody exports one of its name', async () => {
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(1_000);
    handOver();
    const before = find('services/demo/web');
    await world.clock.advance(1_000);
    expect([find('services/demo/web'), endpointsBehind('web')]).toEqual([before, ['10.2.0.7']]);
  });
});

describe('S5, S25: what somebody else made under the hub’s label', () => {
  test('is neither changed nor deleted: the slice of a controller, an import, an export, a slice of a person', async () => {
    const labels = { 'kilofed.io/managed-by': 'kilofed-hub', 'multicluster.kubernetes.io/service-name': 'web' };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'kilofed.io/hash': '0' };
    const metadata = { name: 'mine', namespace: 'demo', labels, annotations };
    const mcs = 'multicluster.x-k8s.io/v1beta1';
    controllersSlice(['10.2.0.7']);
    west.put({ apiVersion: mcs, kind: 'ServiceImport', metadata, spec: { type: 'Headless', ports: [] } });
    west.put({ apiVersion: mcs, kind: 'ServiceExport', metadata });
    const manager = { ...labels, 'endpointslice.kubernetes.io/managed-by': 'kilofed-hub', 'kubernetes.io/service-name': 'web' };
    west.put({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { ...metadata, labels: manager }, endpoints: [] });
    const mine = ['endpointslices/demo/web-x7k2p', 'serviceimports/demo/mine', 'serviceexports/demo/mine', 'endpointslices/demo/mine'];
    const before = mine.map(find);
    await world.clock.advance(1_000);
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(1_000);
    expect(find('services/demo/web')).toBeUndefined();
    // Of an export, the status is how the hub answers, and it is all that it writes.
    const { status, ...rest } = find('serviceexports/demo/mine') as Some & { readonly status?: unknown };
    expect(status).toMatchObject({ conditions: [{ type: 'Valid', status: 'False', reason: 'NoService' }] });
    const resourceVersion = before[2]?.metadata.resourceVersion;
    const after = { ...rest, metadata: { ...rest.metadata, resourceVersion } };
    expect(mine.map((key) => (key === 'serviceexports/demo/mine' ? after : find(key)))).toEqual(before);
    expect(west.writes.filter((write) => write.includes('serviceexports'))).toEqual([
      'PATCH /apis/multicluster.x-k8s.io/v1beta1/namespaces/demo/serviceexports/mine/status',
    ]);
  });
});

describe('a person who is faster than the answer to the hub', () => {
  /** `act` happens when the API server has the request, and before the hub has heard of it. */
  function just(before: 'PATCH' | 'DELETE', act: () => void): void {
    west.fault = ({ method, path }) => {
      if (method !== before || !path.endsWith('/services/web')) return undefined;
      west.fault = () => undefined;
      act();
      return undefined;
    };
  }

  test('keeps the Service that was about to be deleted as a mirror', async () => {
    just('DELETE', () => applyOver());
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(60_000);
    expect(find('services/demo/web')?.spec).toMatchObject(SELECTOR);
  });

  test('keeps what the hub was about to write over', async () => {
    const own = [{ name: 'mine', port: 99, protocol: 'TCP' }];
    just('PATCH', () => {
      applyOver();
      const object = find('services/demo/web') as Some;
      west.put({ ...object, spec: { ...object.spec, ports: own } });
    });
    exportService(world.cluster('east'), 'web', { addresses: FROM_EAST, ports: ['http'] });
    await world.clock.advance(60_000);
    expect(find('services/demo/web')?.spec).toMatchObject({ ...SELECTOR, ports: own });
  });

  test('has the name that the mirror has just left', async () => {
    just('DELETE', () => {
      west.drop(RESOURCE.service, 'web', 'demo');
      createOwn();
    });
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(10_000);
    exportService(world.cluster('east'), 'web', { addresses: FROM_EAST });
    await world.clock.advance(60_000);
    expect([find('services/demo/web')?.spec, standIn()]).toEqual([expect.objectContaining(SELECTOR), expect.stringMatching(DERIVED)]);
  });
});
