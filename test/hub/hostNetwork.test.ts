/**
 * Exported Services whose pods are on the hosts' network.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { FakeCluster } from './fakeCluster.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

let world: FakeFederation;

interface Node {
  readonly name: string;
  readonly n: number;
  readonly internalIP: string;
  readonly meshAddress: string;
  readonly slot?: number;
}

/** The addresses of the report, in private ranges but for the last. */
const NODES: readonly Node[] = [
  { name: 'a', n: 11, internalIP: '192.168.1.11/24', meshAddress: '10.4.1.11', slot: 0 },
  { name: 'b', n: 12, internalIP: '192.168.1.12/24', meshAddress: '10.4.1.12', slot: 1 },
  { name: 'c', n: 13, internalIP: '192.168.1.13/24', meshAddress: '10.4.1.13' },
  { name: 'd', n: 14, internalIP: '198.51.100.13/24', meshAddress: '10.4.1.14' },
];

function putNode(cluster: FakeCluster, { name, n, internalIP, meshAddress, slot }: Node): void {
  cluster.put({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name },
    spec: {
      publicKey: Buffer.alloc(32, n).toString('base64'),
      endpoints: [{ host: `192.0.2.${n}`, port: 51820 }],
      internalIPs: [internalIP],
      podCIDRs: [`10.1.${n}.0/24`],
      location: '',
    },
    status: { meshAddresses: [meshAddress], ...(slot !== undefined && { slot }) },
  });
}

/** Endpoints of `demo/web` in the west, sorted. */
function mirrored(): readonly string[] {
  return [...world.cluster('west').objects.values()]
    .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['multicluster.kubernetes.io/service-name'] === 'web')
    .flatMap((slice) => (slice as KubeObject & { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }).endpoints)
    .flatMap(({ addresses }) => addresses)
    .toSorted();
}

const problems = (): readonly string[] =>
  world
    .hub()
    .status()
    // Nobody reports on tunnels here.
    .problems.filter(({ reason }) => reason !== 'LinkUnknown')
    .map(({ cluster, reason, message }) => `${cluster} ${reason}: ${message}`);

beforeEach(() => {
  world = createFakeFederation(['east', 'west']);
  world.cluster('east').drop(RESOURCE.meshNode, 'n1');
  for (const node of NODES) putNode(world.cluster('east'), node);
  world.start();
});

afterEach(async () => {
  await world.end();
});

test('R8, I8: all nodes are reached: by their own addresses where those are routed, else by their mesh addresses', async () => {
  exportService(world.cluster('east'), 'web', { addresses: ['192.168.1.11', '192.168.1.12', '192.168.1.13', '198.51.100.13'] });
  await world.clock.advance(2_000);
  expect(mirrored()).toEqual(['10.4.1.11', '10.4.1.12', '10.4.1.14', '192.168.1.13']);
  expect(problems()).toEqual([]);
});

test('R8: when another node becomes a gateway, its endpoint moves within a second', async () => {
  exportService(world.cluster('east'), 'web', { addresses: ['192.168.1.12', '192.168.1.13'] });
  await world.clock.advance(2_000);
  expect(mirrored()).toEqual(['10.4.1.12', '192.168.1.13']);
  const [, b, c] = NODES as [Node, Node, Node];
  const { slot, ...former } = b;
  putNode(world.cluster('east'), former);
  putNode(world.cluster('east'), { ...c, slot: slot ?? 1 });
  await world.clock.advance(1_000);
  expect(mirrored()).toEqual(['10.4.1.13', '192.168.1.12']);
  putNode(world.cluster('east'), { ...c, slot: 1, meshAddress: '10.4.1.99' });
  await world.clock.advance(1_000);
  expect(mirrored()).toEqual(['10.4.1.99', '192.168.1.12']);
});

test('R8: an exporter cannot name mesh addresses, its own or others, nor addresses of nobody; it is told the true reason', async () => {
  exportService(world.cluster('east'), 'web', { addresses: ['10.4.1.11', '10.4.2.1', '192.168.1.99', '192.168.1.11'] });
  await world.clock.advance(2_000);
  expect(mirrored()).toEqual(['10.4.1.11']);
  expect(problems()).toEqual([
    "west Partial: 3 address(es) of east are neither its pods' nor routed ones of its nodes, so they are not mirrored",
  ]);
});

test('R8: an address that two nodes in different networks have is mirrored as neither', async () => {
  putNode(world.cluster('east'), { name: 'e', n: 15, internalIP: '198.51.100.13/24', meshAddress: '10.4.1.15' });
  exportService(world.cluster('east'), 'web', { addresses: ['198.51.100.13', '192.168.1.11'] });
  await world.clock.advance(2_000);
  expect(mirrored()).toEqual(['10.4.1.11']);
});
