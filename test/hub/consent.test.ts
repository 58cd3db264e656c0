/**
 * H10, L13, in the whole hub: nothing is imported that nobody agreed to, every refusal is told, and a change of mind counts at once.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putService } from './fakeFederation.js';

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

let world: FakeFederation;

const ours = (id: string): string[] =>
  [...world.cluster(id).objects]
    .filter(
      ([, { kind, metadata }]) =>
        metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub' && kind !== 'Peer' && kind !== 'ServiceExport',
    )
    .map(([name]) => name)
    .toSorted();
const mirrored = (id: string): boolean => ours(id).includes('services/demo/web');
const conditions = (id: string): Readonly<Record<string, string>> => {
  const found: Conditioned | undefined = world.cluster(id).objects.get('serviceexports/demo/web');
  return Object.fromEntries((found?.status?.conditions ?? []).map(({ type, status, message }) => [type, `${status} ${message}`]));
};
const problems = (): string[] =>
  world
    .hub()
    .status()
    .problems.map(({ cluster, reason }) => `${cluster} ${reason}`);

function label(id: string, value: string | undefined, annotations: Readonly<Record<string, string>> = {}): void {
  const labels = value === undefined ? {} : { 'kilofed.io/import': value };
  world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels, annotations } });
}

beforeEach(() => {
  world = createFakeFederation(['east', 'west', 'north']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
});

afterEach(() => world.end());

async function start(): Promise<void> {
  world.start();
  await world.clock.advance(1_000);
}

describe('H10: the label of the importing namespace', () => {
  test.each<[string | undefined, boolean, string | undefined]>([
    [undefined, true, undefined],
    ['all', true, undefined],
    ['east', true, undefined],
    ['east_north', true, undefined],
    ['none', false, 'west ImportDenied'],
    ['north', false, 'west ImportDenied'],
    ['East', false, 'west BadImport'],
    ['', false, 'west BadImport'],
  ])('%p: imported %p, told %p', async (value, imported, problem) => {
    label('west', value);
    await start();
    expect([mirrored('west'), mirrored('north')]).toEqual([imported, true]);
    expect(problems()).toEqual(problem === undefined ? [] : [problem]);
    if (!imported) expect(conditions('east')['Ready']).toMatch(/^False west: namespace demo of west imports .*kilofed\.io\/import/);
  });

  test('counts at once: what it refuses goes, also while the exporter does not answer, and what it lets in comes', async () => {
    await start();
    expect(mirrored('west')).toBe(true);
    label('west', 'none');
    await world.clock.advance(300);
    expect([ours('west'), problems()]).toEqual([[], ['west ImportDenied']]);
    expect(conditions('east')['Ready']).toMatch(/^False west: namespace demo of west imports nothing/);
    label('west', 'all');
    await world.clock.advance(300);
    expect([mirrored('west'), problems(), conditions('east')['Ready']]).toEqual([true, [], 'True ']);
    await world.end();
    world.cluster('east').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.start();
    await world.clock.advance(15_000);
    expect(mirrored('west')).toBe(true);
    label('west', 'north');
    await world.clock.advance(300);
    expect([ours('west'), mirrored('north')]).toEqual([[], true]);
  });

  test('takes the endpoints of one exporter, and leaves those of the others', async () => {
    exportService(world.cluster('north'), 'web', { addresses: ['10.3.0.5'] });
    await start();
    const sources = (): string[] =>
      [...world.cluster('west').objects.values()]
        .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kilofed.io/managed-by'] !== undefined)
        .map(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] ?? '');
    expect(sources().toSorted()).toEqual(['east', 'north']);
    const service = world.cluster('west').objects.get('services/demo/web');
    label('west', 'north');
    await world.clock.advance(300);
    expect([sources(), problems()]).toEqual([['north'], ['west ImportDenied']]);
    expect(world.cluster('west').objects.get('services/demo/web')).toEqual(service);
    expect([conditions('east')['Ready'], conditions('north')['Ready']]).toEqual([
      expect.stringMatching(/^False west: namespace demo of west imports only from north/),
      'True ',
    ]);
  });

  test('asks no brake: thirty mirrors go at once, since the importer said so', async () => {
    for (let index = 0; index < 30; index += 1) exportService(world.cluster('east'), `s${index}`, { addresses: ['10.1.0.9'] });
    await start();
    expect(ours('west').length).toBeGreaterThan(90);
    const lists = world.cluster('east').lists(RESOURCE.service);
    label('west', 'none');
    await world.clock.advance(1_000);
    expect([ours('west'), world.cluster('east').lists(RESOURCE.service)]).toEqual([[], lists]);
  });
});

describe("H10: the hub's flags", () => {
  test.each<[string, Partial<FakeFederation['rules']>, boolean]>([
    ['that deny the name', { denied: ['demo'] }, false],
    ['that deny a prefix', { denied: ['demo', 'dem-', 'de'] }, false],
    ['that deny another prefix', { denied: ['dem-', 'demo-', 'de'] }, true],
    ['that allow others', { denied: [], allowed: ['team-'] }, false],
    ['that allow it', { denied: [], allowed: ['demo'] }, true],
    ['that allow and deny it', { denied: ['demo'], allowed: ['demo'] }, false],
  ])('%s', async (_what, rules, imported) => {
    world.rules = { ...world.rules, ...rules };
    await start();
    expect([mirrored('west'), mirrored('north')]).toEqual([imported, imported]);
    expect(problems()).toEqual(imported ? [] : ['north NamespaceDenied', 'west NamespaceDenied']);
    if (imported) return;
    // The label wins, where it is.
    label('west', 'all');
    await world.clock.advance(300);
    expect([mirrored('west'), mirrored('north'), problems()]).toEqual([true, false, ['north NamespaceDenied']]);
  });

  test('L4: nothing is written into a reserved namespace, not even what became of an export there', async () => {
    world.rules = { ...world.rules, reserved: ['demo'] };
    await start();
    expect(world.clusters().map(({ objects }) => [...objects.keys()].filter((name) => /^service(export|import)s\//.test(name)))).toEqual([
      [],
      [],
      [],
    ]);
    expect(problems()).toContain('east NamespaceDenied');
  });

  test('that a restarted hub has anew take away what they do not let in any more', async () => {
    await start();
    await world.end();
    world.rules = { ...world.rules, denied: ['demo'] };
    await start();
    expect([ours('west'), ours('north')]).toEqual([[], []]);
  });
});

describe('H10: the terms of a member', () => {
  test('say from which namespaces it exports; a change counts at once', async () => {
    world.terms = { east: { exportNamespaces: ['team-*'] } };
    await start();
    expect([ours('west'), ours('north'), problems()]).toEqual([[], [], ['east ExportDenied']]);
    expect(conditions('east')).toEqual({ Valid: expect.stringMatching(/^False the hub does not let east export from namespace demo/) });
    world.terms = { east: { exportNamespaces: ['de*'] } };
    world.reread();
    await world.clock.advance(300);
    expect([mirrored('west'), problems(), conditions('east')['Valid']]).toEqual([true, [], 'True ']);
    world.terms = { east: { exportNamespaces: [] } };
    world.reread();
    await world.clock.advance(300);
    expect([ours('west'), ours('north'), problems()]).toEqual([[], [], ['east ExportDenied']]);
  });

  test('keep it out of what others export', async () => {
    exportService(world.cluster('north'), 'web', { addresses: ['10.3.0.5'], ports: ['other'] });
    world.terms = { east: { exportNamespaces: [] } };
    await start();
    expect(ours('west').filter((name) => name.startsWith('endpointslices/'))).toHaveLength(1);
    expect([problems(), conditions('north')['Conflict']]).toEqual([['east ExportDenied'], 'False ']);
  });
});

test('H10: a headless Service com with an endpoint named github answers no question for github.com', async () => {
  const east = world.cluster('east');
  putService(east, 'com', {});
  east.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'com-1', namespace: 'demo', labels: { 'kubernetes.io/service-name': 'com' } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.1.0.66'], hostname: 'github', conditions: { ready: true } }],
  });
  await start();
  const hostnames = (): unknown[] =>
    [...world.cluster('west').objects.values()]
      .filter(({ metadata }) => metadata.labels?.['multicluster.kubernetes.io/service-name'] === 'com')
      .flatMap((object) => (object as KubeObject & { endpoints?: { hostname?: string }[] }).endpoints ?? [])
      .map(({ hostname }) => hostname);
  expect([hostnames(), problems()]).toEqual([[undefined], ['north Partial', 'west Partial']]);
  label('west', undefined, { 'kilofed.io/import-hostnames': 'true' });
  label('north', undefined, { 'kilofed.io/import-hostnames': 'false' });
  await world.clock.advance(300);
  expect([hostnames(), problems()]).toEqual([['github'], []]);
  label('west', undefined);
  await world.clock.advance(300);
  expect(hostnames()).toEqual([undefined]);
});

test('L13: with --export-to-default none, a member that invents namespaces learns no Service that names no importers', async () => {
  world.exportToDefault = 'none';
  await start();
  expect([ours('west'), ours('north'), problems()]).toEqual([[], [], ['east NoTargets']]);
  const service = world.cluster('east').objects.get('services/demo/web') as KubeObject;
  world.cluster('east').put({
    ...service,
    metadata: { ...service.metadata, annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' } },
  });
  await world.clock.advance(300);
  expect([mirrored('west'), ours('north'), problems(), conditions('east')['Ready']]).toEqual([true, [], [], 'True ']);
});
