import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { ServiceRecord, SliceRecord } from './model.js';
import type { Exporter } from './importParts.js';
import { type ImportInput, type ImportPlan, planImport } from './planImport.js';

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();

function service(cluster: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    cluster,
    namespace: 'demo',
    name: 'web',
    uid: `uid-${cluster}`,
    created: '2026-01-01T00:00:00Z',
    type: 'ClusterIP',
    headless: false,
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    ipFamilies: ['IPv4'],
    sessionAffinity: 'None',
    publishNotReadyAddresses: false,
    annotations: { 'kilofed.io/export': 'true' },
    ...more,
  };
}

function slice(cluster: string, addresses: readonly string[], more: Partial<SliceRecord> = {}): SliceRecord {
  return {
    cluster,
    namespace: 'demo',
    name: 'web-abc',
    uid: `slice-${cluster}`,
    service: 'web',
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: addresses.map((address) => ({ addresses: [address], ready: true })),
    ...more,
  };
}

function exporter(cluster: string, addresses: readonly string[], more: Partial<ServiceRecord> = {}): Exporter {
  return { service: service(cluster, more), slices: [slice(cluster, addresses)], networks: [cluster === 'east' ? '10.42.0.0/16' : '10.43.0.0/16'] };
}

function input(more: Partial<Omit<ImportInput, 'target'>> & { readonly target?: Partial<ImportInput['target']> } = {}): ImportInput {
  return {
    namespace: 'demo',
    name: 'web',
    exporters: [exporter('east', ['10.42.1.5'])],
    deniedNamespaces: ['kube-system'],
    sha256,
    ...more,
    target: { id: 'west', ipFamilies: ['IPv4'], namespace: 'present', sameNamed: 'none', derived: 'none', ...more.target },
  };
}

function mirror(plan: ImportPlan): Extract<ImportPlan, { kind: 'mirror' }> {
  if (plan.kind !== 'mirror') throw new Error(`expected a mirror, got ${JSON.stringify(plan)}`);
  return plan;
}

const DERIVED = /^derived-[0-9a-v]{10}$/;

describe('the name', () => {
  test.each([
    ['free: the exporter\'s own', { sameNamed: 'none', derived: 'none' }, /^web$/],
    ['taken by somebody: derived', { sameNamed: 'foreign', derived: 'none' }, DERIVED],
    ['ours once, ours now', { sameNamed: 'ours', derived: 'none' }, /^web$/],
    ['derived once, derived now, though the own name is free again', { sameNamed: 'none', derived: 'ours' }, DERIVED],
  ] as const)('%s', (_what, target, name) => {
    const plan = mirror(planImport(input({ target })));
    expect(plan.service.metadata.name).toMatch(name);
    expect(plan.import.metadata.annotations?.['multicluster.kubernetes.io/derived-service']).toBe(plan.service.metadata.name);
    expect(plan.slices[0]?.metadata.labels?.['kubernetes.io/service-name']).toBe(plan.service.metadata.name);
  });

  test('both taken by somebody: refused, nothing is adopted', () => {
    expect(planImport(input({ target: { sameNamed: 'foreign', derived: 'foreign' } }))).toMatchObject({ kind: 'refused', reason: 'NameTaken' });
  });
});

describe('refused, pending, none', () => {
  test.each<[string, ImportInput, Partial<ImportPlan> & Record<string, unknown>]>([
    ['nobody exports it', input({ exporters: [] }), { kind: 'none' }],
    ['only the target itself does', input({ exporters: [exporter('west', ['10.43.1.5'])] }), { kind: 'none' }],
    ['the annotation is not "true"', input({ exporters: [exporter('east', [], { annotations: { 'kilofed.io/export': 'yes' } })] }), { kind: 'none' }],
    ['exported to others only', input({ exporters: [exporter('east', [], { annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'north' } })] }), { kind: 'none' }],
    ['an ExternalName', input({ exporters: [exporter('east', [], { type: 'ExternalName' })] }), { kind: 'none' }],
    ['a denied namespace', input({ deniedNamespaces: ['demo'] }), { kind: 'refused', reason: 'NamespaceDenied' }],
    ['no namespace there', input({ target: { namespace: 'absent' } }), { kind: 'pending', reason: 'NamespaceMissing' }],
    ['a namespace that is being deleted', input({ target: { namespace: 'terminating' } }), { kind: 'pending', reason: 'NamespaceMissing' }],
    ['IPv6 only, to IPv4 only', input({ exporters: [exporter('east', [], { ipFamilies: ['IPv6'] })] }), { kind: 'refused', reason: 'IPFamilyNotSupported' }],
    ['ranges overlap', input({ exporters: [{ ...exporter('east', ['10.42.1.5']), severed: 'pods overlap' }] }), { kind: 'refused', reason: 'ClustersNotLinked', message: 'east: pods overlap' }],
  ])('%s', (_what, given, expected) => {
    expect(planImport(given)).toMatchObject(expected);
  });
});

describe('the slices', () => {
  const endpointsOf = (plan: ImportPlan): unknown[] => mirror(plan).slices.flatMap((each) => each.endpoints);

  test('conditions are copied, node names and references are not there to copy, zones stay', () => {
    const source = slice('east', [], { endpoints: [{ addresses: ['10.42.1.5'], ready: false, serving: true, terminating: true, zone: 'z1', hostname: 'web-0' }] });
    expect(endpointsOf(planImport(input({ exporters: [{ ...exporter('east', []), slices: [source] }] })))).toEqual([
      { addresses: ['10.42.1.5'], conditions: { ready: false, serving: true, terminating: true }, hostname: 'web-0', zone: 'z1' },
    ]);
  });

  test.each([
    ['another member\'s pod', '10.43.0.9'],
    ['the importer\'s metadata service', '169.254.169.254'],
    ['loopback', '127.0.0.1'],
  ])('an exporter cannot point at %s', (_what, address) => {
    const plan = mirror(planImport(input({ exporters: [exporter('east', ['10.42.1.5', address])] })));
    expect(plan.slices[0]?.endpoints.map(({ addresses }) => addresses)).toEqual([['10.42.1.5']]);
    expect(plan.notes).toHaveLength(1);
  });

  test('both managers are named, so that no other controller takes the slice for its own', () => {
    expect(mirror(planImport(input())).slices[0]?.metadata.labels).toEqual({
      'kilofed.io/managed-by': 'kilofed-hub',
      'kilofed.io/cluster': 'east',
      'kubernetes.io/service-name': 'web',
      'multicluster.kubernetes.io/service-name': 'web',
      'multicluster.kubernetes.io/source-cluster': 'east',
      'endpointslice.kubernetes.io/managed-by': 'kilofed-hub',
    });
  });

  test('a port that lost its conflict is not published: its number means something else now', () => {
    const older = exporter('north', ['10.44.1.5'], { created: '2025-01-01T00:00:00Z', ports: [{ name: 'http', protocol: 'TCP', port: 8000 }] });
    const plan = mirror(planImport(input({ exporters: [exporter('east', ['10.42.1.5']), { ...older, networks: ['10.44.0.0/16'] }] })));
    expect(plan.service.spec.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8000 }]);
    const ports = Object.fromEntries(plan.slices.map((each) => [each.metadata.labels?.['kilofed.io/cluster'], each.ports.length]));
    expect(ports).toEqual({ east: 0, north: 1 });
  });

  test('a derived Service repeats the importer\'s own endpoints, a same-named one cannot', () => {
    const exporters = [exporter('east', ['10.42.1.5']), exporter('west', ['10.43.1.5'])];
    expect(endpointsOf(planImport(input({ exporters, target: { sameNamed: 'foreign' } })))).toHaveLength(2);
  });
});

test('the Service has no selector, no address and no node port of the exporter', () => {
  const plan = mirror(planImport(input({ exporters: [exporter('east', [], { type: 'LoadBalancer', sessionAffinity: 'ClientIP', sessionAffinitySeconds: 60 })] })));
  expect(plan.service.spec).toEqual({
    type: 'ClusterIP',
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    ipFamilyPolicy: 'SingleStack',
    ipFamilies: ['IPv4'],
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    publishNotReadyAddresses: false,
  });
});

test('exporters in any order give the same plan', () => {
  const exporters = [exporter('east', ['10.42.1.5']), exporter('north', ['10.43.1.5'], { created: '2025-06-01T00:00:00Z' })];
  expect(planImport(input({ exporters: exporters.toReversed() }))).toEqual(planImport(input({ exporters })));
});
