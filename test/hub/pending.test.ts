/**
 * Nothing stays pending after its reason is gone: each reason for which an import, an export, a pair or a problem of the status waits is
 * brought about and taken away, and a second later nothing tells of it. The resync, which would find everything, is minutes away.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { problemText } from '../../core/api/problem.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { derivedServiceName, mirroredSliceName } from '../../core/services/names.js';
import type { KubeFailure } from '../../kube/wire/client.js';
import { sha256 } from '../fakes/services.js';
import type { FakeCluster } from './fakeCluster.js';
import { createFakeFederation, exportService, type FakeFederation, makeForgotten, putExport } from './fakeFederation.js';

let world: FakeFederation;
const east = (): FakeCluster => world.cluster('east');
const west = (): FakeCluster => world.cluster('west');

beforeEach(() => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(east(), 'web', { addresses: ['10.1.0.5'] });
});

afterEach(async () => {
  await world.end();
});

/** What is told of `demo/web` in the west, and everything else that is wrong. */
function told(): readonly string[] {
  const { services, pairs, problems } = world.hub().status();
  const importers = services.flatMap(({ name, importers: all }) => all.map((each) => `${name} ${each.cluster} ${each.state}`));
  return [
    ...importers.filter((text) => !text.endsWith(' mirrored')),
    ...pairs.filter(({ state }) => state !== 'linked').map(({ from, to, state }) => `${from} ${to} ${state}`),
    ...problems.map((problem) => `${problem.cluster} ${problem.reason} ${problemText(problem)}`),
  ];
}

/** Addresses that the mirror of `demo/web` has. */
function mirrored(cluster: FakeCluster = west()): readonly string[] {
  return [...cluster.objects.values()]
    .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['multicluster.kubernetes.io/service-name'] === 'web')
    .flatMap((slice) => (slice as KubeObject & { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }).endpoints)
    .flatMap(({ addresses }) => addresses);
}

interface Row {
  readonly reason: string;
  /** Before the hub starts. */
  readonly bring?: () => void;
  /** While it runs. */
  readonly later?: () => void;
  readonly takeAway: () => void;
  /** What is told while the reason is there. */
  readonly says: RegExp;
  /** How soon nothing tells of it any more. Default: a second. More only where a member has to be probed again. */
  readonly withinMs?: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Replaces fields of an object of a cluster. A function makes one of what it was. */
function change(cluster: FakeCluster, key: string, fields: Readonly<Record<string, Fields | ((before: Fields) => Fields)>>): void {
  const object = cluster.objects.get(key) as KubeObject & Readonly<Record<string, Fields>>;
  const made = Object.entries(fields).map(([name, value]) => [name, typeof value === 'function' ? value(object[name] ?? {}) : value]);
  cluster.put({ ...object, ...Object.fromEntries(made) });
}

const meshOf = (cluster: FakeCluster): KubeObject => cluster.objects.get('meshes/default') as KubeObject;

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } };
const DERIVED = derivedServiceName('demo', 'web', sha256);
const CONFLICT: KubeFailure = { kind: 'conflict', code: 409, message: 'conflict' };
const EXPORT = { 'kilofed.io/export': 'true' };

let kept: KubeObject;
let taken = '';

const ROWS: readonly Row[] = [
  {
    reason: 'I4: the importer has no Mesh',
    bring() {
      kept = meshOf(west());
      west().drop(RESOURCE.mesh, 'default');
    },
    takeAway: () => west().put({ ...kept }),
    says: /NoMesh/,
  },
  {
    reason: 'I4: the Mesh of the importer is deleted and made again',
    later() {
      kept = meshOf(west());
      west().drop(RESOURCE.mesh, 'default');
    },
    takeAway: () => west().put({ ...kept }),
    says: /NoMesh/,
  },
  {
    reason: 'I4: the exporter has no Mesh',
    bring() {
      kept = meshOf(east());
      east().drop(RESOURCE.mesh, 'default');
    },
    takeAway: () => east().put({ ...kept }),
    says: /NoMesh/,
  },
  {
    reason: 'ranges of the two overlap',
    later: () => change(west(), 'meshes/default', { spec: { wireguardCIDRs: ['10.4.1.0/24'] } }),
    takeAway: () => change(west(), 'meshes/default', { spec: { wireguardCIDRs: ['10.4.3.0/24'] } }),
    says: /OverlappingCIDRs/,
  },
  {
    reason: 'the importer has none of its IP families',
    bring: () => change(west(), 'meshes/default', { status: { serviceCIDRs: ['fd00:102::/112'] } }),
    takeAway: () => change(west(), 'meshes/default', { status: { serviceCIDRs: ['10.103.0.0/16'] } }),
    says: /IPFamilyNotSupported/,
  },
  {
    reason: 'R7: a network of the importer, by its prefix length, covers the endpoints',
    later: () => change(west(), 'meshnodes/n3', { spec: (spec) => ({ ...spec, internalIPs: ['10.77.3.1/8'] }) }),
    takeAway: () => change(west(), 'meshnodes/n3', { spec: (spec) => ({ ...spec, internalIPs: ['10.77.3.1/24'] }) }),
    says: /LocalNetwork|Partial/,
  },
  {
    reason: 'no node is a gateway',
    bring: () => change(east(), 'meshnodes/n1', { status: (status) => ({ ...status, slot: undefined }) }),
    takeAway: () => change(east(), 'meshnodes/n1', { status: (status) => ({ ...status, slot: 0 }) }),
    says: /NoGateway/,
  },
  {
    reason: 'I6: the importer lacks the namespace',
    bring: () => west().drop(RESOURCE.namespace, 'demo'),
    takeAway: () => west().put(NAMESPACE),
    says: /west NamespaceMissing demo\/web is not imported: west has no namespace demo/,
  },
  {
    reason: 'S23: the namespace of the importer is being deleted',
    later: () => west().put({ ...NAMESPACE, metadata: { name: 'demo', deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    takeAway() {
      west().drop(RESOURCE.namespace, 'demo');
      west().put(NAMESPACE);
    },
    says: /west NamespaceTerminating/,
  },
  {
    reason: 'the label of the namespace leaves the exporter out',
    bring: () => west().put({ ...NAMESPACE, metadata: { name: 'demo', labels: { 'kilofed.io/import': 'north' } } }),
    takeAway: () => west().put(NAMESPACE),
    says: /west ImportDenied/,
  },
  {
    reason: 'the label of the namespace is not understood',
    bring: () => west().put({ ...NAMESPACE, metadata: { name: 'demo', labels: { 'kilofed.io/import': '-' } } }),
    takeAway: () => west().put(NAMESPACE),
    says: /west BadImport/,
  },
  {
    reason: 'the terms of the exporter do not let it',
    bring() {
      world.terms = { east: { exportNamespaces: ['shop'] } };
    },
    takeAway() {
      world.terms = {};
      world.reread();
    },
    says: /east ExportDenied/,
  },
  {
    reason: 'a name in export-to is no member',
    later: () =>
      change(east(), 'services/demo/web', {
        metadata: (metadata) => ({ ...metadata, annotations: { ...EXPORT, 'kilofed.io/export-to': 'wset' } }),
      }),
    takeAway: () => change(east(), 'services/demo/web', { metadata: (metadata) => ({ ...metadata, annotations: EXPORT }) }),
    says: /east UnknownTarget/,
  },
  {
    reason: 'I6: export-to stands alone',
    later: () =>
      change(east(), 'services/demo/web', { metadata: (metadata) => ({ ...metadata, annotations: { 'kilofed.io/export-to': 'west' } }) }),
    takeAway: () => change(east(), 'services/demo/web', { metadata: (metadata) => ({ ...metadata, annotations: EXPORT }) }),
    says: /east InvalidAnnotation/,
  },
  {
    reason: 'I6: somebody wrote a ServiceExport before the Service',
    bring: () => putExport(east(), 'shop'),
    takeAway: () => exportService(east(), 'shop', { addresses: ['10.1.0.6'], annotations: {} }),
    says: /east NoService/,
  },
  {
    reason: 'somebody wrote a ServiceExport without a Service, and meant nothing by it',
    bring: () => putExport(east(), 'shop'),
    takeAway: () => east().drop(RESOURCE.serviceExport, 'shop', 'demo'),
    says: /east NoService/,
  },
  {
    reason: 'somebody wrote a ServiceExport of a mirror',
    bring: () => putExport(west(), 'web'),
    takeAway: () => west().drop(RESOURCE.serviceExport, 'web', 'demo'),
    says: /west IsMirror/,
  },
  {
    reason: 'the exporter has no port that a Service can have',
    bring: () => change(east(), 'services/demo/web', { spec: (spec) => ({ ...spec, ports: [] }) }),
    takeAway: () => exportService(east(), 'web', { addresses: ['10.1.0.5'] }),
    says: /west NoPorts/,
  },
  {
    reason: 'the Service is of a type that has no endpoints',
    bring: () => change(east(), 'services/demo/web', { spec: (spec) => ({ ...spec, type: 'ExternalName' }) }),
    takeAway: () => exportService(east(), 'web', { addresses: ['10.1.0.5'] }),
    says: /east InvalidServiceType/,
  },
  {
    reason: 'somebody has the name of the mirror, and the derived one',
    bring() {
      for (const name of ['web', DERIVED]) west().put({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'demo' } });
    },
    takeAway: () => west().drop(RESOURCE.service, DERIVED, 'demo'),
    says: /west NameTaken/,
  },
  {
    reason: 'somebody has the name of a slice of the mirror',
    bring() {
      const { uid = '' } = east().objects.get('endpointslices/demo/web-1')?.metadata ?? {};
      taken = mirroredSliceName('web', { cluster: 'east', uid }, sha256);
      west().put({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: taken, namespace: 'demo' }, endpoints: [] });
      west().fault = ({ method, path }) =>
        method === 'PATCH' && path.endsWith(`/${taken}`) && west().objects.has(`endpointslices/demo/${taken}`) ? CONFLICT : undefined;
    },
    takeAway: () => west().drop(RESOURCE.endpointSlice, taken, 'demo'),
    says: /west NameTaken/,
  },
  {
    reason: 'somebody has the name of the ServiceImport',
    bring: () =>
      west().put({ apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceImport', metadata: { name: 'web', namespace: 'demo' } }),
    takeAway: () => west().drop(RESOURCE.serviceImport, 'web', 'demo'),
    says: /west NameTaken/,
  },
  {
    reason: 'somebody has the name of a Peer',
    later() {
      taken = [...west().objects.keys()].find((key) => key.startsWith('peers/east-'))?.slice('peers/'.length) ?? '';
      west().put({ apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: taken }, spec: {} });
    },
    takeAway: () => west().drop(RESOURCE.peer, taken),
    says: /west NameTaken/,
  },
  {
    reason: 'the Service range of the importer has no room, until another import goes',
    bring() {
      change(west(), 'meshes/default', { status: { serviceCIDRs: ['10.103.0.0/30'] } });
      exportService(east(), 'aaa', { addresses: ['10.1.0.6'] });
    },
    takeAway: () => east().drop(RESOURCE.service, 'aaa', 'demo'),
    says: /west TooManyImports/,
  },
  {
    reason: 'the Service range of the importer has no room, until it is larger',
    bring() {
      change(west(), 'meshes/default', { status: { serviceCIDRs: ['10.103.0.0/30'] } });
      exportService(east(), 'aaa', { addresses: ['10.1.0.6'] });
    },
    takeAway: () => change(west(), 'meshes/default', { status: { serviceCIDRs: ['10.103.0.0/16'] } }),
    says: /west TooManyImports/,
  },
  ...(['services', 'endpointslices', 'serviceimports', 'meshes'] as const).flatMap((plural): Row[] => [
    {
      reason: `the account of the hub may not list ${plural} of the importer`,
      bring: () => refuseLists(west(), plural, { kind: 'forbidden', code: 403, message: 'forbidden' }),
      takeAway: () => admitAll(west()),
      says: /west Refused/,
    },
    {
      reason: `the importer has no CRD of ${plural}`,
      bring: () => refuseLists(west(), plural, { kind: 'notFound', code: 404, message: 'not found' }),
      takeAway: () => admitAll(west()),
      says: /west .*pending/,
    },
    {
      reason: `the account of the hub may not list ${plural} of the exporter`,
      bring: () => refuseLists(east(), plural, { kind: 'forbidden', code: 403, message: 'forbidden' }),
      takeAway: () => admitAll(east()),
      says: /east Refused/,
    },
  ]),
  {
    reason: 'the endpoints of a Service that is exported later cannot be fetched',
    later() {
      const failure: KubeFailure = { kind: 'server', code: 500, message: 'etcd has no leader' };
      east().fault = ({ method, path }) => (method === 'GET' && path.endsWith('/namespaces/demo/endpointslices') ? failure : undefined);
      makeForgotten(east(), 'late');
      exportService(east(), 'late', { addresses: ['10.1.0.7'] });
    },
    takeAway: () => admitAll(east()),
    says: /late west pending/,
  },
  {
    reason: 'two members show one cluster',
    bring: () => west().put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u-north' } }),
    takeAway: () => west().put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u-west' } }),
    says: /west DuplicateUid/,
    withinMs: 2_000,
  },
];

/** Lists and watches of one resource are answered with a failure. */
function refuseLists(cluster: FakeCluster, plural: string, failure: KubeFailure): void {
  cluster.fault = ({ method, path }) => ((method === 'GET' || method === 'WATCH') && path.endsWith(`/${plural}`) ? failure : undefined);
}

function admitAll(cluster: FakeCluster): void {
  cluster.fault = () => undefined;
}

test.each(ROWS.map((row) => [row.reason, row] as const))('%s', async (_reason, { bring, later, takeAway, says, withinMs = 1_000 }) => {
  bring?.();
  world.start();
  await world.clock.advance(12_000);
  later?.();
  await world.clock.advance(12_000);
  expect(told().join('\n')).toMatch(says);
  takeAway();
  await world.clock.advance(withinMs);
  expect(told()).toEqual([]);
  expect(mirrored()).toEqual(['10.1.0.5']);
});

test('H8: a member that lays its range onto that of another, again and again, makes nobody plan what the two do not export', async () => {
  await world.clock.advance(0);
  world = createFakeFederation(['a', 'b', 'c', 'd']);
  for (let n = 0; n < 20; n += 1) exportService(world.cluster('a'), `web-${n}`, { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(2_000);
  const planned = async (): Promise<number> => {
    const { body } = await world.hub().metrics.expose();
    return [...body.matchAll(/^kilofed_hub_reconcile_seconds_count\{[^}]*controller="service"[^}]*\} (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };
  const before = await planned();
  expect(before).toBeGreaterThan(50);
  for (let turn = 0; turn < 10; turn += 1) {
    change(world.cluster('b'), 'meshes/default', { spec: { wireguardCIDRs: [`10.4.${turn % 2 === 0 ? 3 : 2}.0/24`] } });
    await world.clock.advance(500);
    const refused = world
      .hub()
      .status()
      .pairs.filter(({ state }) => state === 'refused');
    expect(refused.map(({ from, to }) => `${from} ${to}`)).toEqual(turn % 2 === 0 ? ['b c', 'c b'] : []);
  }
  expect((await planned()) - before).toBe(0);
});

const AWAY: KubeFailure = { kind: 'unreachable', message: 'connection refused' };

test('what a member no longer exports goes when it is read at last, also if the hub began without it', async () => {
  exportService(world.cluster('north'), 'old', { addresses: ['10.2.0.5'] });
  world.start();
  await world.clock.advance(2_000);
  expect(west().objects.has('services/demo/old')).toBe(true);
  await world.end();
  const north = world.cluster('north');
  north.drop(RESOURCE.service, 'old', 'demo');
  north.fault = () => AWAY;
  world.start();
  await world.clock.advance(30_000);
  expect(west().objects.has('services/demo/old')).toBe(true);
  admitAll(north);
  await world.clock.advance(3_000);
  expect(west().objects.has('services/demo/old')).toBe(false);
  expect(told()).toEqual([]);
});

test('a conflict that is over is told as over when all members are read, also by Services that the last one does not export', async () => {
  const conflictOf = (): unknown =>
    (
      east().objects.get('serviceexports/demo/web') as {
        readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
      }
    ).status?.conditions?.find(({ type }) => type === 'Conflict')?.status;
  exportService(west(), 'web', { addresses: ['10.3.0.5'], ports: ['other'] });
  world.start();
  await world.clock.advance(2_000);
  expect(conflictOf()).toBe('True');
  await world.end();
  west().drop(RESOURCE.service, 'web', 'demo');
  world.cluster('north').fault = () => AWAY;
  world.start();
  await world.clock.advance(30_000);
  // North could export it, too.
  expect(conflictOf()).toBe('True');
  admitAll(world.cluster('north'));
  await world.clock.advance(3_000);
  expect(conflictOf()).toBe('False');
});

test('a member whose API server was away is linked and mirrored again within three seconds, however long that was', async () => {
  world.start();
  await world.clock.advance(2_000);
  west().fault = () => AWAY;
  west().endWatches();
  await world.clock.advance(1_000_000);
  exportService(east(), 'late', { addresses: ['10.1.0.7'] });
  await world.clock.advance(1_000);
  expect(told().join('\n')).toMatch(/west Unreachable/);
  admitAll(west());
  await world.clock.advance(3_000);
  expect(told()).toEqual([]);
  expect(west().objects.has('services/demo/late')).toBe(true);
});
