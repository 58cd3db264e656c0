/**
 * H7, in the whole hub: an exporter that comes later leaves a Service that stands as it is, in every member and over restarts.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, makeForgotten, putSlice } from './fakeFederation.js';

type Ports = readonly (readonly [name: string, port: number])[];

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

let world: FakeFederation;

/** `evil` sorts before everybody, and says that it is older than everybody. */
function evilExports(ports: Ports, spec: Readonly<Record<string, unknown>> = {}, id = 'alpha'): void {
  world.cluster(id).put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'demo',
      uid: '00000000-0000-0000-0000-000000000000',
      creationTimestamp: '1970-01-01T00:00:00Z',
      annotations: { 'kilofed.io/export': 'true', 'kilofed.io/exporters': 'alpha' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.101.0.1',
      ipFamilies: ['IPv4'],
      ports: ports.map(([name, port]) => ({ name, port, protocol: 'TCP' })),
      ...spec,
    },
  });
  putSlice(world.cluster(id), 'web', { addresses: ['10.1.0.66'], ports: ports.map(([name]) => name) });
}

/** All that is written of `demo/web` into a member, without what is of `alpha`. */
function standing(id: string): unknown {
  return [...world.cluster(id).objects.values()]
    .filter(
      ({ metadata }) => metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub' && metadata.labels['kilofed.io/cluster'] !== 'alpha',
    )
    .filter(({ kind }) => kind === 'Service' || kind === 'EndpointSlice')
    .map(({ metadata: { name, uid, resourceVersion }, ...rest }) => ({ name, uid, resourceVersion, ...rest }));
}

const exporters = (id: string): string | undefined =>
  world.cluster(id).objects.get('serviceimports/demo/web')?.metadata.annotations?.['kilofed.io/exporters'];
const portsIn = (id: string): string[] =>
  (
    (world.cluster(id).objects.get('services/demo/web') as (KubeObject & { spec: { ports: { name: string; port: number }[] } }) | undefined)
      ?.spec.ports ?? []
  ).map(({ name, port }) => `${name} ${port}`);
const conflict = (id: string): Condition | undefined => {
  const found: Conditioned | undefined = world.cluster(id).objects.get('serviceexports/demo/web');
  return found?.status?.conditions?.find(({ type }) => type === 'Conflict');
};

async function restart(): Promise<void> {
  await world.end();
  world.start();
  await world.clock.advance(15_000);
}

beforeEach(async () => {
  world = createFakeFederation(['alpha', 'east', 'north', 'south', 'west']);
  world.declared = ['alpha', 'east', 'north', 'west'];
  exportService(world.cluster('east'), 'web', { addresses: ['10.2.0.5'], ports: ['http'] });
  world.start();
  await world.clock.advance(1_000);
  expect(portsIn('west')).toEqual(['http 80']);
});

afterEach(() => world.end());

describe('H7: a newcomer that says it was made in 1970 changes', () => {
  test.each<[string, Ports, Readonly<Record<string, unknown>>]>([
    ['no port by another name', [['x', 80]], {}],
    ['no port by another number', [['http', 6666]], {}],
    ['no type', [['http', 80]], { clusterIP: 'None' }],
    ['no affinity', [['http', 80]], { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } }],
    ['no family', [['http', 80]], { ipFamilies: ['IPv6', 'IPv4'] }],
    ['no readiness', [['http', 80]], { publishNotReadyAddresses: true }],
  ])('%s, also when the hub starts again, with and without the one that stands', async (_what, ports, spec) => {
    const before = [standing('west'), standing('north')];
    evilExports(ports, spec);
    await world.clock.advance(5_000);
    expect([standing('west'), standing('north')]).toEqual(before);
    expect([exporters('west'), exporters('north')]).toEqual(['east,alpha', 'east,alpha']);
    await restart();
    expect([standing('west'), standing('north')]).toEqual(before);
    await world.end();
    world.cluster('east').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.start();
    await world.clock.advance(60_000);
    expect([standing('west'), standing('north'), exporters('west')]).toEqual([...before, 'east,alpha']);
    world.cluster('east').fault = () => undefined;
    await world.clock.advance(60_000);
    expect([standing('west'), standing('north'), exporters('west')]).toEqual([...before, 'east,alpha']);
  });
});

test('H7: a port that a newcomer adds comes and goes with it, and leaves the others as they are, also over restarts', async () => {
  evilExports([
    ['http', 6666],
    ['x', 81],
  ]);
  await world.clock.advance(2_000);
  expect([portsIn('west'), exporters('west')]).toEqual([['http 80', 'x 81'], 'east,alpha']);
  const writes = world.clusters().map((cluster) => cluster.writes.length);
  await restart();
  expect(world.clusters().map((cluster) => cluster.writes.length)).toEqual(writes);
  // While it is not known, what it added stays.
  await world.end();
  world.cluster('alpha').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
  world.start();
  await world.clock.advance(60_000);
  expect([portsIn('west'), exporters('west')]).toEqual([['http 80', 'x 81'], 'east,alpha']);
  world.cluster('alpha').fault = () => undefined;
  await world.clock.advance(60_000);
  world.cluster('alpha').drop(RESOURCE.service, 'web', 'demo');
  await world.clock.advance(2_000);
  expect([portsIn('west'), exporters('west')]).toEqual([['http 80'], 'east']);
});

test('H7: a member that comes later follows whom the others follow', async () => {
  evilExports([['x', 80]]);
  await world.clock.advance(1_000);
  world.declared = ['alpha', 'east', 'north', 'south', 'west'];
  world.reread();
  await world.clock.advance(2_000);
  expect([portsIn('south'), exporters('south')]).toEqual([['http 80'], 'east,alpha']);
  expect(conflict('alpha')?.message).toBe('east has http 80/TCP, and decides in alpha, east, north, south, west; alpha has x 80/TCP');
});

test('H7: who stands changes its own ports; when it leaves, the next takes over; when it returns, it is a newcomer', async () => {
  evilExports([['x', 80]]);
  await world.clock.advance(1_000);
  exportService(world.cluster('east'), 'web', { addresses: ['10.2.0.5'], ports: ['http', 'grpc'] });
  await world.clock.advance(1_000);
  expect(portsIn('west')).toEqual(['http 80', 'grpc 81']);
  world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
  await world.clock.advance(1_000);
  expect([portsIn('west'), exporters('west')]).toEqual([['x 80'], 'alpha']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.2.0.5'], ports: ['http'] });
  await world.clock.advance(1_000);
  expect([portsIn('west'), exporters('west')]).toEqual([['x 80'], 'alpha,east']);
  await restart();
  expect([portsIn('west'), exporters('west')]).toEqual([['x 80'], 'alpha,east']);
});

test('H7: an exporter that seems to lose everything keeps its place until another list says so', async () => {
  const east = world.cluster('east');
  for (let index = 0; index < 30; index += 1) exportService(east, `a${index}`, { addresses: [`10.2.0.${index + 10}`] });
  evilExports([['x', 80]]);
  await world.clock.advance(11_000);
  const lists = east.lists(RESOURCE.service);
  const services = [...east.objects.values()]
    .filter(({ kind, metadata }) => kind === 'Service' && metadata.labels?.['kilofed.io/managed-by'] === undefined)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  expect(services.at(-1)?.metadata.name).toBe('web');
  for (const { metadata } of services.slice(0, -1)) east.drop(RESOURCE.service, metadata.name, metadata.namespace);
  // The first half of what goes is believed: this one is in the second.
  await world.clock.advance(100);
  east.drop(RESOURCE.service, 'web', 'demo');
  // They are there all the while: whatever told that they went was wrong. It takes a while until that is known.
  east.silently(() => services.forEach((object) => east.put({ ...object })));
  east.fault = ({ method, path }) => (method === 'GET' && path === '/api/v1/services' ? { kind: 'server', message: 'busy' } : undefined);
  await world.clock.advance(3_000);
  expect([portsIn('west'), exporters('west')]).toEqual([['http 80'], 'east,alpha']);
  east.fault = () => undefined;
  await world.clock.advance(60_000);
  expect(east.lists(RESOURCE.service)).toBeGreaterThan(lists);
  expect([portsIn('west'), exporters('west')]).toEqual([['http 80'], 'east,alpha']);
});

test('H7: what a member says stands in itself moves nobody elsewhere', async () => {
  world.cluster('alpha').put({
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    kind: 'ServiceImport',
    metadata: {
      name: 'web',
      namespace: 'demo',
      labels: { 'kilofed.io/managed-by': 'kilofed-hub' },
      annotations: { 'kilofed.io/exporters': 'north,east' },
    },
    spec: {},
  });
  evilExports([['http', 80]], {}, 'north');
  await world.clock.advance(1_000);
  expect([exporters('west'), exporters('east')]).toEqual(['east,north', 'east,north']);
});

test('H7: a slice that the API server refuses keeps nobody else out, nor who stands from changing', async () => {
  evilExports([['http', 80]]);
  const west = world.cluster('west');
  // What an API server refuses may be anything: it need not be known here.
  west.fault = ({ method, path }) =>
    method === 'PATCH' && /endpointslices\/web-alpha-/.test(path) ? { kind: 'invalid', code: 422, message: 'endpoints[0]: no' } : undefined;
  await world.clock.advance(1_000);
  exportService(world.cluster('east'), 'web', { addresses: ['10.2.0.99'], ports: ['http', 'grpc'] });
  await world.clock.advance(1_000);
  expect([portsIn('west'), exporters('west')]).toEqual([['http 80', 'grpc 81'], 'east,alpha']);
  expect(JSON.stringify([...west.objects.values()])).toContain('10.2.0.99');
  expect(
    world
      .hub()
      .status()
      .problems.filter(({ cluster, reason }) => cluster === 'west' && reason === 'Partial')
      .map(({ message }) => message),
  ).toEqual(['endpoints of alpha are left out, since the API server refuses them: endpoints[0]: no']);
});

describe('H7: the order of a mirror', () => {
  test('outlives its ServiceImport, which somebody deletes', async () => {
    evilExports([['x', 80]]);
    await world.clock.advance(1_000);
    const before = standing('west');
    world.cluster('west').drop(RESOURCE.serviceImport, 'web', 'demo');
    await world.clock.advance(1_000);
    expect([standing('west'), exporters('west')]).toEqual([before, 'east,alpha']);
  });

  test('stands on the Service where the ServiceImport is of others, as where another implementation is installed', async () => {
    const west = world.cluster('west');
    west.put({
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceImport',
      metadata: { name: 'web', namespace: 'demo' },
      spec: {},
    });
    await world.clock.advance(1_000);
    evilExports([['x', 80]]);
    await world.clock.advance(1_000);
    expect(portsIn('west')).toEqual(['http 80']);
    const before = standing('west');
    await restart();
    expect([portsIn('west'), standing('west')]).toEqual([['http 80'], before]);
    west.drop(RESOURCE.serviceImport, 'web', 'demo');
    await world.clock.advance(1_000);
    expect([portsIn('west'), exporters('west')]).toEqual([['http 80'], 'east,alpha']);
  });
});

describe('H7: whoever stands does not wait for a newcomer', () => {
  const grow = async (): Promise<string> => {
    exportService(world.cluster('east'), 'web', { addresses: ['10.2.0.99'], ports: ['http', 'grpc'] });
    await world.clock.advance(300);
    return JSON.stringify([...world.cluster('west').objects.values()].filter(({ kind }) => kind === 'EndpointSlice'));
  };

  test('whose endpoints never come', async () => {
    world.cluster('alpha').fault = ({ method, path }) =>
      method === 'GET' && path === '/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices' ? 'hang' : undefined;
    makeForgotten(world.cluster('alpha'), 'web');
    evilExports([['http', 80]]);
    await world.clock.advance(1_000);
    expect(await grow()).toContain('10.2.0.99');
    expect([portsIn('west'), exporters('west')]).toEqual([['http 80', 'grpc 81'], 'east']);
    world.cluster('alpha').fault = () => undefined;
    await world.clock.advance(60_000);
    expect([portsIn('west'), exporters('west')]).toEqual([['http 80', 'grpc 81'], 'east,alpha']);
  });

  test('whose endpoints never have the ports of its Service', async () => {
    evilExports([['http', 80]]);
    putSlice(world.cluster('alpha'), 'web', { addresses: ['10.1.0.66'], ports: ['other'] });
    await world.clock.advance(100);
    expect(await grow()).toContain('10.2.0.99');
    expect([portsIn('west'), exporters('west')]).toEqual([['http 80', 'grpc 81'], 'east,alpha']);
  });
});
