/**
 * Namespaces that an importer lacks, in the whole hub: they are made where the importer's administrator wants it, and nowhere else, and
 * never taken away.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

let world: FakeFederation;

const namespace = (id: string, name = 'demo'): KubeObject | undefined => world.cluster(id).objects.get(`namespaces/${name}`);
const mirrored = (id: string): boolean => world.cluster(id).objects.has('services/demo/web');
const problems = (): string[] =>
  world
    .hub()
    .status()
    .problems.map(({ cluster, reason, message }) => `${cluster} ${reason}: ${message}`);
const creations = (id: string): string[] => world.cluster(id).writes.filter((write) => write.startsWith('POST /api/v1/namespaces'));

function want(id: string, label: string | undefined): void {
  const labels = label === undefined ? {} : { 'kilofed.io/create-namespaces': label };
  world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kilofed', labels } });
}

beforeEach(() => {
  world = createFakeFederation(['east', 'west', 'north']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.cluster('west').drop(RESOURCE.namespace, 'demo');
});

afterEach(() => world.end());

async function start(): Promise<void> {
  world.start();
  await world.clock.advance(2_000);
}

describe('a namespace that lacks', () => {
  test.each<[string | undefined, boolean, Readonly<Record<string, string>>]>([
    [undefined, false, {}],
    ['none', false, {}],
    ['north', false, {}],
    ['East', false, {}],
    ['all', true, {}],
    ['east_south', true, { 'kilofed.io/import': 'east_south' }],
  ])('is made where kilofed.io/create-namespaces is %p: %p', async (label, made, labels) => {
    want('west', label);
    await start();
    expect([mirrored('west'), mirrored('north'), creations('north')]).toEqual([made, true, []]);
    if (made) {
      expect(namespace('west')?.metadata.labels).toEqual({
        'kilofed.io/managed-by': 'kilofed-hub',
        'kilofed.io/cluster': 'east',
        ...labels,
      });
      expect(problems()).toEqual([]);
    } else {
      expect([namespace('west'), creations('west')]).toEqual([undefined, []]);
      expect(problems()).toEqual([expect.stringMatching(/^west NamespaceMissing: /)]);
    }
  });

  test('is made as soon as the label is written, once, and for all that wait for it', async () => {
    for (const name of ['a', 'b', 'c', 'd']) exportService(world.cluster('east'), name, { addresses: ['10.1.0.6'] });
    await start();
    expect(mirrored('west')).toBe(false);
    want('west', 'all');
    await world.clock.advance(1_000);
    expect([...world.cluster('west').objects.keys()].filter((key) => key.startsWith('services/demo/'))).toHaveLength(5);
    expect([creations('west').length, problems()]).toEqual([1, []]);
  });

  test('is not made where the flags of the hub deny it', async () => {
    world.rules = { ...world.rules, denied: ['demo'] };
    want('west', 'all');
    await start();
    expect([namespace('west'), creations('west')]).toEqual([undefined, []]);
    expect(problems()).toEqual(expect.arrayContaining([expect.stringMatching(/^west NamespaceDenied: /)]));
  });

  test('stays when nothing is exported any more, and when a hub restarts nothing is written', async () => {
    want('west', 'all');
    await start();
    const writes = (): string[] => world.clusters().flatMap((cluster) => cluster.writes.filter((write) => !write.includes('/leases/')));
    const before = writes();
    await world.end();
    await start();
    expect(writes()).toEqual(before);
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(60_000);
    expect([mirrored('west'), namespace('west') === undefined]).toEqual([false, false]);
  });

  test('that the account may not make: what to apply is told, and when it may, it is made', async () => {
    want('west', 'all');
    world.cluster('west').fault = ({ method, path }) =>
      method === 'POST' && path === '/api/v1/namespaces'
        ? { kind: 'forbidden', message: 'cannot create resource "namespaces"' }
        : undefined;
    await start();
    expect(problems()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^west WriteRefused: [^]*apply manifests\/member-namespaces\.yaml there/)]),
    );
    world.cluster('west').fault = () => undefined;
    await world.clock.advance(2_000);
    expect([mirrored('west'), problems()]).toEqual([true, []]);
  });

  test('a member that exports from very many namespaces has a hundred made', async () => {
    want('west', 'all');
    for (let index = 0; index < 120; index += 1) {
      const metadata = { name: 'web', namespace: `n${String(index).padStart(3, '0')}` };
      const [service, slice] = ['services/demo/web', 'endpointslices/demo/web-1'].map((key) => world.cluster('east').objects.get(key));
      if (service !== undefined) world.cluster('east').put({ ...service, metadata: { ...service.metadata, ...metadata } });
      if (slice !== undefined) world.cluster('east').put({ ...slice, metadata: { ...slice.metadata, ...metadata, name: 'web-1' } });
    }
    await start();
    await world.clock.advance(10_000);
    expect(creations('west')).toHaveLength(100);
    expect(problems()).toEqual(expect.arrayContaining([expect.stringContaining('100 were made there for east already')]));
  });
});
