/**
 * What a hub does to real API servers, whichever queue it works from. The tests build on one another, in order.
 */
import { expect, test } from '@jest/globals';
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { sleep, until } from '../lab/process.js';
import { type Cluster, ownObjects } from './cluster.js';
import { type Directory, startHub, type TestHub } from './federation.js';
import { bareMirror, measureChanges } from './propagation.js';

export interface HubWorld {
  readonly east: Cluster;
  readonly west: Cluster;
  readonly north: Cluster;
  readonly directory: Directory;
  readonly redisUrl?: string;
}

interface Peer extends KubeObject {
  readonly spec: {
    readonly publicKey: string;
    readonly allowedIPs: readonly string[];
    readonly endpoint?: { readonly dnsOrIP: { readonly ip?: string; readonly dns?: string }; readonly port: number };
  };
}

interface Slice extends KubeObject {
  readonly endpoints: readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[] | null;
  readonly ports: readonly { readonly port: number }[] | null;
}

interface Service extends KubeObject {
  readonly spec: { readonly ports: readonly { readonly port: number }[]; readonly selector?: unknown };
}

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const CHANGES = 60;
const WAIT_MS = 10_000;
const OWN = 'kilofed.io/managed-by=kilofed-hub';

export const key = (n: number): string => Buffer.alloc(32, n).toString('base64');

/** Declares the tests. `world` is there while they run. */
export function hubTests(world: () => HubWorld): void {
  let hub: TestHub;

  const peersIn = async (cluster: Cluster, source: string): Promise<readonly Peer[]> => cluster.list<Peer>(RESOURCE.peer, `${OWN},kilofed.io/cluster=${source}`);
  const names = async (cluster: Cluster, source: string): Promise<string[]> => (await peersIn(cluster, source)).map((peer) => peer.metadata.name).toSorted();
  const addresses = async (cluster: Cluster, service: string): Promise<string[]> =>
    (await cluster.list<Slice>(RESOURCE.endpointSlice, `${OWN},multicluster.kubernetes.io/service-name=${service}`))
      .flatMap((slice) => slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses).toSorted();
  const becomes = <T>(what: string, expected: T, probe: () => Promise<T> | T): Promise<unknown> => {
    let last: T;
    return until(what, WAIT_MS, async () => {
      last = await probe();
      expect(last).toEqual(expected);
      return true;
    });
  };

  test('registers every member\'s gateways in every other', async () => {
    const { east, west, north, directory, redisUrl } = world();
    for (const cluster of [east, west, north]) await directory.declare(cluster.id, cluster.controlPlane.kubeconfig('admin'));
    hub = startHub({ directory, ...(redisUrl !== undefined && { redisUrl }) });
    await becomes('peers of east in west', ['east-lyon-0', 'east-lyon-1', 'east-oslo-0'], () => names(west, 'east'));
    await becomes('peers of east in north', 3, async () => (await names(north, 'east')).length);
    await becomes('peers of west in east', 1, async () => (await names(east, 'west')).length);
    await becomes('peers of north in east', 1, async () => (await names(east, 'north')).length);
    const [gateway] = await peersIn(west, 'east');
    expect(gateway?.spec).toEqual({
      publicKey: key(1),
      allowedIPs: ['10.1.0.0/24', '10.1.1.0/24', '10.1.3.0/24', '10.4.1.1/32', '10.4.1.2/32', '10.4.1.4/32', '10.77.1.13/32'],
      endpoint: { dnsOrIP: { ip: '192.0.2.11' }, port: 51820 },
    });
    expect(gateway?.metadata.labels).toMatchObject({ 'kilofed.io/cluster': 'east', 'kilofed.io/location': 'lyon', 'kilofed.io/segment': 'lyon' });
    expect(gateway?.metadata.annotations).toMatchObject({ 'kilofed.io/slot': '0', 'kilofed.io/planes': '2', 'kilofed.io/mesh-address': '10.4.1.1' });
    expect(hub.notReady()).toBeUndefined();
    await becomes('status', ['linked', 'linked', 'linked', 'linked', 'linked', 'linked'], () => hub.status().pairs.map((pair) => pair.state));
  });

  test('follows keys, endpoints, pod ranges, slots and nodes', async () => {
    const { east, west } = world();
    const lyon = { key: key(9), podCIDR: '10.1.8.0/24', endpoint: '192.0.2.19', internalIP: '10.77.1.11/24', location: 'lyon', meshAddress: '10.4.1.1', slot: 0 };
    await east.node('a1', lyon);
    await becomes('the changed gateway', { key: key(9), endpoint: '192.0.2.19', pods: true }, async () => {
      const peer = (await peersIn(west, 'east')).find(({ metadata }) => metadata.name === 'east-lyon-0');
      return { key: peer?.spec.publicKey, endpoint: peer?.spec.endpoint?.dnsOrIP.ip, pods: peer?.spec.allowedIPs.includes('10.1.8.0/24') };
    });
    await east.node('c1', { key: key(7), podCIDR: '10.1.7.0/24', endpoint: 'gate.example.org', internalIP: '10.77.3.11/24', location: 'rome', meshAddress: '10.4.1.7', slot: 0 });
    await becomes('a new segment', ['east-lyon-0', 'east-lyon-1', 'east-oslo-0', 'east-rome-0'], () => names(west, 'east'));
    expect((await peersIn(west, 'east')).find(({ metadata }) => metadata.name === 'east-rome-0')?.spec.endpoint?.dnsOrIP).toEqual({ dns: 'gate.example.org' });
    await east.remove(RESOURCE.meshNode, 'c1');
    await becomes('the segment gone', ['east-lyon-0', 'east-lyon-1', 'east-oslo-0'], () => names(west, 'east'));
    await east.node('a1', { ...lyon, key: key(1), podCIDR: '10.1.0.0/24', endpoint: '192.0.2.11' });
    await becomes('the gateway as before', key(1), async () => (await peersIn(west, 'east'))[0]?.spec.publicKey);
  });

  test('heals its own Peers and leaves those of people alone', async () => {
    const { west, east } = world();
    const mine = { apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name: 'laptop' }, spec: { publicKey: key(60), allowedIPs: ['10.9.0.1/32'] } };
    await west.apply(mine);
    await west.client.call({ method: 'PATCH', path: '/apis/kilo.squat.ai/v1alpha1/peers/east-oslo-0', contentType: 'application/merge-patch+json', body: { spec: { publicKey: key(61), allowedIPs: ['0.0.0.0/0'] } } });
    await becomes('the edit undone', key(3), async () => (await west.get<Peer>(RESOURCE.peer, 'east-oslo-0'))?.spec.publicKey);
    await west.remove(RESOURCE.peer, 'east-oslo-0');
    await becomes('the deletion undone', key(3), async () => (await west.get<Peer>(RESOURCE.peer, 'east-oslo-0'))?.spec.publicKey);
    expect((await west.get<Peer>(RESOURCE.peer, 'laptop'))?.spec).toEqual(mine.spec);
    const taken = { ...mine, metadata: { name: 'east-paris-0' } };
    await west.apply(taken);
    await east.node('p1', { key: key(8), podCIDR: '10.1.9.0/24', endpoint: '192.0.2.18', internalIP: '10.77.9.11/24', location: 'paris', meshAddress: '10.4.1.9', slot: 0 });
    await becomes('a problem', 'NameTaken', () => hub.status().problems.find(({ subject }) => subject === 'peer east-paris-0')?.reason);
    expect((await west.get<Peer>(RESOURCE.peer, 'east-paris-0'))?.spec).toEqual(mine.spec);
    await west.remove(RESOURCE.peer, 'east-paris-0');
    await becomes('ours once the name is free', key(8), async () => (await west.get<Peer>(RESOURCE.peer, 'east-paris-0'))?.spec.publicKey);
    await east.remove(RESOURCE.meshNode, 'p1');
    await becomes('gone again', undefined, () => west.get<Peer>(RESOURCE.peer, 'east-paris-0'));
    await west.remove(RESOURCE.peer, 'laptop');
  });

  test('mirrors an exported Service, follows its endpoints and ports', async () => {
    const { east, west, north } = world();
    await east.endpoints('demo', 'web', ['10.1.0.5']);
    await east.service('demo', 'web');
    for (const cluster of [west, north]) await becomes(`web in ${cluster.id}`, ['10.1.0.5'], () => addresses(cluster, 'web'));
    const service = await west.get<Service>(RESOURCE.service, 'web', 'demo');
    expect(service?.spec.selector).toBeUndefined();
    expect(service?.metadata.labels).toMatchObject({ 'kilofed.io/managed-by': 'kilofed-hub' });
    await becomes('the import names it', 'web', async () =>
      (await west.get(RESOURCE.serviceImport, 'web', 'demo'))?.metadata.annotations?.['multicluster.kubernetes.io/derived-service']);
    await becomes('conditions at the exporter', { Conflict: 'False', Ready: 'True', Valid: 'True' }, async () =>
      Object.fromEntries(((await east.get<Conditioned>(RESOURCE.serviceExport, 'web', 'demo'))?.status?.conditions ?? []).map(({ type, status }) => [type, status])));

    await east.endpoints('demo', 'web', ['10.1.0.5', '10.1.1.6']);
    await becomes('two endpoints', ['10.1.0.5', '10.1.1.6'], () => addresses(west, 'web'));
    await east.service('demo', 'web', { ports: [{ port: 81 }] });
    await becomes('another port', [81], async () => (await west.get<Service>(RESOURCE.service, 'web', 'demo'))?.spec.ports.map(({ port }) => port));
    await east.endpoints('demo', 'web', []);
    await becomes('no endpoints', [], () => addresses(west, 'web'));
    expect(await west.get(RESOURCE.service, 'web', 'demo')).toBeDefined();
    await east.endpoints('demo', 'web', ['10.1.0.5', '198.51.100.7', '10.2.0.9']);
    await becomes('only addresses of the exporter\'s own', ['10.1.0.5'], () => addresses(west, 'web'));
    await becomes('said so', true, () => hub.status().problems.some(({ reason, cluster }) => reason === 'Partial' && cluster === 'west'));
    await east.endpoints('demo', 'web', ['10.1.0.5']);
  });

  test('heals its own mirrors', async () => {
    const { west } = world();
    await west.client.call({ method: 'PATCH', path: '/api/v1/namespaces/demo/services/web', contentType: 'application/merge-patch+json', body: { spec: { ports: [{ port: 81, protocol: 'TCP' }, { name: 'x', port: 99 }] } } });
    await west.client.call({ method: 'PATCH', path: '/api/v1/namespaces/demo/services/web', contentType: 'application/merge-patch+json', body: { spec: { ports: [{ name: 'y', port: 82, protocol: 'TCP' }, { name: 'x', port: 99 }] } } });
    await becomes('its ports', [81], async () => (await west.get<Service>(RESOURCE.service, 'web', 'demo'))?.spec.ports.map(({ port }) => port));
    const [slice] = await west.list<Slice>(RESOURCE.endpointSlice, OWN);
    await west.remove(RESOURCE.endpointSlice, slice?.metadata.name ?? '', 'demo');
    await becomes('its slice', ['10.1.0.5'], () => addresses(west, 'web'));
    await west.remove(RESOURCE.service, 'web', 'demo');
    await becomes('its Service', true, async () => (await west.get(RESOURCE.service, 'web', 'demo')) !== undefined);
  });

  test('derives another name where somebody has a Service of that name', async () => {
    const { east, west, north } = world();
    await west.service('demo', 'shop', { annotations: {} });
    await east.endpoints('demo', 'shop', ['10.1.0.20']);
    await east.service('demo', 'shop');
    await becomes('shop in north', ['10.1.0.20'], () => addresses(north, 'shop'));
    await becomes('shop in west', ['10.1.0.20'], () => addresses(west, 'shop'));
    const services = await west.list<Service>(RESOURCE.service, `${OWN},multicluster.kubernetes.io/service-name=shop`);
    expect(services.map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^derived-[0-9a-v]{10}$/)]);
    expect((await west.get<Service>(RESOURCE.service, 'shop', 'demo'))?.spec.selector).toEqual({ app: 'shop' });
    await east.remove(RESOURCE.service, 'shop', 'demo');
    await becomes('gone from west', 0, async () => (await west.list(RESOURCE.service, `${OWN},multicluster.kubernetes.io/service-name=shop`)).length);
    expect((await west.get<Service>(RESOURCE.service, 'shop', 'demo'))?.spec.selector).toEqual({ app: 'shop' });
    await west.remove(RESOURCE.service, 'shop', 'demo');
  });

  test('imports only where the namespace is, and once it is', async () => {
    const { east, west } = world();
    await east.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `late-${world().redisUrl === undefined ? 'a' : 'b'}` } });
    const namespace = `late-${world().redisUrl === undefined ? 'a' : 'b'}`;
    await east.endpoints(namespace, 'api', ['10.1.0.30']);
    await east.service(namespace, 'api');
    await becomes('pending in west', 'pending', () => hub.status().services.find(({ name }) => name === 'api')?.importers.find(({ cluster }) => cluster === 'west')?.state);
    // A member without the namespace is no fault of the export.
    await becomes('exported all the same', true, async () =>
      (await east.get<Conditioned>(RESOURCE.serviceExport, 'api', namespace))?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'));
    await west.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await becomes('imported', ['10.1.0.30'], () => addresses(west, 'api'));
    await east.service(namespace, 'api', { annotations: {} });
    await becomes('un-exported', [], () => addresses(west, 'api'));
    await becomes('the export gone', undefined, () => east.get(RESOURCE.serviceExport, 'api', namespace));
    await east.remove(RESOURCE.service, 'api', namespace);
  });

  test('mirrors an endpoint change nearly as fast as anything could', async () => {
    const { east, west, north } = world();
    for (const cluster of [east, west, north]) await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bare' } });
    const bare = bareMirror({ from: east, namespace: 'bare', service: 'web' }, [north, west]);
    await sleep(200);
    const floor = quantiles(await measureChanges({ from: east, to: west, namespace: 'bare', service: 'web' }, CHANGES, '10.1.1'));
    bare.stop();
    const hubs = quantiles(await measureChanges({ from: east, to: west, namespace: 'demo', service: 'web' }, CHANGES, '10.1.1'));
    await east.endpoints('demo', 'web', ['10.1.0.5']);
    process.stderr.write(`endpoint change, ms: hub p50 ${hubs.p50.toFixed(1)} p99 ${hubs.p99.toFixed(1)}; floor p50 ${floor.p50.toFixed(1)} p99 ${floor.p99.toFixed(1)}\n`);
    // Far above the budget of 1.5, since tests share the machine; the benchmark measures it properly.
    expect(hubs.p50).toBeLessThan(floor.p50 * 4 + 10);
  }, 60_000);

  test('a restarted hub writes nothing and deletes nothing', async () => {
    const { east, west, north, directory, redisUrl } = world();
    const clusters = [east, west, north];
    await until('a calm federation', WAIT_MS, async () => {
      const before = await Promise.all(clusters.map((cluster) => cluster.writes()));
      await sleep(500);
      const after = await Promise.all(clusters.map((cluster) => cluster.writes()));
      return before.join() === after.join() ? true : undefined;
    });
    await hub.stop();
    const objects = await Promise.all(clusters.map(ownObjects));
    const before = await Promise.all(clusters.map((cluster) => cluster.writes()));
    hub = startHub({ directory, ...(redisUrl !== undefined && { redisUrl }) });
    await becomes('all pairs linked again', 6, () => hub.status().pairs.filter(({ state }) => state === 'linked').length);
    await becomes('all services mirrored again', ['mirrored', 'mirrored'], () => hub.status().services.flatMap(({ importers }) => importers.map(({ state }) => state)));
    await sleep(1_000);
    expect(await Promise.all(clusters.map((cluster) => cluster.writes()))).toEqual(before);
    expect(await Promise.all(clusters.map(ownObjects))).toEqual(objects);
  });

  test('does what changed while it was down', async () => {
    const { east, west, directory, redisUrl } = world();
    await hub.stop();
    await east.endpoints('demo', 'web', ['10.1.0.5', '10.1.0.7']);
    await east.node('c1', { key: key(7), podCIDR: '10.1.7.0/24', endpoint: '192.0.2.17', internalIP: '10.77.3.11/24', location: 'rome', meshAddress: '10.4.1.7', slot: 0 });
    hub = startHub({ directory, ...(redisUrl !== undefined && { redisUrl }) });
    await becomes('endpoints', ['10.1.0.5', '10.1.0.7'], () => addresses(west, 'web'));
    await becomes('the new segment', true, async () => (await names(west, 'east')).includes('east-rome-0'));
    await east.remove(RESOURCE.meshNode, 'c1');
    await becomes('and gone', false, async () => (await names(west, 'east')).includes('east-rome-0'));
  });

  test('a broken kubeconfig, wrong credentials and a hanging API server concern only their own member', async () => {
    const { east, west, north, directory } = world();
    await directory.declare('broken', 'this: is: not a kubeconfig');
    await directory.declare('stranger', east.controlPlane.kubeconfig('admin').replace(east.controlPlane.token('admin'), 'wrong'));
    await directory.declare('again', west.controlPlane.kubeconfig('admin'));
    await directory.declare('Bad_Id', 'x');
    await becomes('their states', { again: 'refused', broken: 'refused', stranger: 'refused' }, () =>
      Object.fromEntries(hub.status().members.filter(({ id }) => ['again', 'broken', 'stranger'].includes(id)).map(({ id, state }) => [id, state])));
    expect(hub.status().members.find(({ id }) => id === 'again')?.reason).toMatch(/already the member "west"/);
    expect(hub.status().members.find(({ id }) => id === 'stranger')?.reason).toMatch(/credentials/);
    expect(hub.status().problems.some(({ cluster, reason }) => cluster === 'Bad_Id' && reason === 'BadId')).toBe(true);
    north.controlPlane.pause();
    try {
      await east.endpoints('demo', 'web', ['10.1.0.41']);
      await becomes('west is served', ['10.1.0.41'], () => addresses(west, 'web'));
      await until('north is seen to be away', 45_000, () => hub.status().members.find(({ id }) => id === 'north')?.state === 'unreachable' || undefined);
      await east.endpoints('demo', 'web', ['10.1.0.42']);
      await becomes('west is served still', ['10.1.0.42'], () => addresses(west, 'web'));
      expect((await names(west, 'north')).length).toBe(1);
    } finally {
      north.controlPlane.resume();
    }
    await until('north caught up', 30_000, async () => ((await addresses(north, 'web')).join() === '10.1.0.42' ? true : undefined));
    for (const id of ['broken', 'stranger', 'again', 'Bad_Id']) await directory.withdraw(id);
    await becomes('only the three', ['east', 'north', 'west'], () => hub.status().members.map(({ id }) => id));
    expect((await names(east, 'west')).length).toBe(1);
  }, 120_000);

  test('a kubeconfig that becomes unusable keeps the member going, a rotated one too', async () => {
    const { east, west, directory } = world();
    await directory.declare('west', 'garbage: [');
    await becomes('a problem', 'BadKubeconfig', () => hub.status().problems.find(({ cluster, subject }) => cluster === 'west' && subject === 'member')?.reason);
    await east.endpoints('demo', 'web', ['10.1.0.51']);
    await becomes('still served', ['10.1.0.51'], () => addresses(west, 'web'));
    await directory.declare('west', `${west.controlPlane.kubeconfig('admin')}\n# rotated\n`);
    await becomes('no problem', undefined, () => hub.status().problems.find(({ cluster, subject }) => cluster === 'west' && subject === 'member')?.reason);
    await east.endpoints('demo', 'web', ['10.1.0.52']);
    await becomes('served through the new one', ['10.1.0.52'], () => addresses(west, 'web'));
  });

  test('refuses a pair whose ranges overlap, and nothing else', async () => {
    const { east, west, north } = world();
    await north.node('n2', { key: key(30), podCIDR: '10.2.0.0/24', internalIP: '10.79.1.12/24', meshAddress: '10.4.3.2' });
    await becomes('the pair refused in both directions', ['refused', 'refused'], () =>
      hub.status().pairs.filter(({ from, to }) => [from, to].toSorted().join() === 'north,west').map(({ state }) => state));
    expect(hub.status().problems.filter(({ reason }) => reason === 'OverlappingCIDRs').map(({ cluster, subject }) => `${cluster} ${subject}`))
      .toEqual(expect.arrayContaining(['north pair west', 'west pair north']));
    await becomes('no peers between them', [[], []], async () => [await names(north, 'west'), await names(west, 'north')]);
    expect([(await names(east, 'west')).length, (await names(west, 'east')).length]).toEqual([1, 3]);
    await west.endpoints('demo', 'db', ['10.2.0.9']);
    await west.service('demo', 'db');
    await becomes('east imports from west', ['10.2.0.9'], () => addresses(east, 'db'));
    await becomes('told on the object', true, async () =>
      (await west.get<Conditioned>(RESOURCE.serviceExport, 'db', 'demo'))?.status?.conditions?.some(({ type, status, message }) => type === 'Ready' && status === 'False' && /^north: .*overlap|^north: .*used by/.test(message)));
    expect(await addresses(north, 'db')).toEqual([]);
    await north.remove(RESOURCE.meshNode, 'n2');
    await becomes('linked again', 1, async () => (await names(north, 'west')).length);
    await becomes('imported', ['10.2.0.9'], () => addresses(north, 'db'));
    await west.remove(RESOURCE.service, 'db', 'demo');
    await becomes('gone', [], () => addresses(east, 'db'));
  });

  test('a member that is removed leaves nothing behind, here and there', async () => {
    const { east, west, north, directory } = world();
    await directory.withdraw('north');
    await becomes('its peers gone', [0, 0], async () => [(await names(east, 'north')).length, (await names(west, 'north')).length]);
    await becomes('nothing of ours in it', {}, () => ownObjects(north));
    expect((await names(east, 'west')).length).toBe(1);
    await directory.withdraw('east');
    await becomes('its mirrors gone', {}, () => ownObjects(west));
    await becomes('nothing of ours in it', {}, () => ownObjects(east));
    const metrics = await hub.metrics();
    expect(metrics).toMatch(/kilofed_hub_members\{state="ready"\} 1/);
    expect(metrics).toMatch(/kilofed_hub_propagation_seconds_count\{controller="service"\} [1-9]/);
    await directory.withdraw('west');
    await becomes('nobody', [], () => hub.status().members);
    await hub.stop();
  });
}

function quantiles(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
