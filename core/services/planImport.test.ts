import { describe, expect, test } from '@jest/globals';
import { exporter, importInput as input, mirrorOf as mirror, service, slice, tcp } from '../../test/fakes/services.js';
import type { Exporter } from './importParts.js';
import { type ImportInput, type ImportPlan, planImport } from './planImport.js';
import { shapeOf } from './serviceShape.js';

const DERIVED = /^derived-[0-9a-v]{10}$/;

describe('the name', () => {
  test.each([
    ["free: the exporter's own", { sameNamed: 'none', derived: 'none' }, /^web$/],
    ['taken by somebody: derived', { sameNamed: 'foreign', derived: 'none' }, DERIVED],
    ['ours once, ours now', { sameNamed: 'ours', derived: 'none' }, /^web$/],
    ['taken by somebody, derived once', { sameNamed: 'foreign', derived: 'ours' }, DERIVED],
    ["I5: derived once, and the own name is free again: the exporter's own", { sameNamed: 'none', derived: 'ours' }, /^web$/],
    ['freed a moment ago, derived once: derived until it is known', { sameNamed: 'freed', derived: 'ours' }, DERIVED],
    ['ours and derived, both', { sameNamed: 'ours', derived: 'ours' }, /^web$/],
  ] as const)('%s', (_what, target, name) => {
    const plan = mirror(planImport(input({ target })));
    expect(plan.service.metadata.name).toMatch(name);
    expect(plan.import.metadata.annotations?.['multicluster.kubernetes.io/derived-service']).toBe(plan.service.metadata.name);
    expect(plan.slices[0]?.metadata.labels?.['kubernetes.io/service-name']).toBe(plan.service.metadata.name);
  });

  test.each([
    ['none', 'none', undefined],
    ['none', 'ours', DERIVED],
    ['ours', 'ours', DERIVED],
    ['freed', 'ours', undefined],
    ['foreign', 'ours', undefined],
  ] as const)(
    'I5: own name %s, derived one %s: what stands on beside it is the same under the other name',
    (sameNamed, derived, expected) => {
      const { parting, ...own } = mirror(planImport(input({ target: { sameNamed, derived } })));
      if (expected === undefined) return expect(parting).toBeUndefined();
      expect(parting?.service.metadata.name).toMatch(expected);
      expect(parting?.service.spec).toEqual(own.service.spec);
      expect(parting?.slices.map(({ endpoints }) => endpoints)).toEqual(own.slices.map(({ endpoints }) => endpoints));
      expect(parting?.slices.map(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'])).toEqual([
        parting?.service.metadata.name,
      ]);
      expect(parting?.slices[0]?.metadata.name).not.toBe(own.slices[0]?.metadata.name);
    },
  );

  test('a name that was freed a moment ago is not taken yet', () => {
    expect(planImport(input({ target: { sameNamed: 'freed' } }))).toMatchObject({ kind: 'wait' });
  });

  test.each(['none', 'ours'] as const)(
    'H10: a name like a derived one is left to the Service that it is derived from (that name: %s)',
    (sameNamed) => {
      const { name, ...rest } = input({ target: { sameNamed, derived: 'none' } });
      const taken = 'derived-scaifns3gd';
      const exporters = rest.exporters.map((each) => ({ ...each, service: { ...each.service, name: taken }, slices: [] }));
      const plan = mirror(planImport({ ...rest, exporters, name: taken }));
      expect(plan.service.metadata.name).toMatch(DERIVED);
      expect(plan.service.metadata.name).not.toBe(taken);
      expect([name, plan.import.metadata.name]).toEqual(['web', taken]);
    },
  );

  test('both taken by somebody: refused, nothing is adopted', () => {
    expect(planImport(input({ target: { sameNamed: 'foreign', derived: 'foreign' } }))).toMatchObject({
      kind: 'refused',
      refusals: [{ cluster: 'east', reason: 'NameTaken' }],
    });
  });
});

describe('refused, pending, none', () => {
  test.each<[string, ImportInput, Readonly<Record<string, unknown>>]>([
    ['nobody exports it', input({ exporters: [] }), { kind: 'none' }],
    ['only the target itself does', input({ exporters: [exporter('west', ['10.43.1.5'])] }), { kind: 'own', exporters: ['west'] }],
    [
      'only the target itself does, which imports nothing there',
      input({ exporters: [exporter('west', ['10.43.1.5'])], target: { consent: { imports: 'none' } } }),
      { kind: 'none' },
    ],
    [
      'only the target itself does, and the ServiceImport is somebody else’s',
      input({ exporters: [exporter('west', ['10.43.1.5'])], target: { importTaken: true } }),
      { kind: 'none' },
    ],
    [
      'only the target itself does, as far as is known now',
      input({ exporters: [exporter('west', ['10.43.1.5'])], unknown: ['east'] }),
      { kind: 'none' },
    ],
    [
      'the annotation is not "true"',
      input({ exporters: [exporter('east', [], { export: { exported: false, complaints: [] } })] }),
      { kind: 'none' },
    ],
    [
      'exported to others only',
      input({ exporters: [exporter('east', [], { export: { exported: true, targets: ['north'], complaints: [] } })] }),
      { kind: 'none' },
    ],
    ['an ExternalName', input({ exporters: [exporter('east', [], { type: 'ExternalName' })] }), { kind: 'none' }],
    [
      'a denied namespace',
      input({ rules: { reserved: ['demo'], denied: [] } }),
      { kind: 'refused', refusals: [expect.objectContaining({ cluster: 'east', reason: 'NamespaceDenied' })] },
    ],
    ['no namespace there', input({ target: { namespace: 'absent' } }), { kind: 'pending', reason: 'NamespaceMissing' }],
    [
      'a namespace that is being deleted',
      input({ target: { namespace: 'terminating' } }),
      { kind: 'pending', reason: 'NamespaceTerminating' },
    ],
    [
      'IPv6 only, to IPv4 only',
      input({ exporters: [exporter('east', [], { ipFamilies: ['IPv6'] })] }),
      { kind: 'refused', refusals: [expect.objectContaining({ cluster: 'east', reason: 'IPFamilyNotSupported' })] },
    ],
    [
      'ranges overlap',
      input({ exporters: [{ ...exporter('east', ['10.42.1.5']), unreachableReason: 'pods overlap' }] }),
      { kind: 'refused', refusals: [{ cluster: 'east', reason: 'ClustersNotLinked', message: 'pods overlap' }] },
    ],
    [
      'no port that any API server accepts',
      input({ exporters: [exporter('east', [], { ports: [tcp('http', 0), tcp('Not a name', 80)] })] }),
      { kind: 'refused', refusals: [expect.objectContaining({ cluster: 'east', reason: 'NoPorts' })] },
    ],
  ])('%s', (_what, given, expected) => {
    expect(planImport(given)).toMatchObject(expected);
  });
});

describe('the slices', () => {
  const endpointsOf = (plan: ImportPlan): unknown[] => mirror(plan).slices.flatMap((each) => each.endpoints);

  test('conditions are copied, node names and references are not there to copy, zones stay', () => {
    const source = slice('east', [], {
      endpoints: [{ addresses: ['10.42.1.5'], ready: false, serving: true, terminating: true, zone: 'z1', hostname: 'web-0' }],
    });
    const target = { consent: { hostnames: true } };
    expect(endpointsOf(planImport(input({ target, exporters: [{ ...exporter('east', []), slices: [source] }] })))).toEqual([
      { addresses: ['10.42.1.5'], conditions: { ready: false, serving: true, terminating: true }, hostname: 'web-0', zone: 'z1' },
    ]);
  });

  test.each([
    ["another member's pod", '10.43.0.9'],
    ["the importer's metadata service", '169.254.169.254'],
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
    const first = exporter('north', ['10.44.1.5'], { ports: [tcp('http', 8000)] });
    const target = { standing: { exporters: ['north'] } };
    const plan = mirror(planImport(input({ target, exporters: [exporter('east', ['10.42.1.5']), first] })));
    expect(plan.service.spec.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8000 }]);
    const ports = Object.fromEntries(plan.slices.map((each) => [each.metadata.labels?.['kilofed.io/cluster'], each.ports.length]));
    expect(ports).toEqual({ east: 0, north: 1 });
  });

  test.each<[string, Partial<Exporter>, readonly number[]]>([
    [
      'as many endpoints as a slice holds, of more',
      {
        slices: [
          slice(
            'east',
            Array.from({ length: 1_200 }, (_, n) => `10.42.${n >> 8}.${n & 255}`),
          ),
        ],
      },
      [1_000, 1],
    ],
    [
      "no address of another family than the slice's",
      { slices: [slice('east', ['10.42.1.5', 'fd00::5'])], networks: ['10.42.0.0/16', 'fd00::/64'] },
      [1, 1],
    ],
    ['no network where an address should be', { slices: [slice('east', ['10.42.0.0/24', '10.42.1.5'])] }, [1, 1]],
    [
      'no slice of another member, namespace or Service',
      {
        slices: [
          slice('east', ['10.42.1.5']),
          slice('north', ['10.42.1.6']),
          slice('east', ['10.42.1.7'], { namespace: 'kube-system', uid: 'x' }),
        ],
      },
      [1, 0],
    ],
    ['one slice of a UID', { slices: [slice('east', ['10.42.1.5']), slice('east', ['10.42.1.6'], { name: 'web-other' })] }, [1, 0]],
  ])("a hostile member's: %s", (_what, more, [endpoints, notes]) => {
    const plan = mirror(planImport(input({ exporters: [{ ...exporter('east', []), ...more }] })));
    expect([endpointsOf(plan).length, plan.notes.length]).toEqual([endpoints, notes]);
  });

  test('what would make the API server refuse the slice is left out: bad host names, bad ports', () => {
    const bad = slice('east', [], {
      ports: [tcp('http', 8080), tcp('http', 70_000)],
      endpoints: [{ addresses: ['10.42.1.5'], hostname: 'Not.A Label' }],
    });
    const target = { consent: { hostnames: true } };
    const plan = mirror(planImport(input({ target, exporters: [{ ...exporter('east', []), slices: [bad] }] })));
    expect(plan.slices.map(({ ports, endpoints }) => ({ ports, endpoints }))).toEqual([
      { ports: [tcp('http', 8080)], endpoints: [{ addresses: ['10.42.1.5'], conditions: {} }] },
    ]);
  });

  test('what would be twice in a set or a list of names is there once', () => {
    const twice = slice('east', [], {
      ports: [tcp('http', 8080), tcp('http', 8081), { name: 'http', protocol: 'UDP', port: 8082 }],
      endpoints: [{ addresses: ['10.42.1.5', '10.42.1.5', '10.42.1.6'] }],
    });
    const plan = mirror(planImport(input({ exporters: [{ ...exporter('east', []), slices: [twice] }] })));
    expect(plan.slices.map(({ ports, endpoints }) => ({ ports, endpoints }))).toEqual([
      { ports: [tcp('http', 8080)], endpoints: [{ addresses: ['10.42.1.5', '10.42.1.6'], conditions: {} }] },
    ]);
    expect(plan.notes).toEqual([]);
  });

  test('S12: what no link leads to is neither ready nor serving, so that kube-proxy does not fall back to it', () => {
    const segments = [
      { allowedIPs: ['10.42.1.0/24'], reached: false },
      { allowedIPs: ['10.42.2.0/24'], reached: true },
    ];
    const plan = mirror(
      planImport(input({ exporters: [{ ...exporter('east', ['10.42.1.5', '10.42.2.5']), segments }, exporter('north', ['10.44.1.5'])] })),
    );
    expect(endpointsOf(plan)).toEqual([
      { addresses: ['10.42.1.5'], conditions: { ready: false, serving: false } },
      { addresses: ['10.42.2.5'], conditions: { ready: true } },
      { addresses: ['10.44.1.5'], conditions: { ready: true } },
    ]);
    expect([plan.cutOff, plan.notes]).toEqual([['east'], []]);
  });

  test('a drained exporter stays, and none of its endpoints is ready or serving', () => {
    const plan = mirror(
      planImport(input({ exporters: [{ ...exporter('east', ['10.42.1.5']), drained: true }, exporter('north', ['10.44.1.5'])] })),
    );
    expect(endpointsOf(plan)).toEqual([
      { addresses: ['10.42.1.5'], conditions: { ready: false, serving: false } },
      { addresses: ['10.44.1.5'], conditions: { ready: true } },
    ]);
    expect([plan.drained, plan.cutOff, plan.exporters]).toEqual([['east'], [], ['east', 'north']]);
  });

  test.each([
    [['east'], 'mirror', ['east', 'north']],
    [[], 'mirror', ['north']],
  ] as const)('a cordoned exporter takes part where it stands already (%j)', (exporters, kind, expected) => {
    const cordoned = { ...exporter('east', ['10.42.1.5']), cordoned: true as const };
    const plan = planImport(input({ target: { standing: { exporters } }, exporters: [cordoned, exporter('north', ['10.44.1.5'])] }));
    expect([plan.kind, mirror(plan).exporters]).toEqual([kind, expected]);
    expect(mirror(plan).refusals.map(({ cluster, reason }) => [cluster, reason])).toEqual(
      exporters.length > 0 ? [] : [['east', 'MemberCordoned']],
    );
  });

  test('of a cordoned exporter alone nothing new is mirrored', () => {
    const plan = planImport(input({ exporters: [{ ...exporter('east', ['10.42.1.5']), cordoned: true }] }));
    expect(plan).toMatchObject({ kind: 'refused', refusals: [{ cluster: 'east', reason: 'MemberCordoned' }] });
  });

  test('an exporter that cannot be reached does not keep the others from being mirrored, and is named', () => {
    const plan = mirror(
      planImport(
        input({ exporters: [exporter('east', ['10.42.1.5']), { ...exporter('north', ['10.44.1.5']), unreachableReason: 'pods overlap' }] }),
      ),
    );
    expect(endpointsOf(plan)).toHaveLength(1);
    expect(plan.refusals).toEqual([{ cluster: 'north', reason: 'ClustersNotLinked', message: 'pods overlap' }]);
  });

  test('no ready endpoint at all: the Service and its address stay, the slices are empty', () => {
    const plan = mirror(planImport(input({ exporters: [exporter('east', [])] })));
    expect(plan.slices.map(({ endpoints }) => endpoints)).toEqual([[]]);
  });

  test("a derived Service repeats the importer's own endpoints, a same-named one cannot", () => {
    const exporters = [exporter('east', ['10.42.1.5']), exporter('west', ['10.43.1.5'])];
    expect(endpointsOf(planImport(input({ exporters, target: { sameNamed: 'foreign' } })))).toHaveLength(2);
  });
});

test('the Service has no selector, no address and no node port of the exporter', () => {
  const plan = mirror(
    planImport(
      input({ exporters: [exporter('east', [], { type: 'LoadBalancer', sessionAffinity: 'ClientIP', sessionAffinitySeconds: 60 })] }),
    ),
  );
  expect(plan.service.spec).toEqual({
    type: 'ClusterIP',
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    internalTrafficPolicy: 'Cluster',
    ipFamilyPolicy: 'SingleStack',
    ipFamilies: ['IPv4'],
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    publishNotReadyAddresses: false,
  });
});

describe('several exporters', () => {
  const north = (more: Parameters<typeof service>[1]): Exporter => exporter('north', ['10.44.1.5'], more);
  const planned = (first: Exporter, second: Exporter = exporter('east', ['10.42.1.5'])): ReturnType<typeof mirror> =>
    mirror(planImport(input({ exporters: [second, first], target: { standing: { exporters: ['north'] } } })));
  const portsOf = (objects: readonly { readonly ports?: unknown }[]): unknown[] => objects.map(({ ports }) => ports);

  test.each([
    [
      'ports are those of the one that stands, and what a newcomer has more and collides with none',
      [tcp('http', 80), tcp('metrics', 9090)],
      [tcp('web', 80), tcp('admin', 81), tcp('metrics', 82)],
      [tcp('http', 80), tcp('metrics', 9090), tcp('admin', 81)],
    ],
    ['of one name with two numbers the one that stands counts', [tcp('http', 8000)], [tcp('http', 80)], [tcp('http', 8000)]],
    ['a port twice in one export is one', [tcp('http', 80), tcp('http', 81), tcp('same', 80)], [], [tcp('http', 80)]],
  ])('%s', (_what, ofFirst, ofNewcomer, expected) => {
    expect(planned(north({ ports: ofFirst }), exporter('east', [], { ports: ofNewcomer })).service.spec.ports).toEqual(expected);
  });

  test('a port without a name gets one where there are others, in Service and slices alike; the import keeps it as it is', () => {
    const both = north({ ports: [tcp('', 80), tcp('tcp-80', 81)] });
    const unnamed = { ...both, slices: [slice('north', ['10.44.1.5'], { ports: [tcp('', 8080)] })] };
    const plan = planned(unnamed, { ...exporter('east', [], { ports: [tcp('tcp-80', 81)] }), slices: [] });
    expect(plan.service.spec.ports).toEqual([tcp('tcp-80-2', 80), tcp('tcp-80', 81)]);
    expect(portsOf(plan.slices)).toEqual([[tcp('tcp-80-2', 8080)]]);
    expect(portsOf([plan.import.spec as { readonly ports: unknown }])).toEqual([[{ protocol: 'TCP', port: 80 }, tcp('tcp-80', 81)]]);
    const alone = { ...north({ ports: [tcp('', 80)] }), slices: unnamed.slices };
    expect(portsOf(planned(alone, { ...exporter('east', [], { ports: [tcp('', 80)] }), slices: [] }).slices)).toEqual([[tcp('', 8080)]]);
  });

  test.each([
    ['the first is headless: so is the import, and pods of the others are in it', true, 'Headless', 'None'],
    ['the first is not headless: nor is the import', false, 'ClusterSetIP', undefined],
  ])('%s', (_what, headless, type, clusterIP) => {
    const plan = planned(north({ headless }), exporter('east', ['10.42.1.5'], { headless: !headless }));
    expect([plan.import.spec['type'], plan.service.spec['clusterIP'], plan.slices.flatMap(({ endpoints }) => endpoints).length]).toEqual([
      type,
      clusterIP,
      2,
    ]);
  });
});

test('session affinity: the configuration goes with it, and goes where it is None or headless', () => {
  const specOf = (more: Parameters<typeof service>[1]): Readonly<Record<string, unknown>> => {
    const { sessionAffinity, sessionAffinityConfig } = mirror(planImport(input({ exporters: [exporter('east', [], more)] }))).service.spec;
    return { sessionAffinity, sessionAffinityConfig };
  };
  const config = { clientIP: { timeoutSeconds: 60 } };
  expect(specOf({ sessionAffinity: 'ClientIP', sessionAffinitySeconds: 60 })).toEqual({
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: config,
  });
  expect(specOf({ sessionAffinity: 'None', sessionAffinitySeconds: 60 })).toEqual({
    sessionAffinity: 'None',
    sessionAffinityConfig: undefined,
  });
  expect(specOf({ sessionAffinity: 'ClientIP', sessionAffinitySeconds: 60, headless: true })).toEqual({
    sessionAffinity: 'None',
    sessionAffinityConfig: undefined,
  });
  expect(specOf({ sessionAffinity: 'ClientIP', sessionAffinitySeconds: 1e9 })).toEqual({
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: undefined,
  });
});

test('two families: a slice of each, the first family first; what the importer lacks is left out and told', () => {
  const dual: Exporter = {
    service: service('east', { ipFamilies: ['IPv6', 'IPv4'] }),
    slices: [slice('east', ['10.42.1.5']), slice('east', ['fd00:42::5'], { addressType: 'IPv6', uid: 'six' })],
    networks: ['10.42.0.0/16', 'fd00:42::/64'],
    seen: 0,
  };
  const both = mirror(planImport(input({ exporters: [dual], target: { ipFamilies: ['IPv4', 'IPv6'] } })));
  expect([both.service.spec['ipFamilies'], both.service.spec['ipFamilyPolicy'], both.slices.length, both.notes]).toEqual([
    ['IPv6', 'IPv4'],
    'PreferDualStack',
    2,
    [],
  ]);
  const one = mirror(planImport(input({ exporters: [dual] })));
  expect([one.service.spec['ipFamilies'], one.service.spec['ipFamilyPolicy'], one.slices.length, one.notes.length]).toEqual([
    ['IPv4'],
    'SingleStack',
    1,
    1,
  ]);
});

describe('the ServiceImport', () => {
  const planned = (more: Parameters<typeof service>[1], target: Partial<ImportInput['target']> = {}): ReturnType<typeof mirror> =>
    mirror(planImport(input({ exporters: [exporter('east', ['10.42.1.5'], more)], target })));
  const byServiceExport = { exported: true, byServiceExport: true, complaints: [] } as const;

  test('says what the Service of the first exporter is, whatever type that has', () => {
    for (const type of ['ClusterIP', 'NodePort', 'LoadBalancer'] as const) {
      const more = { type, sessionAffinity: 'ClientIP', sessionAffinitySeconds: 60, trafficDistribution: 'PreferClose' } as const;
      const { import: object, ready, exporters } = planned({ ...more, ports: [{ ...tcp('http', 80), appProtocol: 'h2c' }] });
      expect(object.spec).toEqual({
        type: 'ClusterSetIP',
        ports: [{ ...tcp('http', 80), appProtocol: 'h2c' }],
        ipFamilies: ['IPv4'],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
        internalTrafficPolicy: 'Cluster',
        trafficDistribution: 'PreferClose',
      });
      expect([ready, exporters]).toEqual([{ type: 'Ready', status: 'True', reason: 'Ready', message: '' }, ['east']]);
    }
    expect(planned({ headless: true, sessionAffinity: 'ClientIP' }).import.spec).toEqual({
      type: 'Headless',
      ports: [tcp('http', 80)],
      ipFamilies: ['IPv4'],
      internalTrafficPolicy: 'Cluster',
    });
  });

  test('has the labels and annotations that the first exports, as a whole, and the own ones before them', () => {
    const north = exporter('north', ['10.44.1.5'], { exportedLabels: { tier: 'b' }, exportedAnnotations: { note: 'b', more: 'b' } });
    const east = exporter('east', ['10.42.1.5'], {
      exportedLabels: { team: 'a', 'kilofed.io/managed-by': 'x' },
      exportedAnnotations: { note: 'a', 'multicluster.kubernetes.io/derived-service': 'x' },
    });
    const { import: object, service: made } = mirror(planImport(input({ exporters: [east, north] })));
    const { 'kilofed.io/hash': _hash, ...annotations } = object.metadata.annotations ?? {};
    expect(object.metadata.labels).toEqual({ team: 'a', 'kilofed.io/managed-by': 'kilofed-hub' });
    expect(annotations).toEqual({ note: 'a', 'multicluster.kubernetes.io/derived-service': 'web' });
    expect(made.metadata.labels).not.toHaveProperty('team');
  });

  test('internalTrafficPolicy Local: the mirror of a ServiceExport has it, and it is told; that of an annotation goes on serving', () => {
    const annotated = planned({ internalTrafficPolicy: 'Local' });
    expect([annotated.import.spec['internalTrafficPolicy'], annotated.service.spec['internalTrafficPolicy']]).toEqual(['Local', 'Cluster']);
    expect([annotated.ready.message, annotated.notes]).toEqual(['', []]);
    const exported = planned({ internalTrafficPolicy: 'Local', export: byServiceExport });
    expect([exported.import.spec['internalTrafficPolicy'], exported.service.spec['internalTrafficPolicy']]).toEqual(['Local', 'Local']);
    expect(exported.ready).toMatchObject({ status: 'True', message: expect.stringMatching(/^east says internalTrafficPolicy Local/) });
    expect(exported.notes).toEqual([exported.ready.message]);
  });

  test('with none of the IP families there: it says so, and there is no Service', () => {
    const plan = planImport(input({ exporters: [exporter('east', [], { ipFamilies: ['IPv6'] })] }));
    expect(plan).toMatchObject({
      kind: 'refused',
      told: {
        import: { metadata: { name: 'web' }, spec: { type: 'ClusterSetIP', ipFamilies: ['IPv6'], ports: [tcp('http', 80)] } },
        ready: { status: 'False', reason: 'IPFamilyNotSupported', message: 'west has no IPv6' },
        exporters: ['east'],
      },
    });
    expect(plan).not.toHaveProperty('told.import.metadata.annotations.multicluster.kubernetes.io/derived-service');
    const target = { importTaken: true };
    expect(planImport(input({ target, exporters: [exporter('east', [], { ipFamilies: ['IPv6'] })] }))).not.toHaveProperty('told');
  });
});

test.each([
  [undefined, 'none', undefined],
  [undefined, 'foreign', 'web-0'],
  [false, 'foreign', undefined],
  [true, 'none', 'web-0'],
] as const)('host names: the namespace says %s, the own name is of %s: %s', (hostnames, sameNamed, expected) => {
  const slices = [slice('east', [], { endpoints: [{ addresses: ['10.42.1.5'], hostname: 'web-0' }] })];
  const target = { consent: hostnames === undefined ? {} : { hostnames }, sameNamed };
  const plan = mirror(planImport(input({ target, exporters: [{ ...exporter('east', [], { headless: true }), slices }] })));
  expect(plan.slices.flatMap(({ endpoints }) => endpoints.map((each) => each['hostname']))).toEqual([expected]);
  expect(plan.notes).toHaveLength(hostnames === undefined && sameNamed === 'none' ? 1 : 0);
});

test('whose EndpointSlices lag behind its Service counts with the ports that it had, unless it decides', () => {
  const [east, north] = [exporter('east', ['10.42.1.5']), exporter('north', ['10.44.1.5'], { ports: [tcp('rest', 81)] })];
  const behind = { ...north, slices: [slice('north', ['10.44.1.5'], { ports: [tcp('grpc', 8081)] })], portsBefore: [tcp('grpc', 81)] };
  const target = { standing: { exporters: ['east', 'north'] } };
  const plan = mirror(planImport(input({ exporters: [east, behind], target })));
  expect(plan.service.spec.ports).toEqual([tcp('http', 80), tcp('grpc', 81)]);
  expect(plan.slices.find(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === 'north')?.ports).toEqual([tcp('grpc', 8081)]);
  expect(mirror(planImport(input({ exporters: [behind] }))).service.spec.ports).toEqual([tcp('rest', 81)]);
});
describe('the own name', () => {
  const nameOf = (request: object, consent: object = {}, target: object = {}): string => {
    const exporters = [exporter('east', ['10.42.1.5'], { export: { exported: true, complaints: [], ...request } })];
    return mirror(planImport(input({ exporters, target: { consent, ...target } }))).service.metadata.name;
  };

  test.each([
    [{}, {}, /^web$/],
    [{ byServiceExport: true }, {}, DERIVED],
    [{ byServiceExport: true, ownName: true }, {}, /^web$/],
    [{ ownName: false }, {}, DERIVED],
    [{}, { ownNames: false }, DERIVED],
    [{ ownName: true }, { ownNames: false }, DERIVED],
  ])('%j in a namespace that says %j', (request, consent, expected) => {
    expect(nameOf(request, consent)).toMatch(expected);
  });

  test('whoever gives the mirror its shape decides; a newcomer does not', () => {
    const exporters = [
      exporter('east', ['10.42.1.5'], { export: { exported: true, byServiceExport: true, complaints: [] } }),
      exporter('north', ['10.44.1.5']),
    ];
    const plan = planImport(input({ exporters, target: { standing: { exporters: ['east'] }, derived: 'ours' } }));
    expect(mirror(plan).service.metadata.name).toMatch(DERIVED);
    const other = planImport(input({ exporters, target: { standing: { exporters: ['north'] }, sameNamed: 'ours' } }));
    expect(mirror(other).service.metadata.name).toBe('web');
  });

  test.each([
    ['ours', 'none', /^web$/],
    ['none', 'ours', DERIVED],
  ] as const)('while that one is not known, the name stays: own %s, derived %s', (sameNamed, derived, expected) => {
    const standing = { exporters: ['east', 'north'], shape: shapeOf(exporter('east', []).service) };
    const exporters = [exporter('north', ['10.44.1.5'])];
    const plan = planImport(input({ exporters, unknown: ['east'], target: { standing, sameNamed, derived } }));
    expect(mirror(plan).service.metadata.name).toMatch(expected);
  });
});

describe('what the target alone exports', () => {
  const own = (more: Parameters<typeof service>[1], target: Partial<ImportInput['target']> = {}): ImportPlan =>
    planImport(input({ exporters: [exporter('west', ['10.43.1.5'], more)], target: { sameNamed: 'foreign', ...target } }));
  const byServiceExport = { exported: true, byServiceExport: true, complaints: [] } as const;

  test('by the annotation: the ServiceImport names its own Service, with its addresses', () => {
    expect(own({ clusterIPs: ['10.96.0.7'] })).toMatchObject({
      kind: 'own',
      import: {
        metadata: { name: 'web', annotations: { 'multicluster.kubernetes.io/derived-service': 'web' } },
        spec: { type: 'ClusterSetIP', ips: ['10.96.0.7'] },
      },
      ready: { status: 'True' },
    });
    expect(own({ headless: true, clusterIPs: [] })).not.toHaveProperty('import.spec.ips');
  });

  test('also where its namespace imports only from some others', () => {
    expect(own({}, { consent: { imports: ['north'] } })).toMatchObject({ kind: 'own' });
  });

  test('by a ServiceExport: a derived Service with its endpoints', () => {
    const plan = mirror(own({ export: byServiceExport }));
    expect(plan.service.metadata.name).toMatch(DERIVED);
    expect([plan.exporters, plan.slices.flatMap(({ endpoints }) => endpoints.map((each) => each['addresses']))]).toEqual([
      ['west'],
      [['10.43.1.5']],
    ]);
  });

  test('a derived Service that stood when others exported it, too, keeps its address', () => {
    const plan = mirror(own({}, { derived: 'ours' }));
    expect(plan.service.metadata.name).toMatch(DERIVED);
    expect(plan.slices).toHaveLength(1);
  });

  test('others that are refused are told, and it stands all the same', () => {
    const exporters = [exporter('west', ['10.43.1.5']), exporter('east', ['10.42.1.5'])];
    const plan = planImport(input({ exporters, target: { sameNamed: 'foreign', consent: { imports: ['north'] } } }));
    expect(plan).toMatchObject({ kind: 'own', exporters: ['west'], refusals: [{ cluster: 'east', reason: 'ImportDenied' }] });
  });
});
