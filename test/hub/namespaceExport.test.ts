/**
 * The export of a namespace, in the whole hub: all its Services, or those that a selector finds, unless they say otherwise themselves.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFakeFederation, type FakeFederation, putSlice } from './fakeFederation.js';

type Texts = Readonly<Record<string, string>>;

let world: FakeFederation;

/** A Service of `demo` in east, with an endpoint. */
function put(
  name: string,
  { labels = {}, annotations = {}, type = 'ClusterIP' }: { labels?: Texts; annotations?: Texts; type?: string } = {},
): void {
  const spec =
    type === 'ExternalName'
      ? { type, externalName: 'example.org' }
      : { type, clusterIP: '10.101.0.1', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }] };
  world.cluster('east').put({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'demo', labels, annotations }, spec });
  putSlice(world.cluster('east'), name, { addresses: ['10.1.0.5'] });
}

function annotate(annotations: Texts, id = 'east'): void {
  world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', annotations } });
}

const mirrored = (id: string): string[] =>
  [...world.cluster(id).objects.values()]
    .filter(({ kind, metadata }) => kind === 'Service' && metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub')
    .map(({ metadata }) => metadata.name)
    .toSorted();
const problems = (): string[] =>
  world
    .hub()
    .status()
    .problems.map(({ cluster, reason, message }) => `${cluster} ${reason}: ${message}`);
const writes = (): string[] => world.clusters().flatMap((cluster) => cluster.writes.filter((write) => !write.includes('/leases/')));

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  put('web', { labels: { app: 'web', tier: 'front' } });
  put('db', { labels: { app: 'db' } });
  put('secret', { labels: { app: 'web' }, annotations: { 'kilofed.io/export': 'false' } });
  put('elsewhere', { type: 'ExternalName' });
  world.start();
  await world.clock.advance(2_000);
  expect(mirrored('west')).toEqual([]);
});

afterEach(() => world.end());

describe('a namespace exports', () => {
  test.each<[Texts, readonly string[]]>([
    [{}, []],
    [{ 'kilofed.io/export': 'true' }, ['db', 'web']],
    [{ 'kilofed.io/export': 'false', 'kilofed.io/export-selector': 'app' }, []],
    [{ 'kilofed.io/export-selector': 'app=web' }, ['web']],
    [{ 'kilofed.io/export': 'true', 'kilofed.io/export-selector': 'app in (db,cache)' }, ['db']],
    [{ 'kilofed.io/export-selector': '!tier' }, ['db']],
  ])('by %j: %j', async (annotations, expected) => {
    annotate(annotations);
    await world.clock.advance(1_000);
    expect([mirrored('west'), mirrored('east'), problems()]).toEqual([expected, [], []]);
  });

  test('to the members that it names, where a Service names none', async () => {
    put('db', { labels: { app: 'db' }, annotations: { 'kilofed.io/export-to': 'north' } });
    annotate({ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' });
    await world.clock.advance(1_000);
    expect([mirrored('west'), mirrored('north')]).toEqual([['web'], ['db']]);
  });

  test('nothing by what nobody understands, and says so', async () => {
    annotate({ 'kilofed.io/export-selector': 'app in web' });
    await world.clock.advance(1_000);
    expect(mirrored('west')).toEqual([]);
    expect(problems()).toEqual([
      expect.stringMatching(/^east InvalidAnnotation: annotation kilofed\.io\/export-selector of the namespace exports nothing/),
    ]);
    annotate({ 'kilofed.io/export-selector': 'app in (web)' });
    await world.clock.advance(1_000);
    expect([mirrored('west'), problems()]).toEqual([['web'], []]);
  });

  test('what comes later, what changes its labels, and what is not wanted any more', async () => {
    annotate({ 'kilofed.io/export-selector': 'app=web' });
    await world.clock.advance(1_000);
    put('late', { labels: { app: 'web' } });
    put('web', { labels: { app: 'other' } });
    await world.clock.advance(1_000);
    expect(mirrored('west')).toEqual(['late']);
    put('web', { labels: { app: 'web' } });
    await world.clock.advance(1_000);
    expect(mirrored('west')).toEqual(['late', 'web']);
    put('web', { labels: { app: 'web' }, annotations: { 'kilofed.io/export': 'false' } });
    await world.clock.advance(1_000);
    expect(mirrored('west')).toEqual(['late']);
    annotate({});
    await world.clock.advance(60_000);
    expect([mirrored('west'), problems()]).toEqual([[], []]);
  });

  test('the same in two clusters: a mirror is not exported again', async () => {
    annotate({ 'kilofed.io/export': 'true' });
    annotate({ 'kilofed.io/export': 'true' }, 'west');
    await world.clock.advance(2_000);
    expect([mirrored('west'), mirrored('north'), problems()]).toEqual([['db', 'web'], ['db', 'web'], []]);
  });
});

test('a hub that restarts writes nothing, also where it reads the namespaces last', async () => {
  annotate({ 'kilofed.io/export': 'true' });
  await world.clock.advance(1_000);
  await world.end();
  const before = writes();
  world.cluster('east').fault = ({ path }) => (path === '/api/v1/namespaces' ? { kind: 'server', message: 'not now' } : undefined);
  world.start();
  await world.clock.advance(3_000);
  world.cluster('east').fault = () => undefined;
  await world.clock.advance(30_000);
  expect([writes(), mirrored('west')]).toEqual([before, ['db', 'web']]);
});

test('the terms of the member hold', async () => {
  world.terms = { east: { exportNamespaces: ['other'] } };
  world.reread();
  annotate({ 'kilofed.io/export': 'true' });
  await world.clock.advance(1_000);
  expect(mirrored('west')).toEqual([]);
});
