import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../core/api/resources.js';
import { nodePolicySchema } from '../core/api/nodePolicy.js';
import { exportedServices } from './exportedServices.js';
import { namespaceFacts, serviceExportFacts, serviceFacts, type SliceFacts, sliceFacts } from './exportFacts.js';
import { type ExportsInput, planExports } from './planExports.js';

const NODES = [
  { name: 'a', podCIDRs: ['10.42.1.0/24', 'fd42:1::/64'], internalCIDRs: ['10.0.0.1/32'] },
  { name: 'b', podCIDRs: ['10.42.2.0/24'], internalCIDRs: ['10.0.0.2/32'] },
];
const TCP80: SliceFacts['ports'] = [{ protocol: 'TCP', port: 80 }];

const input = (more: Partial<ExportsInput>): ExportsInput => ({
  mesh: { exportToDefault: 'all' },
  nodes: NODES,
  meshAddresses: new Map(),
  services: [{ key: 'demo/web' }],
  slices: [{ service: 'demo/web', addresses: ['10.42.1.7', '10.42.2.7'], ports: TCP80 }],
  ...more,
});

const planned = (more: Partial<ExportsInput>): unknown => Object.fromEntries(planExports(input(more)).exported);

describe('pods whose addresses nobody says', () => {
  const slices: SliceFacts[] = [
    { service: 'demo/web', addresses: ['10.0.5.7', '10.42.1.7', '10.0.0.1'], ports: TCP80, ofPods: true },
    { service: 'demo/other', addresses: ['10.0.5.8'], ports: TCP80, ofPods: true },
  ];
  const told = (more: Partial<ExportsInput>): string[] =>
    planExports(input({ slices, ...more })).problems.map(({ reason, message }) => `${reason}: ${message.split(': ')[1]}`);

  test('are told, those of exported Services', () => {
    expect(told({})).toEqual(['PodsElsewhere: demo/web at 10.0.5.7']);
  });

  test.each<[string, Partial<ExportsInput>]>([
    ['they are in what the plugin of their node says', { nodes: [...NODES, { name: 'c', podCIDRs: ['10.0.5.7/32'], internalCIDRs: [] }] }],
    ['others come by the ClusterIP', { services: [{ key: 'demo/web', byClusterIP: true }] }],
    ['nobody exports them', { services: [] }],
    ['a person wrote the addresses', { slices: [{ service: 'demo/web', addresses: ['192.0.2.7'], ports: TCP80 }] }],
  ])('are not, where %s', (_, more) => {
    expect(told(more)).toEqual([]);
  });
});

describe('M14: what may be reached on each node', () => {
  const web = { addresses: ['10.42.1.7'], ports: TCP80 };
  const there = { b: [{ addresses: ['10.42.2.7'], ports: TCP80 }] };

  test.each<[string, Partial<ExportsInput>, unknown]>([
    ['an endpoint of each of two nodes', {}, { a: [web], ...there }],
    ['nothing of a Service that is not exported', { services: [] }, {}],
    [
      'by those that the Service names',
      { services: [{ key: 'demo/web', targets: ['west'] }] },
      { a: [{ ...web, members: ['west'] }], b: [{ addresses: ['10.42.2.7'], ports: TCP80, members: ['west'] }] },
    ],
    ['by nobody, where it names nobody that there can be', { services: [{ key: 'demo/web', targets: [] }] }, {}],
    ['by nobody, where the Mesh says none and the Service nothing', { mesh: { exportToDefault: 'none' } }, {}],
    [
      'a server of the node itself, an address of IPv6, two ports',
      {
        slices: [
          { service: 'demo/web', addresses: ['10.0.0.1'], ports: [...TCP80, { protocol: 'UDP', port: 53 }] },
          { service: 'demo/web', addresses: ['fd42:1::7'], ports: TCP80 },
        ],
      },
      {
        a: [
          { addresses: ['fd42:1::7'], ports: TCP80 },
          { addresses: ['10.0.0.1'], ports: [...TCP80, { protocol: 'UDP', port: 53 }] },
        ],
      },
    ],
    [
      'R8: a server of the node itself also at its mesh address, of the same family; a pod only at its own',
      {
        meshAddresses: new Map([['a', ['10.4.0.1', 'fd04::1']]]),
        slices: [{ service: 'demo/web', addresses: ['10.0.0.1', '10.42.1.7'], ports: TCP80 }],
      },
      { a: [{ addresses: ['10.0.0.1', '10.4.0.1', '10.42.1.7'], ports: TCP80 }] },
    ],
    [
      'what is reached by a ClusterIP also on gateways, where it is translated, by those that the Service names',
      {
        gateways: ['b', 'c'],
        services: [{ key: 'demo/web', targets: ['west'], byClusterIP: true }],
        slices: [{ service: 'demo/web', addresses: ['10.42.1.7'], ports: TCP80 }],
      },
      { a: [{ ...web, members: ['west'] }], b: [{ ...web, members: ['west'] }], c: [{ ...web, members: ['west'] }] },
    ],
    ['nothing of others on gateways', { gateways: ['b'] }, { a: [web], ...there }],
    ['nothing at an address of nobody', { slices: [{ service: 'demo/web', addresses: ['10.43.1.7', '8.8.8.8'], ports: TCP80 }] }, {}],
    ['nothing without a port', { slices: [{ service: 'demo/web', addresses: ['10.42.1.7'], ports: [] }] }, {}],
  ])('%s', (_what, more, expected) => {
    expect(planned(more)).toEqual(expected);
  });

  test('in whatever order they come, the plan is the same', () => {
    const slices: SliceFacts[] = [
      { service: 'demo/web', addresses: ['10.42.1.9', '10.42.1.8'], ports: TCP80 },
      { service: 'demo/web', addresses: ['10.42.1.7'], ports: TCP80 },
      { service: 'demo/db', addresses: ['10.42.1.7'], ports: [{ protocol: 'TCP', port: 5432 }] },
    ];
    const services = [{ key: 'demo/web' }, { key: 'demo/db' }];
    expect(planned({ slices, services })).toEqual(planned({ slices: slices.toReversed(), services: services.toReversed() }));
  });

  test('more than a node takes: by name, and the rest is named', () => {
    const slice = (service: string, count: number): SliceFacts => ({
      service,
      addresses: Array.from({ length: count }, (_, index) => `10.42.1.${index + 1}`),
      ports: TCP80,
    });
    const plan = planExports(
      input({
        services: [{ key: 'demo/c' }, { key: 'demo/b' }, { key: 'demo/a' }],
        slices: [slice('demo/a', 3), slice('demo/b', 3), slice('demo/c', 1)],
      }),
      { endpoints: 5, size: 10_000 },
    );
    expect(plan.exported.get('a')?.map(({ addresses }) => addresses.length)).toEqual([3, 1]);
    expect(plan.problems).toMatchObject([{ reason: 'TooManyExportedEndpoints' }]);
    expect(plan.problems[0]?.message).toContain('those of demo/b there');
  });
});

describe('M14: what a tenant may write of a Service keeps no NodePolicy from being stored', () => {
  const other = { key: 'other/web' };
  const otherSlice: SliceFacts = { service: other.key, addresses: ['10.42.1.8'], ports: TCP80 };
  const port = (number: number): SliceFacts['ports'][number] => ({ protocol: 'TCP', port: number });
  const specOf = (more: Partial<ExportsInput>) =>
    planExports(
      input({ ...more, services: [...(more.services ?? [{ key: 'demo/web' }]), other], slices: [...(more.slices ?? []), otherSlice] }),
    );
  const stored = (exported: readonly unknown[] | undefined): boolean => {
    const policy = { apiVersion: 'kilofed.io/v1alpha1', kind: 'NodePolicy', metadata: { name: 'a' }, spec: { exported } };
    return nodePolicySchema.safeParse(policy).success && JSON.stringify(policy).length < 1_200_000;
  };

  test('more ports than an entry takes', () => {
    const ports = Array.from({ length: 250 }, (_, index) => port(index + 1));
    const entries = specOf({ slices: [{ service: 'demo/web', addresses: ['10.42.1.7'], ports }] }).exported.get('a');
    expect(entries?.map((entry) => entry.ports.length)).toEqual([100, 100, 50, 1]);
    expect(stored(entries)).toBe(true);
  });

  test('many members named by many slices', () => {
    const targets = Array.from({ length: 250 }, (_, index) => `${index}`.padStart(63, 'x'));
    const slices = Array.from({ length: 500 }, (_, index) => ({ service: 'demo/web', addresses: ['10.42.1.7'], ports: [port(index + 1)] }));
    const plan = specOf({ services: [{ key: 'demo/web', targets }], slices });
    expect(plan.exported.get('a')).toEqual([{ addresses: ['10.42.1.8'], ports: TCP80 }]);
    expect(plan.problems).toMatchObject([
      { reason: 'TooManyExportedEndpoints', message: expect.stringContaining('those of demo/web there') },
    ]);
    expect(stored(plan.exported.get('a'))).toBe(true);
  });

  test('numbers that are no ports, which API servers take in slices', () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'demo', labels: { 'kubernetes.io/service-name': 'web' } },
      endpoints: [{ addresses: ['10.42.1.7'] }],
      ports: [{ port: 0 }, { port: -1 }, { port: 65_536 }, { port: 80 }],
    } as KubeObject;
    expect(sliceFacts(slice)).toMatchObject({ ports: TCP80 });
  });
});

describe('M14: what counts as exported', () => {
  const service = (annotations: Record<string, string>, more: object = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'demo', annotations },
    ...more,
  });

  /** The Service of the name `web`, as all that asks makes it. */
  function exported(asks: {
    readonly service?: KubeObject;
    readonly serviceExport?: Record<string, string>;
    readonly byHub?: true;
    readonly namespace?: Record<string, string>;
  }): unknown[] {
    const facts = serviceFacts(asks.service ?? service({}, { metadata: { name: 'web', namespace: 'demo', labels: { app: 'web' } } }));
    const labels = asks.byHub === true ? { 'kilofed.io/managed-by': 'kilofed-hub' } : {};
    const metadata = {
      name: 'web',
      namespace: 'demo',
      labels,
      annotations: { ...asks.serviceExport, ...(asks.byHub && { 'kilofed.io/hash': '0' }) },
    };
    const said =
      asks.serviceExport === undefined
        ? undefined
        : serviceExportFacts({ apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata });
    const ofNamespace = namespaceFacts({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'demo', annotations: asks.namespace ?? {} },
    });
    return exportedServices({
      services: facts === undefined ? [] : [facts],
      serviceExports: new Map(said === undefined ? [] : [['demo/web', said]]),
      namespaces: new Map(ofNamespace === undefined ? [] : [['demo', ofNamespace]]),
    });
  }

  test.each<[string, KubeObject, unknown]>([
    ['to all', service({ 'kilofed.io/export': 'true' }), { key: 'demo/web' }],
    [
      'to some',
      service({ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west, east' }),
      { key: 'demo/web', targets: ['east', 'west'] },
    ],
    [
      'to a name that can be nobody',
      service({ 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'West!' }),
      { key: 'demo/web', targets: [] },
    ],
    ['no annotation', service({}), undefined],
    ['a value that is not understood', service({ 'kilofed.io/export': 'yes' }), undefined],
    ['an ExternalName', service({ 'kilofed.io/export': 'true' }, { spec: { type: 'ExternalName' } }), undefined],
    [
      'what the hub mirrored from another member, whatever it says',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'web',
          namespace: 'demo',
          annotations: { 'kilofed.io/export': 'true', 'kilofed.io/hash': '0' },
          labels: { 'kilofed.io/managed-by': 'kilofed-hub' },
        },
      },
      undefined,
    ],
  ])('a Service: %s', (_what, object, expected) => {
    expect(exported({ service: object })[0]).toEqual(expected);
  });

  test.each<[string, Parameters<typeof exported>[0], unknown]>([
    ['a ServiceExport that a person made', { serviceExport: { 'kilofed.io/export-to': 'west' } }, [{ key: 'demo/web', targets: ['west'] }]],
    ['one of the hub', { serviceExport: {}, byHub: true }, []],
    [
      'its namespace',
      { namespace: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west' } },
      [{ key: 'demo/web', targets: ['west'] }],
    ],
    ['a selector that finds it', { namespace: { 'kilofed.io/export-selector': 'app in (web)' } }, [{ key: 'demo/web' }]],
    ['a selector that does not', { namespace: { 'kilofed.io/export-selector': 'app=db' } }, []],
    ['a selector that is none', { namespace: { 'kilofed.io/export-selector': 'app>1' } }, []],
    [
      'its namespace, and it does not want it',
      { service: service({ 'kilofed.io/export': 'false' }), namespace: { 'kilofed.io/export': 'true' } },
      [],
    ],
  ])('M14: exported by %s', (_what, asks, expected) => {
    expect(exported(asks)).toEqual(expected);
  });

  test('a slice: its addresses, ready or not, and its ports that have a number', () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'demo', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.42.1.7'], conditions: { ready: false } }, { addresses: ['fd42:1:0:0::7', 'nobody'] }],
      ports: [{ port: 80 }, { protocol: 'UDP', port: 53 }, { protocol: 'TCP' }],
    } as KubeObject;
    expect(sliceFacts(slice)).toEqual({
      service: 'demo/web',
      addresses: ['10.42.1.7', 'fd42:1::7'],
      ports: [...TCP80, { protocol: 'UDP', port: 53 }],
      addressType: 'IPv4',
      ready: 1,
    });
    expect(sliceFacts({ ...slice, metadata: { name: 'web-1' } })).toBeUndefined();
    expect(sliceFacts({ ...slice, endpoints: null, ports: null } as KubeObject)).toMatchObject({ addresses: [], ports: [] });
  });
});
