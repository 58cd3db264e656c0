/**
 * Writes that a member's API server refuses: what they keep from happening, how they are told, and how soon they are tried again.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { problemText } from '../../core/api/problem.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { KubeFailure } from '../../kube/wire/client.js';
import type { FakeCluster } from './fakeCluster.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

interface Service extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly ipFamilies: readonly string[];
    readonly ports: readonly { readonly name: string }[];
  };
}

interface Slice extends KubeObject {
  readonly ports: readonly { readonly name: string }[];
  readonly endpoints: readonly { readonly addresses: readonly string[] }[];
}

const QUOTA: KubeFailure = { kind: 'forbidden', code: 403, message: 'exceeded quota: small' };
const IMMUTABLE: KubeFailure = { kind: 'invalid', code: 422, message: 'field is immutable' };

let world: FakeFederation;
const member = (id: string): FakeCluster => world.cluster(id);
const serviceInWest = (): Service | undefined => member('west').objects.get('services/demo/web') as Service | undefined;
const slicesInWest = (): readonly Slice[] =>
  [...member('west').objects.values()].filter(
    ({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels !== undefined,
  ) as unknown as readonly Slice[];
const addressesInWest = (): readonly string[] =>
  slicesInWest()
    .flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))
    .toSorted();
const refuseServices = (failure: KubeFailure): void => {
  member('west').fault = ({ method, path }) => (method !== 'GET' && method !== 'WATCH' && path.includes('/services') ? failure : undefined);
};
const admitAll = (): void => {
  member('west').fault = () => undefined;
};
const problemsInWest = (): readonly string[] =>
  world
    .hub()
    .status()
    .problems.filter(({ cluster }) => cluster === 'west')
    .map((problem) => `${problem.reason} ${problemText(problem)}`);

beforeEach(() => {
  world = createFakeFederation(['east', 'north', 'west']);
});

afterEach(async () => {
  await world.end();
});

describe('R10: a Service that cannot be written', () => {
  beforeEach(async () => {
    exportService(member('east'), 'web', { addresses: ['10.1.0.5'], ports: ['http'] });
    world.start();
    await world.clock.advance(1_000);
    exportService(member('north'), 'web', { addresses: ['10.2.0.5'], ports: ['http'] });
    await world.clock.advance(1_000);
    expect(addressesInWest()).toEqual(['10.1.0.5', '10.2.0.5']);
  });

  test.each<[string, KubeFailure]>([
    ['is immutable', IMMUTABLE],
    ['has no room', QUOTA],
    ['meets a webhook that fails', { kind: 'server', code: 500, message: 'failed calling webhook' }],
    ['takes too long', { kind: 'timeout', message: 'timeout' }],
  ])('and %s: endpoints come and go all the same, and no port of it is lost', async (_what, failure) => {
    refuseServices(failure);
    member('east').drop(RESOURCE.service, 'web', 'demo');
    member('east').drop(RESOURCE.endpointSlice, 'web-1', 'demo');
    exportService(member('north'), 'web', { addresses: ['10.2.0.5', '10.2.0.6'], ports: ['rest'] });
    await world.clock.advance(15_000);
    expect(addressesInWest()).toEqual(['10.2.0.5', '10.2.0.6']);
    expect(serviceInWest()?.spec.ports.map(({ name }) => name)).toEqual(['http']);
    expect(slicesInWest().flatMap(({ ports }) => ports.map(({ name }) => name))).toEqual(expect.arrayContaining(['http', 'rest']));
    if (failure.kind !== 'timeout') expect(problemsInWest().join('\n')).toContain(failure.message);
    admitAll();
    await world.clock.advance(failure.kind === 'timeout' ? 30_000 : 1_000);
    expect(serviceInWest()?.spec.ports.map(({ name }) => name)).toEqual(['rest']);
    expect(slicesInWest().flatMap(({ ports }) => ports.map(({ name }) => name))).toEqual(['rest']);
    expect(problemsInWest()).toEqual([]);
  });
});

describe('a Service that has to be made anew', () => {
  const headless = (cluster: FakeCluster): void => {
    const found = cluster.objects.get('services/demo/web') as Service;
    cluster.put({ ...found, spec: { ...found.spec, clusterIP: 'None' } });
  };

  beforeEach(async () => {
    exportService(member('east'), 'web', { addresses: ['10.1.0.5'], ports: ['http'] });
    world.start();
    await world.clock.advance(1_000);
  });

  test('is deleted when everything else is ready, and made in the next request', async () => {
    const before = member('west').writes.length;
    headless(member('east'));
    exportService(member('east'), 'web', { addresses: ['10.1.0.5', '10.1.0.6'], ports: ['http'] });
    headless(member('east'));
    await world.clock.advance(1_000);
    const written = member('west')
      .writes.slice(before)
      .map((text) => text.replace(/\/(apis?|v1|discovery.k8s.io|multicluster.x-k8s.io|v1beta1|namespaces|demo)(?=\/)/g, ''));
    const deletion = written.indexOf('DELETE /services/web');
    expect(deletion).toBeGreaterThanOrEqual(0);
    expect(written[deletion + 1]).toBe('PATCH /services/web');
    expect(written.slice(0, deletion)).toEqual([expect.stringMatching(/^PATCH \/endpointslices\//)]);
    expect(serviceInWest()?.spec['clusterIP']).toBe('None');
  });

  test('stays as it is while a new one would be refused, and is told of', async () => {
    const uid = serviceInWest()?.metadata.uid;
    refuseServices(QUOTA);
    headless(member('east'));
    await world.clock.advance(5_000);
    expect(serviceInWest()?.metadata.uid).toBe(uid);
    expect(problemsInWest().join('\n')).toContain(QUOTA.message);
    admitAll();
    await world.clock.advance(1_000);
    expect(serviceInWest()?.spec['clusterIP']).toBe('None');
    expect(problemsInWest()).toEqual([]);
  });
});

describe('what is refused', () => {
  test('S50: of very many one tries each second, for ever; is told once; and all follow within a second when there is room', async () => {
    refuseServices(QUOTA);
    for (let n = 0; n < 100; n += 1) exportService(member('east'), `web-${n}`, { addresses: ['10.1.0.5'] });
    world.start();
    await world.clock.advance(120_000);
    let asked = 0;
    member('west').fault = ({ method, path }) => {
      if (method !== 'PATCH' || !path.includes('/services')) return undefined;
      asked += 1;
      return QUOTA;
    };
    await world.clock.advance(60_000);
    // One each second, and each of the others once or twice: their pauses double up to five minutes.
    expect(asked).toBeLessThan(75 + 2 * 100 + 10);
    expect(world.hub().status().problems.length).toBe(1);
    expect(JSON.stringify(member('east').objects.get('serviceexports/demo/web-7'))).toContain(
      'west: the API server of west refuses to store the Service: kilofed status says why',
    );
    expect(problemsInWest()).toEqual([expect.stringMatching(/WriteRefused .*exceeded quota: small.*and 94 more/)]);
    admitAll();
    await world.clock.advance(1_000);
    expect([...member('west').objects.keys()].filter((key) => key.startsWith('services/demo/web-'))).toHaveLength(100);
    expect(problemsInWest()).toEqual([]);
  });

  test.each<[string, string]>([
    ['a Service', '/services'],
    ['an EndpointSlice', '/endpointslices'],
    ['a ServiceImport', '/serviceimports'],
    ['a Peer', '/peers'],
  ])('%s: the rest is done, and it is done within a second when it is allowed', async (_what, path) => {
    for (const failure of [QUOTA, IMMUTABLE, { kind: 'notFound', code: 404, message: 'not found' } as const]) {
      await world.clock.advance(0);
      world = createFakeFederation(['east', 'north', 'west']);
      exportService(member('east'), 'web', { addresses: ['10.1.0.5'] });
      member('west').fault = (request) => (request.method === 'PATCH' && request.path.includes(path) ? failure : undefined);
      world.start();
      await world.clock.advance(100_000);
      expect(problemsInWest().some((text) => text.includes(failure.message))).toBe(true);
      admitAll();
      await world.clock.advance(1_000);
      expect(problemsInWest()).toEqual([]);
      expect(addressesInWest()).toEqual(['10.1.0.5']);
      expect(member('west').objects.get('serviceimports/demo/web')).toBeDefined();
      expect(
        world
          .hub()
          .status()
          .pairs.every(({ state }) => state === 'linked'),
      ).toBe(true);
      await world.end();
    }
    world.start();
  });

  test('a ServiceExport: done within a second when it is allowed', async () => {
    exportService(member('east'), 'web', { addresses: ['10.1.0.5'] });
    member('east').fault = ({ method, path }) => (method === 'PATCH' && path.includes('/serviceexports') ? QUOTA : undefined);
    world.start();
    await world.clock.advance(100_000);
    const problems = (): readonly string[] =>
      world
        .hub()
        .status()
        .problems.map(({ cluster, reason }) => `${cluster} ${reason}`);
    expect(problems()).toEqual(['east WriteRefused']);
    member('east').fault = () => undefined;
    await world.clock.advance(1_000);
    expect(problems()).toEqual([]);
    expect(member('east').objects.get('serviceexports/demo/web')).toBeDefined();
  });
});
