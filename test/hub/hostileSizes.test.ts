/**
 * A hostile member that shows very many, or very large, objects: the hub leaves out what is beyond its bounds and says so, and
 * the honest members are served meanwhile. (flood.test.ts has the same in real time, with the turns of the event loop.)
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';
import { createHostileCluster, type HostileCluster } from './hostile/hostileCluster.js';
import { endpointsFrom } from './hostile/story.js';

let world: FakeFederation;
let hostile: HostileCluster;

beforeEach(async () => {
  world = createFakeFederation(['alfa', 'bravo', 'evil'], { clientOf: (id, { client }) => (id === 'evil' ? hostile.client : client) });
  hostile = createHostileCluster(world.cluster('evil'));
  world.declared = ['alfa', 'bravo'];
  exportService(world.cluster('alfa'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(1_000);
});

afterEach(() => world.end());

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const named = (index: number): string => `e${String(index).padStart(6, '0')}`;

const service = (name: string, ports: number, note = ''): object => ({
  metadata: { name, namespace: 'demo', uid: `u-${name}`, annotations: { 'kilofed.io/export': 'true', note } },
  spec: {
    type: 'ClusterIP',
    clusterIP: '10.103.0.9',
    ipFamilies: ['IPv4'],
    ports: range(ports).map((index) => ({ name: `p${index}`, port: index + 1, protocol: 'TCP' })),
  },
});
const slice = (name: string, endpoints: number): object => ({
  metadata: { name: `${name}-1`, namespace: 'demo', uid: `s-${name}`, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: 'p0', port: 80, protocol: 'TCP' }],
  endpoints: range(endpoints).map((index) => ({ addresses: [`10.3.0.${index % 250}`], conditions: { ready: true } })),
});
const meshNode = (index: number): object => ({
  metadata: { name: named(index) },
  spec: {
    publicKey: Buffer.alloc(32, named(index)).toString('base64'),
    endpoints: [{ host: `192.0.2.${index % 250}`, port: 51820 }],
    internalIPs: [`10.78.${index >> 8}.${index & 255}/16`],
    podCIDRs: [`10.${128 + (index >> 8)}.${index & 255}.0/24`],
    location: named(index),
  },
  status: { meshAddresses: [`10.4.3.${index & 255}`], slot: 0 },
});

test.each<[what: string, lies: readonly [plural: string, items: readonly object[]][]]>([
  [
    '5,000 Services with a slice each',
    [
      ['services', range(5_000).map((n) => service(named(n), 1))],
      ['endpointslices', range(5_000).map((n) => slice(named(n), 2))],
    ],
  ],
  ['20,000 Services', [['services', range(20_000).map((n) => service(named(n), 1))]]],
  ['a Service with 20,000 ports', [['services', [service('web', 20_000), service('e1', 20_000)]]]],
  [
    'a slice with 100,000 endpoints',
    [
      ['services', [service('web', 1)]],
      ['endpointslices', [slice('web', 100_000)]],
    ],
  ],
  [
    '2,000 slices of one Service',
    [
      ['services', [service('e1', 1)]],
      [
        'endpointslices',
        range(2_000).map((n) => ({
          ...slice('e1', 10),
          metadata: { ...(slice('e1', 1) as { metadata: object }).metadata, name: named(n), uid: named(n) },
        })),
      ],
    ],
  ],
  ['annotations of a megabyte', [['services', range(20).map((n) => service(named(n), 1, 'x'.repeat(2 ** 20)))]]],
  ['2,000 MeshNodes', [['meshnodes', range(2_000).map(meshNode)]]],
  ['10,000 MeshNodes', [['meshnodes', range(10_000).map(meshNode)]]],
  ['20,000 namespaces', [['namespaces', range(20_000).map((n) => ({ metadata: { name: named(n) } }))]]],
  [
    '20,000 Peers of others',
    [['peers', range(20_000).map((n) => ({ metadata: { name: named(n) }, spec: { publicKey: 'x', allowedIPs: ['10.9.0.0/16'] } }))]],
  ],
])(
  '%s hold up nobody',
  async (_what, lies) => {
    for (const [plural, items] of lies) for (const item of items) hostile.show(plural, item);
    world.declared = ['alfa', 'bravo', 'evil'];
    world.reread();
    await world.clock.advance(500);
    exportService(world.cluster('alfa'), 'web', { addresses: ['10.1.0.77'] });
    await world.clock.advance(2_000);
    expect(endpointsFrom('alfa', world.cluster('bravo'))).toContain('10.1.0.77');
    expect(world.errors).toEqual([]);
    expect(JSON.stringify(world.hub().status()).length).toBeGreaterThan(0);
  },
  600_000,
);
