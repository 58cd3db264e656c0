/**
 * The whole hub with a member that lies about its network: what it says takes nothing from others.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import * as fc from 'fast-check';
import { lyingMesh, lyingMeshNode, spoilt } from '../fakes/lies.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

interface PeerObject extends KubeObject {
  readonly spec: {
    readonly publicKey: string;
    readonly allowedIPs: readonly string[];
    readonly endpoint?: { readonly dnsOrIP: { readonly ip?: string } };
  };
}

/** Names on both sides of the honest members', since names decide where nothing else does. */
const LIARS = ['anna', 'zoe'] as const;

let world: FakeFederation;

/** `victim` has pods in 10.1.0.0/24, `west` in 10.2.0.0/24, the liar in 10.3.0.0/24. */
function federation(liar: string): void {
  world = createFakeFederation(['victim', 'west', liar]);
}

async function started(liar: string): Promise<void> {
  federation(liar);
  world.start();
  await world.clock.advance(1_000);
}

function lie(liar: string, node: { readonly spec?: object; readonly status?: object }): void {
  const before = world.cluster(liar).objects.get('meshnodes/n3') as KubeObject & { spec: object; status: object };
  world.cluster(liar).put({ ...before, spec: { ...before.spec, ...node.spec }, status: { ...before.status, ...node.status } });
}

const peersOf = (source: string, target = 'west'): readonly PeerObject['spec'][] =>
  [...world.cluster(target).objects.values()].flatMap((object) =>
    object.kind === 'Peer' && object.metadata.labels?.['kilofed.io/cluster'] === source ? [(object as PeerObject).spec] : [],
  );
const prefixesOf = (source: string, target = 'west'): readonly string[] => peersOf(source, target).flatMap(({ allowedIPs }) => allowedIPs);
const reasonsOf = (id: string): readonly string[] =>
  world
    .hub()
    .status()
    .problems.flatMap(({ cluster, reason }) => (cluster === id ? [reason] : []));
const mirrored = (target = 'west'): readonly string[] =>
  [...world.cluster(target).objects.values()].flatMap((object) =>
    object.kind === 'EndpointSlice' && object.metadata.labels?.['kilofed.io/managed-by'] !== undefined
      ? (object as KubeObject & { endpoints: { addresses: string[] }[] }).endpoints.flatMap(({ addresses }) => addresses)
      : [],
  );

afterEach(() => world.end());

describe.each(LIARS)('%s', (liar) => {
  test('C1: routes nothing of the Internet, nor of a network of the target', async () => {
    await started(liar);
    const honest = peersOf('victim');
    lie(liar, { spec: { podCIDRs: ['10.3.0.0/24', '8.8.8.8/32', '10.77.2.7/32', '32.0.0.0/3', '128.0.0.0/3'] } });
    await world.clock.advance(1_000);
    expect(prefixesOf(liar)).toEqual(['10.3.0.0/24', '10.4.3.1/32']);
    // It is in a network of west, and of nobody else.
    expect(prefixesOf(liar, 'victim')).toEqual(['10.3.0.0/24', '10.4.3.1/32', '10.77.2.7/32']);
    expect(peersOf('victim')).toEqual(honest);
    expect(reasonsOf(liar)).toEqual(expect.arrayContaining(['NotAllowed', 'LocalNetwork']));
  });

  test("C2: mesh addresses among another member's pods are nobody's, and no endpoints", async () => {
    await started(liar);
    lie(liar, { status: { meshAddresses: ['10.1.0.7', '10.4.3.1'] } });
    exportService(world.cluster(liar), 'web', { addresses: ['10.1.0.7', '10.2.0.9', '10.4.3.1', '10.102.0.10', '10.3.0.5'] });
    await world.clock.advance(1_000);
    expect(prefixesOf(liar)).toEqual(['10.3.0.0/24', '10.4.3.1/32']);
    expect(mirrored()).toEqual(['10.3.0.5']);
    expect(reasonsOf(liar)).toContain('NotAllowed');
  });

  test("C2: the range of mesh addresses around another member's pods severs the liar alone", async () => {
    await started(liar);
    const mesh = world.cluster(liar).objects.get('meshes/default') as KubeObject & { spec: object };
    world.cluster(liar).put({ ...mesh, spec: { ...mesh.spec, wireguardCIDRs: ['10.1.0.0/24'] } });
    lie(liar, { status: { meshAddresses: ['10.1.0.7'] } });
    await world.clock.advance(1_000);
    expect([prefixesOf('victim'), prefixesOf(liar)]).toEqual([['10.1.0.0/24', '10.4.1.1/32'], ['10.3.0.0/24']]);
    expect([peersOf(liar, 'victim'), peersOf('victim', liar)]).toEqual([[], []]);
    expect(reasonsOf(liar)).toContain('PrefixTaken');
  });

  test.each([
    ["another member's pods", '10.1.0.7'],
    ["the target's pods", '10.2.0.7'],
    ["the target's Services", '10.102.0.10'],
    ['loopback', '127.0.0.1'],
  ])('H1: an endpoint among %s is dialled by nobody', async (_name, host) => {
    await started(liar);
    lie(liar, { spec: { endpoints: [{ host, port: 51820 }] } });
    await world.clock.advance(1_000);
    expect(peersOf(liar).map(({ endpoint }) => endpoint)).toEqual([undefined]);
    expect(reasonsOf(liar)).toContain('EndpointRefused');
  });

  test("H1: pods around another member's endpoint do not swallow its tunnel", async () => {
    federation(liar);
    const node = world.cluster('victim').objects.get('meshnodes/n1') as KubeObject & { spec: object };
    world.cluster('victim').put({ ...node, spec: { ...node.spec, endpoints: [{ host: '10.99.0.7', port: 51820 }] } });
    world.start();
    await world.clock.advance(1_000);
    lie(liar, { spec: { podCIDRs: ['10.3.0.0/24', '10.99.0.0/24'] } });
    await world.clock.advance(1_000);
    expect(peersOf('victim').map(({ endpoint }) => endpoint?.dnsOrIP.ip)).toEqual(['10.99.0.7']);
    expect(prefixesOf(liar)).toEqual(['10.3.0.0/24', '10.4.3.1/32']);
    expect(reasonsOf(liar)).toContain('PrefixTaken');
  });

  test("H2: another member's key takes away nothing", async () => {
    await started(liar);
    const honest = peersOf('victim');
    lie(liar, { spec: { publicKey: honest[0]?.publicKey } });
    await world.clock.advance(1_000);
    expect(peersOf('victim')).toEqual(honest);
    expect(peersOf(liar)).toEqual([]);
    expect(reasonsOf(liar)).toContain('DuplicateKey');
    // Nor after the hub has forgotten everything.
    await world.end();
    world.start();
    await world.clock.advance(1_000);
    expect(peersOf('victim')).toEqual(honest);
  });

  test("H2: nor a laptop's", async () => {
    federation(liar);
    const laptop = Buffer.alloc(32, 77).toString('base64');
    world.cluster('west').put({
      apiVersion: 'kilo.squat.ai/v1alpha1',
      kind: 'Peer',
      metadata: { name: 'laptop' },
      spec: { publicKey: laptop, allowedIPs: ['10.5.0.2/32'] },
    });
    lie(liar, { spec: { publicKey: laptop, podCIDRs: ['10.3.0.0/24', '10.5.0.0/24'] } });
    world.start();
    await world.clock.advance(1_000);
    expect(peersOf(liar)).toEqual([]);
    expect(prefixesOf(liar, 'victim')).toContain('10.5.0.0/24');
    expect(reasonsOf(liar)).toEqual(expect.arrayContaining(['DuplicateKey', 'LocalNetwork']));
    world.cluster('west').drop(RESOURCE.peer, 'laptop');
    await world.clock.advance(1_000);
    expect(prefixesOf(liar)).toContain('10.5.0.0/24');
  });

  test("M3: a range that is declared for another member is that member's before any node has it", async () => {
    federation(liar);
    world.terms = { victim: { allowedCIDRs: ['10.1.0.0/16', '10.4.1.0/24', '10.77.1.0/24', '10.101.0.0/16'] } };
    lie(liar, { spec: { podCIDRs: ['10.3.0.0/24', '10.1.9.0/24'] } });
    world.start();
    await world.clock.advance(1_000);
    expect(prefixesOf(liar)).toEqual(['10.3.0.0/24', '10.4.3.1/32']);
    expect(reasonsOf(liar)).toContain('NotAllowed');
    const node = world.cluster('victim').objects.get('meshnodes/n1') as KubeObject & { spec: object };
    world.cluster('victim').put({ ...node, spec: { ...node.spec, podCIDRs: ['10.1.0.0/24', '10.1.9.0/24'] } });
    await world.clock.advance(1_000);
    expect(prefixesOf('victim')).toEqual(['10.1.0.0/24', '10.1.9.0/24', '10.4.1.1/32']);
  });

  test('M3, M5: endpoints of others take nothing of a declared range, though they stood before a node had it', async () => {
    federation(liar);
    world.terms = { victim: { allowedCIDRs: ['10.1.0.0/16', '10.4.1.0/24', '10.77.1.0/24', '10.101.0.0/16'] } };
    const endpointsOf = (host: string): void => lie(liar, { spec: { endpoints: [{ host, port: 51820 }] } });
    const ends = (): unknown[] => peersOf(liar).map(({ endpoint }) => endpoint?.dnsOrIP.ip);
    const node = world.cluster('victim').objects.get('meshnodes/n1') as KubeObject & { spec: object };
    endpointsOf('10.1.9.7');
    world.start();
    await world.clock.advance(1_000);
    expect(ends()).toEqual(['10.1.9.7']);
    world.cluster('victim').put({ ...node, spec: { ...node.spec, podCIDRs: ['10.1.0.0/24', '10.1.9.0/24'] } });
    await world.clock.advance(1_000);
    expect([prefixesOf('victim'), ends()]).toEqual([['10.1.0.0/24', '10.1.9.0/24', '10.4.1.1/32'], [undefined]]);
    endpointsOf('10.77.1.9');
    await world.clock.advance(1_000);
    expect(ends()).toEqual(['10.77.1.9']);
    world.cluster('victim').put({
      ...node,
      metadata: { name: 'n9' },
      spec: { publicKey: Buffer.alloc(32, 9).toString('base64'), endpoints: [], internalIPs: ['10.77.1.9/24'], podCIDRs: [], location: '' },
      status: { meshAddresses: ['10.4.1.9'] },
    });
    await world.clock.advance(1_000);
    expect([prefixesOf('victim').includes('10.77.1.9/32'), ends()]).toEqual([true, [undefined]]);
  });

  test("M5: another member's node addresses stay with it", async () => {
    federation(liar);
    world.cluster('victim').put({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'MeshNode',
      metadata: { name: 'n9' },
      spec: {
        publicKey: Buffer.alloc(32, 9).toString('base64'),
        endpoints: [],
        internalIPs: ['10.77.1.9/24'],
        podCIDRs: ['10.1.9.0/24'],
        location: '',
      },
      status: { meshAddresses: ['10.4.1.9'] },
    });
    exportService(world.cluster('victim'), 'ingress', { addresses: ['10.77.1.9'] });
    world.start();
    await world.clock.advance(1_000);
    expect([prefixesOf('victim').includes('10.77.1.9/32'), mirrored()]).toEqual([true, ['10.77.1.9']]);
    world.cluster(liar).put({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'MeshNode',
      metadata: { name: 'n8' },
      spec: {
        publicKey: Buffer.alloc(32, 8).toString('base64'),
        endpoints: [],
        internalIPs: ['10.77.1.9/24'],
        podCIDRs: ['10.3.8.0/24'],
        location: '',
      },
      status: { meshAddresses: ['10.4.3.8'] },
    });
    await world.clock.advance(1_000);
    expect(prefixesOf(liar)).toContain('10.3.8.0/24');
    expect([prefixesOf('victim').includes('10.77.1.9/32'), prefixesOf(liar).includes('10.77.1.9/32')]).toEqual([true, false]);
    expect(mirrored()).toEqual(['10.77.1.9']);
  });

  test('a member that cannot be read after a restart keeps what stands of it', async () => {
    await started(liar);
    const honest = peersOf('victim');
    await world.end();
    world.cluster('victim').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    lie(liar, { spec: { podCIDRs: ['10.3.0.0/24', '10.1.0.0/24'], publicKey: honest[0]?.publicKey } });
    world.start();
    await world.clock.advance(30_000);
    expect(peersOf('victim')).toEqual(honest);
    expect(peersOf(liar)).toEqual([]);
    lie(liar, { spec: { publicKey: Buffer.alloc(32, 3).toString('base64') } });
    await world.clock.advance(1_000);
    expect(prefixesOf(liar)).toEqual(['10.3.0.0/24', '10.4.3.1/32']);
  });
});

test("H2: the key of a node that is no gateway now is its member's, too", async () => {
  await started('zoe');
  const key = Buffer.alloc(32, 9).toString('base64');
  const second = (slot?: number): void =>
    world.cluster('victim').put({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'MeshNode',
      metadata: { name: 'n9' },
      spec: { publicKey: key, endpoints: [], internalIPs: ['10.77.1.9/24'], podCIDRs: [], location: '' },
      status: { meshAddresses: ['10.4.1.9'], ...(slot !== undefined && { slot }) },
    });
  const keysOf = (id: string): string[] => peersOf(id).map(({ publicKey }) => publicKey);
  second(1);
  await world.clock.advance(1_000);
  expect(keysOf('victim')).toContain(key);
  second();
  await world.clock.advance(1_000);
  expect(keysOf('victim')).not.toContain(key);
  lie('zoe', { spec: { publicKey: key } });
  await world.clock.advance(1_000);
  second(1);
  await world.clock.advance(1_000);
  expect([keysOf('victim').includes(key), keysOf('zoe')]).toEqual([true, []]);
});

test('terms are followed without a restart and without another connection', async () => {
  await started('zoe');
  lie('zoe', { spec: { podCIDRs: ['10.3.0.0/24', '203.0.113.0/24'] } });
  await world.clock.advance(1_000);
  expect(prefixesOf('zoe')).not.toContain('203.0.113.0/24');
  const lists = world.cluster('zoe').lists(RESOURCE.meshNode);
  world.terms = { zoe: { allowedCIDRs: ['203.0.113.0/24', '10.4.3.0/24', '10.77.3.0/24', '10.103.0.0/16'] } };
  world.reread();
  await world.clock.advance(1_000);
  expect(prefixesOf('zoe')).toEqual(['10.4.3.1/32', '203.0.113.0/24']);
  expect(
    [...world.cluster('west').objects.values()].find(({ metadata }) => metadata.name.startsWith('zoe-'))?.metadata.annotations?.[
      'kilofed.io/allowed-cidrs'
    ],
  ).toBe('10.4.3.0/24,10.77.3.0/24,10.103.0.0/16,203.0.113.0/24');
  world.terms = {};
  world.reread();
  await world.clock.advance(1_000);
  expect(prefixesOf('zoe')).toEqual(['10.3.0.0/24', '10.4.3.1/32']);
  expect(world.cluster('zoe').lists(RESOURCE.meshNode)).toBe(lists);
});

test('H8.1: 2,000 MeshNodes are registered once, and take nothing from others', async () => {
  federation('zoe');
  for (let index = 0; index < 2_000; index += 1)
    world.cluster('zoe').put({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'MeshNode',
      metadata: { name: `m${index}` },
      spec: {
        publicKey: Buffer.from(`key of node ${String(index).padStart(20, '0')}`).toString('base64'),
        endpoints: [{ host: '192.0.2.3', port: 51820 }],
        internalIPs: [`10.78.${index >> 8}.${index & 255}/20`],
        podCIDRs: [`10.${120 + (index >> 8)}.${index & 255}.0/24`],
        location: `l${index % 10}`,
      },
      status: { meshAddresses: [], ...(index < 10 && { slot: 0 }) },
    });
  world.start();
  await world.clock.advance(2_000);
  // Its first node, n3, comes behind them.
  expect(peersOf('zoe')).toHaveLength(10);
  expect(prefixesOf('zoe').length).toBeGreaterThanOrEqual(2_000);
  expect(reasonsOf('zoe')).toEqual(['TooManyMeshNodes']);
  expect(prefixesOf('victim')).toEqual(['10.1.0.0/24', '10.4.1.1/32']);
});

test.each(LIARS)('%s: whatever it says, in any order, what honest members have of each other stays byte for byte', async (liar) => {
  await started(liar);
  const ours = (): string =>
    JSON.stringify(
      ['victim', 'west'].flatMap((id) =>
        [...world.cluster(id).objects.values()]
          .filter(({ metadata }) => ['victim', 'west'].includes(metadata.labels?.['kilofed.io/cluster'] ?? ''))
          .map((object) => [id, object]),
      ),
    );
  exportService(world.cluster('victim'), 'web', { addresses: ['10.1.0.5'] });
  await world.clock.advance(1_000);
  const before = ours();
  expect(before).toContain('EndpointSlice');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(spoilt(lyingMesh), spoilt(lyingMeshNode)), { minLength: 1, maxLength: 6 }), async (said) => {
      for (const object of said) {
        const named = object as KubeObject & { metadata: { name?: unknown } };
        const isStorable = ['Mesh', 'MeshNode'].includes(named.kind) && typeof named.metadata.name === 'string';
        if (isStorable) world.cluster(liar).put(JSON.parse(JSON.stringify(named, plain)) as KubeObject & Record<string, unknown>);
      }
      await world.clock.advance(500);
      expect(ours()).toBe(before);
      expect(() => JSON.stringify(world.hub().status())).not.toThrow();
    }),
    { numRuns: 200 },
  );
});

/** What JSON cannot hold, as text. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
