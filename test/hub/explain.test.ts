/**
 * `kilofed explain`, in the whole hub: of each prepared fault it names the first thing that stops the Service, and what to do.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Explanation } from '../../core/api/explanation.js';
import { derivedServiceName } from '../../core/services/names.js';
import { verdictOf } from '../../core/explain/verdict.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { sha256 } from '../fakes/services.js';
import type { FakeCluster } from './fakeCluster.js';
import { createFakeFederation, exportService, type FakeFederation, putService, putSlice, reportLinks } from './fakeFederation.js';
import { tunnel } from './gatewayReports.js';

const IDS = ['east', 'north', 'west'];
const LOCATION = 'location:';
const DOWN = { state: 'down', reason: 'NoAnswer', inUse: false } as const;
let world: FakeFederation;

afterEach(() => world.end());

/** Demo/web of east, imported by west; north is not asked. */
async function prepare(fault: (world: FakeFederation) => Promise<void> | void): Promise<Explanation> {
  world = createFakeFederation(IDS);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  annotate('web', { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' });
  await fault(world);
  world.start();
  await world.clock.advance(25_000);
  return world.hub().explain('demo', 'web');
}

interface Whole extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

function objectIn(id: string, key: string): Whole & Readonly<Record<string, unknown>> {
  const found = world.cluster(id).objects.get(key);
  if (found === undefined) throw new Error(`no ${key} in ${id}`);
  return { ...found };
}

function annotate(name: string, annotations: Readonly<Record<string, string>>, id = 'east'): void {
  const service = objectIn(id, `services/demo/${name}`);
  world.cluster(id).put({ ...service, metadata: { ...service.metadata, annotations } });
}

function mesh(id: string, spec: Readonly<Record<string, unknown>>): void {
  const found = objectIn(id, 'meshes/default');
  world.cluster(id).put({ ...found, spec: { ...found.spec, ...spec } });
}

function namespace(cluster: FakeCluster, labels: Readonly<Record<string, string>>): void {
  cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels } });
}

function endpoints(conditions: Readonly<Record<string, boolean>>, addresses: readonly string[] = ['10.1.0.5']): void {
  const slice = objectIn('east', 'endpointslices/demo/web-1');
  world.cluster('east').put({ ...slice, endpoints: addresses.map((address) => ({ addresses: [address], conditions })) });
}

interface Fault {
  readonly make: (world: FakeFederation) => Promise<void> | void;
  /** Step, reason and the member where it is to be put right. */
  readonly first: readonly [step: string, reason: string, cluster: string];
  /** What is to be done, in part. */
  readonly remedy?: RegExp;
  /** The one member that is asked about. */
  readonly in?: string;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'nobody has the Service': {
    make: ({ cluster }) => cluster('east').drop(RESOURCE.service, 'web', 'demo'),
    first: ['service', 'NoService', ''],
    remedy: /kilofed export service demo\/web/,
  },
  'nothing exports it': {
    make: () => annotate('web', {}),
    first: ['exported', 'NotExported', 'east'],
    remedy: /kilofed export service demo\/web/,
  },
  'the annotation is misspelt': {
    make: () => annotate('web', { 'kilofed.io/export': 'yes' }),
    first: ['valid', 'InvalidAnnotation', 'east'],
  },
  'it has no endpoints by its type': {
    make() {
      const service = objectIn('east', 'services/demo/web');
      world.cluster('east').put({ ...service, spec: { type: 'ExternalName', externalName: 'example.org' } });
    },
    first: ['valid', 'InvalidServiceType', 'east'],
  },
  'the terms do not let the member export it': {
    make: () => void (world.terms = { east: { exportNamespaces: ['shop'] } }),
    first: ['allowed', 'ExportDenied', 'east'],
    remedy: /kilofed\.io\/export-namespaces/,
  },
  'the namespace belongs to the system': {
    make: () => void (world.rules = { ...world.rules, reserved: ['demo'] }),
    first: ['allowed', 'NamespaceDenied', 'east'],
  },
  'it names no member that could import it': {
    make: () => annotate('web', { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'east' }),
    first: ['targets', 'NoTargets', 'east'],
  },
  'it is not exported to the member that is asked about': {
    make: () => undefined,
    in: 'north',
    first: ['targets', 'NotTargeted', 'east'],
    remedy: /--to north,west/,
  },
  'the member that is asked about is none': {
    make: () => undefined,
    in: 'nort',
    first: ['members', 'NoMember', ''],
  },
  'the importer lacks the namespace': {
    make: ({ cluster }) => cluster('west').drop(RESOURCE.namespace, 'demo'),
    first: ['importerNamespace', 'NamespaceMissing', 'west'],
    remedy: /create namespace demo in west/,
  },
  'the importer does not consent': {
    make: ({ cluster }) => namespace(cluster('west'), { 'kilofed.io/import': 'north' }),
    first: ['consent', 'ImportDenied', 'west'],
    remedy: /kilofed\.io\/import=east_north/,
  },
  'the label of consent is not understood': {
    make: ({ cluster }) => namespace(cluster('west'), { 'kilofed.io/import': 'East' }),
    first: ['consent', 'BadImport', 'west'],
  },
  'a flag of the hub closes the namespace': {
    make: () => void (world.rules = { ...world.rules, denied: ['demo'] }),
    first: ['consent', 'NamespaceDenied', 'west'],
    remedy: /label namespace demo kilofed\.io\/import=all/,
  },
  'the ranges of the two overlap': {
    make: () => mesh('west', { wireguardCIDRs: ['10.4.1.0/24'] }),
    first: ['linked', 'ClustersNotLinked', 'west'],
    remedy: /another range/,
  },
  'the importer has no Mesh': {
    make: ({ cluster }) => cluster('west').drop(RESOURCE.mesh, 'default'),
    first: ['linked', 'NoMesh', 'west'],
  },
  'the hub cannot reach the importer': {
    make: ({ cluster }) => void (cluster('west').fault = () => ({ kind: 'unreachable', message: 'connection refused' })),
    first: ['target', 'Connecting', 'west'],
  },
  'the importer has none of its IP families': {
    make() {
      const service = objectIn('east', 'services/demo/web');
      world.cluster('east').put({ ...service, spec: { ...service.spec, ipFamilies: ['IPv6'] } });
    },
    first: ['family', 'IPFamilyNotSupported', 'west'],
  },
  'the Service range of the importer is full': {
    make({ cluster }) {
      const found = objectIn('west', 'meshes/default');
      cluster('west').put({ ...found, status: { serviceCIDRs: ['10.103.0.0/31'] } });
    },
    first: ['quota', 'TooManyImports', 'west'],
  },
  'the API server of the importer refuses the Service': {
    make: ({ cluster }) =>
      void (cluster('west').fault = ({ method, path }) =>
        method === 'PATCH' && path.endsWith('/services/web') ? { kind: 'forbidden', message: 'exceeded quota' } : undefined),
    first: ['written', 'WriteRefused', 'west'],
    remedy: /quota/,
  },
  'both names are taken in the importer': {
    make({ cluster }) {
      for (const name of ['web', derivedServiceName('demo', 'web', sha256)]) {
        putService(cluster('west'), name, {});
        annotate(name, {}, 'west');
      }
    },
    first: ['name', 'NameTaken', 'west'],
  },
  'no pod matches its selector': {
    make: () => endpoints({}, []),
    first: ['endpoints', 'NoEndpoints', 'east'],
    remedy: /selector/,
  },
  'its targetPort is no port of its pods': {
    make: () => putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.5'], ports: ['other'] }),
    first: ['ports', 'PortsDiffer', 'east'],
  },
  'no pod is ready': {
    make: () => endpoints({ ready: false, serving: false }),
    first: ['ready', 'NoReadyEndpoints', 'east'],
    remedy: /get pods/,
  },
  'its endpoints are no addresses of the exporter': {
    make: () => endpoints({ ready: true }, ['203.0.113.5']),
    first: ['addresses', 'Partial', 'east'],
  },
  'no node of the exporter ends tunnels': {
    make({ cluster }) {
      const node = objectIn('east', 'meshnodes/n1');
      cluster('east').put({ ...node, status: { meshAddresses: ['10.4.1.1'] } });
    },
    first: ['gateway', 'NoGateway', 'east'],
  },
  'no tunnel works': {
    make: ({ cluster }) => reportLinks(cluster('west'), 3, [tunnel('east', LOCATION, DOWN), tunnel('north', LOCATION)]),
    first: ['link', 'LinkDown', 'west'],
    remedy: /UDP/,
  },
  'the Mesh of the exporter lets nobody in': {
    make: () => mesh('east', { fromMembers: 'none' }),
    first: ['admission', 'NotLetIn', 'east'],
    remedy: /kubectl patch mesh default/,
  },
};

test('where nothing stops it, it says who has what where, under which name, and by which path', async () => {
  const { works, first, exporters, importers, unseen } = await prepare(() => annotate('web', { 'kilofed.io/export': 'true' }));
  expect([works, first, unseen]).toEqual([true, undefined, []]);
  const shown = [expect.objectContaining({ address: '10.1.0.5', cluster: 'east', state: 'ready' })];
  const ready = { total: 1, ready: 1, heldBack: 0, shown };
  expect(exporters).toEqual([
    expect.objectContaining({
      cluster: 'east',
      by: 'the annotation kilofed.io/export',
      exported: true,
      ports: ['80/TCP'],
      policy: { 'from members': 'pods' },
      endpoints: ready,
      notes: [],
    }),
  ]);
  expect(importers.map(({ cluster, asked, works: here }) => [cluster, asked, here])).toEqual([
    ['east', false, true],
    ['north', true, true],
    ['west', true, true],
  ]);
  expect(importers[2]).toEqual(expect.objectContaining({ service: 'web', names: ['web.demo'], endpoints: ready, notes: [] }));
  expect(importers[2]?.paths).toEqual([
    expect.objectContaining({ to: 'east', fromSegment: LOCATION, toSegment: LOCATION, state: 'up', since: '2026-01-01T00:00:00Z' }),
  ]);
  expect(importers[2]?.paths[0]?.planes).toEqual([expect.objectContaining({ slot: 0, node: 'n3', state: 'up', inUse: true })]);
});

test('of several exporters it says which tier or share decided, and of each endpoint since when', async () => {
  const at = '2025-12-31T23:00:00Z';
  const dated = { 'endpoints.kubernetes.io/last-change-trigger-time': at };
  await prepare(() => {
    annotate('web', { 'kilofed.io/export': 'true', 'kilofed.io/prefer': 'north,east' });
    exportService(world.cluster('north'), 'web', { addresses: ['10.2.0.5'] });
    const slice = objectIn('north', 'endpointslices/demo/web-1');
    world.cluster('north').put({ ...slice, metadata: { ...slice.metadata, annotations: dated } });
  });
  const west = world.cluster('west');
  for (const object of [...west.objects.values()].filter(({ kind }) => kind === 'EndpointSlice'))
    west.put({ ...object, metadata: { ...object.metadata, ...BY_HUB } });
  await world.clock.advance(1_000);
  const { importers, exporters } = world.hub().explain('demo', 'web');
  const there = importers.find(({ cluster }) => cluster === 'west');
  expect(there?.policy).toEqual({ prefer: 'north, then east' });
  const [{ time: since }] = BY_HUB.managedFields;
  expect(there?.endpoints?.shown).toEqual([
    {
      address: '10.1.0.5',
      cluster: 'east',
      state: 'heldBack',
      why: 'prefer: north serves as tier 1, and east is in tier 2',
      since,
    },
    { address: '10.2.0.5', cluster: 'north', state: 'ready', since },
  ]);
  expect(exporters.find(({ cluster }) => cluster === 'north')?.endpoints?.shown).toEqual([
    { address: '10.2.0.5', cluster: 'north', state: 'ready', since: at },
  ]);
});

/** As an API server notes it. */
const BY_HUB = { managedFields: [{ manager: 'kilofed-hub', operation: 'Apply', time: '2026-01-01T00:00:07Z' }] as const };

test('what the hub does not see: whether a name in clusterset.local is answered, where there is no other', async () => {
  const { works, unseen } = await prepare(() => annotate('web', { 'kilofed.io/export': 'true', 'kilofed.io/own-name': 'false' }));
  expect([works, unseen]).toEqual([
    true,
    ['east', 'north', 'west'].map((id) => `whether the DNS of ${id} answers for clusterset.local: run there kilofed dns status`),
  ]);
});

describe('the first thing that stops it', () => {
  test.each(Object.entries(FAULTS))('%s', async (_name, { make, first: [step, reason, cluster], remedy, in: only }) => {
    const explanation = await prepare(make);
    const { works, first } = only === undefined ? explanation : verdictOf(explanation, only);
    expect([works, first?.step, first?.reason, first?.cluster ?? '']).toEqual([false, step, reason, cluster]);
    if (remedy !== undefined) expect(`${first?.message} ${first?.remedy}`).toMatch(remedy);
  });

  test('there are at least twenty', () => expect(Object.keys(FAULTS).length).toBeGreaterThanOrEqual(20));
});
