/**
 * Whatever a member answers in place of any field of any object: nothing throws, and what the hub plans for others is what it plans
 * without that member, for every name that it does not export well.
 */
import type { KubeClient } from '../../kube/wire/client.js';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type KubeObject, objectKey } from '../../core/api/resources.js';
import { federationStatusSchema } from '../../core/api/status.js';
import { planExport } from '../../core/services/planExport.js';
import { planImport } from '../../core/services/planImport.js';
import { laggingExporters } from '../../core/services/slicesLag.js';
import { createOutcomes } from '../../hub/controllers/outcomes.js';
import { createLinks } from '../../hub/links/links.js';
import { createFederation } from '../../hub/federation/federation.js';
import type { Member } from '../../hub/members/member.js';
import type { WatchedKind } from '../../hub/records/feed.js';
import { createMemberRecords, type MemberRecords } from '../../hub/records/memberRecords.js';
import { federationStatus } from '../../hub/status/federationStatus.js';
import { importInput, RULES } from '../fakes/services.js';
import { createHandClock } from '../host/handClock.js';

type Json = Readonly<Record<string, unknown>>;

const RECORDS_DEPS = { clock: createHandClock(), changed: () => undefined, needSlices: () => undefined, allSlicesHeard: () => false };

const meta = { namespace: 'demo', name: 'web', uid: 'u', resourceVersion: '5', creationTimestamp: '2026-01-01T00:00:00Z' };
const OURS = { 'kilofed.io/managed-by': 'kilofed-hub', 'multicluster.kubernetes.io/service-name': 'web', 'kilofed.io/cluster': 'east' };
const HASH = { 'kilofed.io/hash': '0123456789abcdef' };
const ports = [{ name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }];
const endpoint = { addresses: ['10.44.0.5'], conditions: { ready: true, serving: true, terminating: false }, hostname: 'a', zone: 'z' };
const condition = { type: 'Ready', status: 'False', reason: 'Refused', message: 'no', lastTransitionTime: '2026-01-01T00:00:00Z' };
const serviceSpec = {
  type: 'ClusterIP',
  clusterIP: '10.100.0.1',
  clusterIPs: ['10.100.0.1'],
  ports,
  ipFamilies: ['IPv4'],
  sessionAffinity: 'ClientIP',
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  publishNotReadyAddresses: true,
};

/** One object of each kind and owner that the hub reads in a member, as an honest API server answers it. */
const OBJECTS: Readonly<Record<string, { readonly kind: WatchedKind; readonly object: Json }>> = {
  service: {
    kind: 'service',
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...meta, labels: { app: 'web' }, annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west,east' } },
      spec: serviceSpec,
    },
  },
  slice: {
    kind: 'endpointSlice',
    object: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta, name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports,
      endpoints: [endpoint],
    },
  },
  namespace: {
    kind: 'namespace',
    object: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'demo', labels: { 'kilofed.io/import': 'all' }, annotations: { 'kilofed.io/import-hostnames': 'true' } },
    },
  },
  mirror: {
    kind: 'service',
    object: { apiVersion: 'v1', kind: 'Service', metadata: { ...meta, labels: OURS, annotations: HASH }, spec: serviceSpec },
  },
  mirroredSlice: {
    kind: 'endpointSlice',
    object: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        ...meta,
        name: 'web-2',
        labels: { ...OURS, 'endpointslice.kubernetes.io/managed-by': 'kilofed-hub' },
        annotations: { ...HASH, 'kilofed.io/source': 'demo/web' },
      },
      addressType: 'IPv4',
      ports,
      endpoints: [endpoint],
    },
  },
  import: {
    kind: 'serviceImport',
    object: {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceImport',
      metadata: { ...meta, labels: OURS, annotations: { ...HASH, 'kilofed.io/exporters': 'east' } },
      spec: { type: 'ClusterSetIP', ports, ips: ['10.100.0.1'], ipFamilies: ['IPv4'], sessionAffinity: 'None' },
    },
  },
  export: {
    kind: 'serviceExport',
    object: {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: { ...meta, labels: OURS, annotations: { ...HASH, 'blocked.kilofed.io/west': 'no' } },
      status: { conditions: [condition] },
    },
  },
  peer: {
    kind: 'peer',
    object: {
      apiVersion: 'kilo.squat.ai/v1alpha1',
      kind: 'Peer',
      metadata: { name: 'p', generation: 1, resourceVersion: '5', labels: OURS, annotations: HASH },
      spec: { publicKey: 'k', allowedIPs: ['10.1.0.0/24'], endpoint: { dnsOrIP: { ip: '192.0.2.1' }, port: 51_820 } },
      status: { conditions: [condition] },
    },
  },
  mesh: {
    kind: 'mesh',
    object: {
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'Mesh',
      metadata: { name: 'default' },
      spec: { wireguardCIDRs: ['10.4.9.0/24'], granularity: 'cross' },
      status: { serviceCIDRs: ['10.100.0.0/16'], podCIDRs: ['10.44.0.0/16'] },
    },
  },
  meshNode: {
    kind: 'meshNode',
    object: {
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'MeshNode',
      metadata: { name: 'n1' },
      spec: {
        publicKey: Buffer.alloc(32, 9).toString('base64'),
        endpoints: [{ host: '192.0.2.9', port: 51_820 }],
        internalIPs: ['10.77.9.1/24'],
        podCIDRs: ['10.44.0.0/24'],
        location: 'here',
      },
      status: { meshAddresses: ['10.4.9.1'], slot: 0 },
    },
  },
};

/** Every field in every object, by its path. */
const PLACES = Object.entries(OBJECTS).flatMap(([name, { object }]) => pathsIn(object).map((path) => ({ name, path })));

function pathsIn(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner).map((path) => [key, ...path]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  // What was there before an earlier lie.
  if (typeof value !== 'object' || value === null) return value;
  const inner = replaced((value as Json)[key], rest, by);
  return Array.isArray(value)
    ? value.map((each: unknown, index) => (String(index) === key ? inner : each))
    : { ...(value as Json), [key]: inner };
}

/** Texts and numbers of the right type are the likelier lies. */
const anything = fc.oneof(
  fc.anything(),
  fc.constantFrom<unknown>(
    null,
    [],
    {},
    '',
    '..',
    'a/b',
    '\u001b[2K',
    'true',
    -1,
    0,
    1.5,
    65_536,
    1e300,
    [5],
    ['IPv4', 'IPv4', 'IPv6'],
    [null],
  ),
);
const lies = fc.array(fc.record({ place: fc.constantFrom(...PLACES), value: anything }), { minLength: 1, maxLength: 4 });

/** The records of a member with one object of each kind, after `lies`. */
function recordsOf(id: string, told: readonly { readonly place: (typeof PLACES)[number]; readonly value: unknown }[] = []): MemberRecords {
  const records = createMemberRecords(id, RECORDS_DEPS);
  for (const [name, { kind, object }] of Object.entries(OBJECTS)) {
    const answered = told
      .filter(({ place }) => place.name === name)
      .reduce<unknown>((so, { place, value }) => replaced(so, place.path, value), object);
    const key = keyOf(answered);
    if (key !== undefined) records.feeds[kind].changed(key, records.feeds[kind].project(answered as KubeObject), undefined);
  }
  records.settle();
  return records;
}

/** As a reflector makes it of whatever name there is. Undefined: it passes the object over. */
function keyOf(object: unknown): string | undefined {
  const metadata = (object as Json | null)?.['metadata'];
  const { name, namespace } = (metadata ?? {}) as Json;
  if (typeof name !== 'string' || (namespace !== undefined && typeof namespace !== 'string')) return undefined;
  return objectKey({ name, ...(namespace !== undefined && { namespace }) });
}

function memberOf(id: string, records: MemberRecords): Member {
  return {
    id,
    records,
    state: () => ({ kind: 'ready' }),
    synced: () => true,
    current: () => true,
    version: () => 'v1.35.0',
    server: () => 'https://fake',
    problems: () => [],
    credentialsEnd: () => undefined,
    clusterUid: () => ({ shown: id, recognised: id }),
    recognised: () => true,
    reportsWithheld: () => undefined,
    reconsider: () => undefined,
    reconsiderLease: () => undefined,
    terms: () => ({}),
    writes: NOBODY,
    lease: () => ({ kind: 'held' }),
    held: () => Promise.resolve(undefined),
    forsake: () => undefined,
    declare: () => undefined,
    listing: () => ({ id, lists: () => 1, relist: () => undefined, recognised: () => true }),
    run: () => Promise.resolve(),
  };
}

const NOBODY: KubeClient = {
  server: 'https://fake',
  call: () => Promise.resolve({ ok: false, error: { kind: 'unreachable', message: 'nobody is there' } }),
  stream: () => Promise.resolve({ ok: false, error: { kind: 'unreachable', message: 'nobody is there' } }),
  close: () => undefined,
};

/** What is planned for `demo/web` in west, which east exports, and what status a hub of the three tells. */
function planned(evil: MemberRecords): { readonly exported: boolean; readonly plan: string; readonly status: unknown } {
  const [east, west] = [recordsOf('east', EXPORTS_NOTHING_ELSE), createMemberRecords('west', RECORDS_DEPS)];
  const members = [memberOf('east', east), memberOf('evil', evil), memberOf('west', west)];
  const federation = createFederation({ members: () => members, isGone: () => false, isWithdrawn: () => false, rules: RULES });
  const exporters = [east, evil].flatMap((records) => {
    const entry = records.services().get('demo/web');
    const slices = records.slicesOf('demo/web');
    return entry?.kind === 'exported' && slices !== undefined
      ? [{ service: entry.record, slices, networks: ['10.44.0.0/16'], seen: 0 }]
      : [];
  });
  laggingExporters(exporters);
  const input = importInput({ exporters });
  const all = exporters.map(({ service }) => service);
  const plan = {
    import: planImport(input),
    exports: all.map((service) =>
      planExport({
        ...input,
        service,
        all,
        importers: { blocked: new Map(), waiting: new Map() },
        followed: new Map(),
        members: federation.ids(),
      }),
    ),
  };
  const status = federationStatus({
    version: 'test',
    uptimeSeconds: 1,
    queueKind: 'memory',
    queues: [],
    federation,
    links: createLinks({ federation }),
    outcomes: createOutcomes(),
    sourceProblems: [],
  });
  return {
    exported: exporters.some(({ service }) => service.cluster === 'evil'),
    plan: JSON.stringify(plan),
    status: JSON.parse(JSON.stringify(status)),
  };
}

const EXPORTS_NOTHING_ELSE = [{ place: { name: 'mirror', path: ['metadata', 'name'] }, value: 'other' }];
const NOTHING = createMemberRecords('evil', RECORDS_DEPS);

test('H9: whatever stands in any field, nothing throws, and a name that is not exported well is planned as without the member', () => {
  const without = planned(NOTHING).plan;
  fc.assert(
    fc.property(lies, (told) => {
      const evil = recordsOf('evil', [...EXPORTS_NOTHING_ELSE, ...told]);
      const { exported, plan, status } = planned(evil);
      federationStatusSchema.parse(status);
      if (!exported) expect(plan).toBe(without);
    }),
    { numRuns: 300 },
  );
});

describe('the objects of the test', () => {
  test('are read as they are', () => {
    const records = recordsOf('east', EXPORTS_NOTHING_ELSE);
    expect(records.problems()).toMatchObject([{ reason: 'Refused' }]);
    expect(records.slicesOf('demo/web')).toHaveLength(1);
    expect(records.mirrorsOf('demo/web')).toMatchObject({ services: [{}], slices: [{}] });
  });
});
