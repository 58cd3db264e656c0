import { describe, expect, test } from '@jest/globals';
import { exporter, importInput as input, mirrorOf as mirror, service, slice, tcp } from '../../test/fakes/services.js';
import type { Exporter } from './importParts.js';
import { type ImportInput, type ImportPlan, planImport } from './planImport.js';

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
    ['a namespace that is being deleted', input({ target: { namespace: 'terminating' } }), { kind: 'pending', reason: 'NamespaceTerminating' }],
    ['IPv6 only, to IPv4 only', input({ exporters: [exporter('east', [], { ipFamilies: ['IPv6'] })] }), { kind: 'refused', reason: 'IPFamilyNotSupported' }],
    ['ranges overlap', input({ exporters: [{ ...exporter('east', ['10.42.1.5']), severed: 'pods overlap' }] }), { kind: 'refused', reason: 'ClustersNotLinked', message: 'east: pods overlap' }],
    ['no port that any API server accepts', input({ exporters: [exporter('east', [], { ports: [tcp('http', 0), tcp('Not a name', 80)] })] }), { kind: 'refused', reason: 'NoPorts' }],
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
    const older = exporter('north', ['10.44.1.5'], { created: '2025-01-01T00:00:00Z', ports: [tcp('http', 8000)] });
    const plan = mirror(planImport(input({ exporters: [exporter('east', ['10.42.1.5']), older] })));
    expect(plan.service.spec.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8000 }]);
    const ports = Object.fromEntries(plan.slices.map((each) => [each.metadata.labels?.['kilofed.io/cluster'], each.ports.length]));
    expect(ports).toEqual({ east: 0, north: 1 });
  });

  test.each<[string, Partial<Exporter>, readonly number[]]>([
    ['as many endpoints as a slice holds, of more', { slices: [slice('east', Array.from({ length: 1_200 }, (_, n) => `10.42.${n >> 8}.${n & 255}`))] }, [1_000, 1]],
    ['no address of another family than the slice\'s', { slices: [slice('east', ['10.42.1.5', 'fd00::5'])], networks: ['10.42.0.0/16', 'fd00::/64'] }, [1, 1]],
    ['no network where an address should be', { slices: [slice('east', ['10.42.0.0/24', '10.42.1.5'])] }, [1, 1]],
    ['no slice of another member, namespace or Service', { slices: [slice('east', ['10.42.1.5']), slice('north', ['10.42.1.6']), slice('east', ['10.42.1.7'], { namespace: 'kube-system', uid: 'x' })] }, [1, 0]],
    ['one slice of a UID', { slices: [slice('east', ['10.42.1.5']), slice('east', ['10.42.1.6'], { name: 'web-other' })] }, [1, 0]],
  ])('a hostile member\'s: %s', (_what, more, [endpoints, notes]) => {
    const plan = mirror(planImport(input({ exporters: [{ ...exporter('east', []), ...more }] })));
    expect([endpointsOf(plan).length, plan.notes.length]).toEqual([endpoints, notes]);
  });

  test('what would make the API server refuse the slice is left out: bad host names, bad ports', () => {
    const bad = slice('east', [], { ports: [tcp('http', 8080), tcp('http', 70_000)], endpoints: [{ addresses: ['10.42.1.5'], hostname: 'Not.A Label' }] });
    const plan = mirror(planImport(input({ exporters: [{ ...exporter('east', []), slices: [bad] }] })));
    expect(plan.slices.map(({ ports, endpoints }) => ({ ports, endpoints }))).toEqual([{ ports: [tcp('http', 8080)], endpoints: [{ addresses: ['10.42.1.5'], conditions: {} }] }]);
  });

  test('while no tunnel works its endpoints are neither ready nor serving, so that kube-proxy does not fall back to them', () => {
    const plan = mirror(planImport(input({ exporters: [{ ...exporter('east', ['10.42.1.5']), tunnels: 'down' }, exporter('north', ['10.44.1.5'])] })));
    expect(endpointsOf(plan)).toEqual([
      { addresses: ['10.42.1.5'], conditions: { ready: false, serving: false } },
      { addresses: ['10.44.1.5'], conditions: { ready: true } },
    ]);
    expect(plan.notes).toHaveLength(1);
  });

  test('an exporter that cannot be reached does not keep the others from being mirrored, and is named', () => {
    const plan = mirror(planImport(input({ exporters: [exporter('east', ['10.42.1.5']), { ...exporter('north', ['10.44.1.5']), severed: 'pods overlap' }] })));
    expect(endpointsOf(plan)).toHaveLength(1);
    expect(plan.notes).toEqual(['north: pods overlap']);
  });

  test('no ready endpoint at all: the Service and its address stay, the slices are empty', () => {
    const plan = mirror(planImport(input({ exporters: [exporter('east', [])] })));
    expect(plan.slices.map(({ endpoints }) => endpoints)).toEqual([[]]);
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

describe('several exporters', () => {
  const older = (more: Parameters<typeof service>[1]): Exporter => exporter('north', ['10.44.1.5'], { created: '2025-01-01T00:00:00Z', ...more });
  const planned = (first: Exporter, second: Exporter = exporter('east', ['10.42.1.5'])): ReturnType<typeof mirror> => mirror(planImport(input({ exporters: [second, first] })));
  const portsOf = (objects: readonly { readonly ports?: unknown }[]): unknown[] => objects.map(({ ports }) => ports);

  test.each([
    ['ports are united, by name and then by number, the oldest export\'s first', [tcp('http', 80), tcp('metrics', 9090)], [tcp('web', 80), tcp('admin', 81)], [tcp('http', 80), tcp('metrics', 9090), tcp('admin', 81)]],
    ['of one name with two numbers the oldest export\'s counts', [tcp('http', 8000)], [tcp('http', 80)], [tcp('http', 8000)]],
    ['a port twice in one export is one', [tcp('http', 80), tcp('http', 81), tcp('same', 80)], [], [tcp('http', 80)]],
  ])('%s', (_what, ofOlder, ofYounger, expected) => {
    expect(planned(older({ ports: ofOlder }), exporter('east', [], { ports: ofYounger })).service.spec.ports).toEqual(expected);
  });

  test('a port without a name gets one where there are others, in Service and slices alike; the import keeps it as it is', () => {
    const unnamed = { ...older({ ports: [tcp('', 80)] }), slices: [slice('north', ['10.44.1.5'], { ports: [tcp('', 8080)] })] };
    const plan = planned(unnamed, { ...exporter('east', [], { ports: [tcp('tcp-80', 81)] }), slices: [] });
    expect(plan.service.spec.ports).toEqual([tcp('x-tcp-80', 80), tcp('tcp-80', 81)]);
    expect(portsOf(plan.slices)).toEqual([[tcp('x-tcp-80', 8080)]]);
    expect(portsOf([plan.import.spec as { readonly ports: unknown }])).toEqual([[{ protocol: 'TCP', port: 80 }, tcp('tcp-80', 81)]]);
    expect(portsOf(planned(unnamed, { ...exporter('east', [], { ports: [tcp('', 80)] }), slices: [] }).slices)).toEqual([[tcp('', 8080)]]);
  });

  test.each([
    ['the oldest is headless: so is the import, and pods of the others are in it', true, 'Headless', 'None'],
    ['the oldest is not headless: nor is the import', false, 'ClusterSetIP', undefined],
  ])('%s', (_what, headless, type, clusterIP) => {
    const plan = planned(older({ headless }), exporter('east', ['10.42.1.5'], { headless: !headless }));
    expect([plan.import.spec['type'], plan.service.spec['clusterIP'], plan.slices.flatMap(({ endpoints }) => endpoints).length]).toEqual([type, clusterIP, 2]);
  });

  test('a time of creation that is none is no claim to age', () => {
    for (const created of ['', '0', '1970-01-01']) {
      expect(planned(exporter('north', [], { created, ports: [tcp('http', 1)] })).service.spec.ports).toEqual([tcp('http', 80)]);
    }
  });
});

test('session affinity: the configuration goes with it, and goes where it is None or headless', () => {
  const specOf = (more: Parameters<typeof service>[1]): Readonly<Record<string, unknown>> => {
    const { sessionAffinity, sessionAffinityConfig } = mirror(planImport(input({ exporters: [exporter('east', [], more)] }))).service.spec;
    return { sessionAffinity, sessionAffinityConfig };
  };
  const config = { clientIP: { timeoutSeconds: 60 } };
  expect(specOf({ sessionAffinity: 'ClientIP', sessionAffinitySeconds: 60 })).toEqual({ sessionAffinity: 'ClientIP', sessionAffinityConfig: config });
  expect(specOf({ sessionAffinity: 'None', sessionAffinitySeconds: 60 })).toEqual({ sessionAffinity: 'None', sessionAffinityConfig: undefined });
  expect(specOf({ sessionAffinity: 'ClientIP', sessionAffinitySeconds: 60, headless: true })).toEqual({ sessionAffinity: 'None', sessionAffinityConfig: undefined });
  expect(specOf({ sessionAffinity: 'ClientIP', sessionAffinitySeconds: 1e9 })).toEqual({ sessionAffinity: 'ClientIP', sessionAffinityConfig: undefined });
});

test('two families: a slice of each, the first family first; what the importer lacks is left out and told', () => {
  const dual: Exporter = {
    service: service('east', { ipFamilies: ['IPv6', 'IPv4'] }),
    slices: [slice('east', ['10.42.1.5']), slice('east', ['fd00:42::5'], { addressType: 'IPv6', uid: 'six' })],
    networks: ['10.42.0.0/16', 'fd00:42::/64'],
  };
  const both = mirror(planImport(input({ exporters: [dual], target: { ipFamilies: ['IPv4', 'IPv6'] } })));
  expect([both.service.spec['ipFamilies'], both.service.spec['ipFamilyPolicy'], both.slices.length, both.notes]).toEqual([['IPv6', 'IPv4'], 'PreferDualStack', 2, []]);
  const one = mirror(planImport(input({ exporters: [dual] })));
  expect([one.service.spec['ipFamilies'], one.service.spec['ipFamilyPolicy'], one.slices.length, one.notes.length]).toEqual([['IPv4'], 'SingleStack', 1, 1]);
});
