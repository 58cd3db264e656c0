/**
 * A federation on real parts: API servers, WireGuard, kernel routes, the programs as they ship. Each test leaves the
 * federation whole for the next; they run in order.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Peer } from '../../core/api/peer.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { listObjects } from '../../kube/wire/apply.js';
import type { BareCluster, BareNode } from '../bare/cluster.js';
import { type Flow, type FlowReport, reaches, startFlow } from '../bare/flow.js';
import { sleep, until } from '../lab/process.js';
import { byHub, difference, writeRequests } from './apiRequests.js';
import { type Federation, reachable, startFederation, unreachablePairs, untilAllReach } from './federation.js';

const DIR = '/tmp/kilofed-e2e';

let federation: Federation;
let east: BareCluster;
let west: BareCluster;

const node = (cluster: BareCluster, name: string): BareNode => cluster.nodes.get(name) as BareNode;

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { eu: 3, us: 1 } },
      { name: 'west', index: 2, locations: { a: 2 } },
      { name: 'north', index: 3, locations: { b: 1 } },
    ],
    { dir: DIR },
  );
  east = federation.cluster('east');
  west = federation.cluster('west');
  for (const cluster of federation.clusters.values()) {
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  }
  await until('all members ready', 30_000, async () =>
    (await federation.status()).members.every(({ state }) => state === 'ready') ? true : undefined,
  );
}, 120_000);

afterAll(async () => {
  await federation.stop();
}, 30_000);

test('every pod reaches every other pod, of all clusters, and is seen by its own address', async () => {
  expect(await untilAllReach(federation)).toEqual([]);
}, 90_000);

describe('nodes', () => {
  test('one joins: it is reachable within seconds, and nobody loses a packet', async () => {
    const flows = await startFlows([
      ['east-eu3', 'west-a2'],
      ['west-a1', 'north-b1'],
    ]);
    const began = performance.now();
    const added = await west.addNode('west-a3', { location: 'a', lan: lanOf('west'), host: 30 });
    await reachable(node(east, 'east-eu3'), added, 20_000);
    await reachable(added, node(east, 'east-us1'), 20_000);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(lost(await stopFlows(flows))).toEqual([0, 0]);
  }, 60_000);

  test('one leaves: its prefixes go from everywhere within seconds, and nobody loses a packet', async () => {
    const flows = await startFlows([
      ['east-eu3', 'west-a2'],
      ['west-a1', 'north-b1'],
    ]);
    await west.removeNode('west-a3');
    await until('its prefix to go from the Peers', 5_000, async () =>
      (await peers(east)).some(({ spec }) => spec.allowedIPs.includes('10.42.3.0/24')) ? undefined : true,
    );
    await until('its route to go', 10_000, async () =>
      (await node(east, 'east-eu3').namespace.exec(['ip', 'route', 'show', '10.42.3.0/24'])).trim() === '' ? true : undefined,
    );
    expect(lost(await stopFlows(flows))).toEqual([0, 0]);
  }, 60_000);

  test('a key is replaced: the others follow', async () => {
    const north = node(federation.cluster('north'), 'north-b1');
    const before = (await peers(east)).find(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === 'north')?.spec.publicKey;
    await north.killAgent('SIGTERM');
    rmSync(`${DIR}/north/nodes/north-b1/key`);
    north.startAgent();
    await until('the new key in east', 20_000, async () =>
      (await peers(east)).some(({ metadata, spec }) => metadata.labels?.['kilofed.io/cluster'] === 'north' && spec.publicKey !== before)
        ? true
        : undefined,
    );
    await reachable(node(east, 'east-us1'), north, 30_000);
    await reachable(north, node(west, 'west-a2'), 30_000);
  }, 90_000);

  test('an endpoint moves: the others follow', async () => {
    const us = node(east, 'east-us1');
    const moved = us.address.replace(/\d+$/, '99');
    await us.namespace.exec(['ip', 'addr', 'add', `${moved}/24`, 'dev', 'eth0']);
    await east.apply({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: 'east-us1',
        labels: { 'topology.kubernetes.io/region': 'us' },
        annotations: { 'kilo.squat.ai/force-endpoint': `${moved}:51820` },
      },
      spec: { podCIDR: us.podCIDR, podCIDRs: [us.podCIDR] },
    });
    await until('the new endpoint in west', 20_000, async () =>
      (await peers(west)).some(({ spec }) => spec.endpoint?.dnsOrIP.ip === moved) ? true : undefined,
    );
    // What it wrote to WireGuard, not what that shows now: it follows packets that still come from the old address, as probes do.
    await until('the new endpoint written by a gateway', 20_000, async () =>
      (await node(west, 'west-a1').namespace.exec(['cat', '/var/lib/kilofed/state.json'])).includes(`${moved}:`) ? true : undefined,
    );
    await reachable(node(west, 'west-a2'), us, 20_000);
    await reachable(us, node(west, 'west-a1'), 20_000);
  }, 60_000);

  test('agents are killed and restarted under 100 packets a second: none is lost', async () => {
    const flows = await startFlows([
      ['east-eu3', 'west-a2'],
      ['west-a2', 'east-us1'],
    ]);
    for (const each of [node(east, 'east-eu1'), node(east, 'east-eu3'), node(west, 'west-a1')]) {
      await each.killAgent('SIGKILL');
      each.startAgent();
      await sleep(1_500);
    }
    expect(lost(await stopFlows(flows))).toEqual([0, 0]);
  }, 60_000);
});

describe('services', () => {
  const addresses = async (cluster: BareCluster, name: string): Promise<string[]> => {
    const slices = await listObjects<KubeObject & { endpoints?: { addresses: string[] }[] }>(cluster.client, RESOURCE.endpointSlice, {
      namespace: 'demo',
      labelSelector: `kubernetes.io/service-name=${name}`,
    });
    return slices.ok ? slices.value.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((each) => each.addresses)).toSorted() : [];
  };
  const service = (annotations: Record<string, string>, port = 80): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'demo', annotations },
    spec: { ports: [{ name: 'http', port, protocol: 'TCP' }] },
  });
  const slice = (hosts: readonly number[]): object => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'demo', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: hosts.map((host) => ({ addresses: [`10.41.1.${host}`], conditions: { ready: true } })),
  });
  const get = (cluster: BareCluster, name: string): Promise<(KubeObject & { spec: { ports: { port: number }[] } }) | undefined> =>
    cluster.get(RESOURCE.service, name, 'demo');

  test('exported by its annotation, followed in scale and port, gone when un-exported', async () => {
    await east.apply(slice([10]));
    await east.apply(service({ 'kilofed.io/export': 'true' }));
    await until('the mirror', 10_000, () => get(west, 'web'));
    await until('its endpoint', 10_000, async () => ((await addresses(west, 'web')).join() === '10.41.1.10' ? true : undefined));
    await east.apply(slice([10, 11]));
    await until('two endpoints', 10_000, async () =>
      (await addresses(west, 'web')).join() === '10.41.1.10,10.41.1.11' ? true : undefined,
    );
    await east.apply(service({ 'kilofed.io/export': 'true' }, 81));
    await until('the new port', 10_000, async () => ((await get(west, 'web'))?.spec.ports[0]?.port === 81 ? true : undefined));
    await east.apply(service({}));
    await until('the mirror to go', 10_000, async () => ((await get(west, 'web')) === undefined ? true : undefined));
    await until('its endpoints to go', 10_000, async () => ((await addresses(west, 'web')).length === 0 ? true : undefined));
  }, 60_000);

  test('a Service of the same name that is not ours is left alone: the mirror has a derived name until it is gone', async () => {
    const own = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'demo', labels: { owner: 'somebody' } },
      spec: { ports: [{ name: 'other', port: 9, protocol: 'TCP' }] },
    };
    await west.apply(own);
    await east.apply(service({ 'kilofed.io/export': 'true' }));
    const derived = await until('the derived Service', 10_000, async () => {
      const services = await listObjects<KubeObject>(west.client, RESOURCE.service, { namespace: 'demo' });
      return services.ok ? services.value.find(({ metadata }) => metadata.name.startsWith('derived-')) : undefined;
    });
    expect((await get(west, 'web'))?.metadata.labels).toEqual({ owner: 'somebody' });
    await until('its endpoints', 10_000, async () =>
      (await addresses(west, derived.metadata.name)).join() === '10.41.1.10,10.41.1.11' ? true : undefined,
    );
    await west.remove(RESOURCE.service, 'web', 'demo');
    await until('the own name to return', 20_000, async () =>
      (await addresses(west, 'web')).join() === '10.41.1.10,10.41.1.11' ? true : undefined,
    );
  }, 60_000);
});

describe('the hub', () => {
  test('killed and restarted, it writes nothing to any member and deletes nothing', async () => {
    // The ServiceImport follows the own name that has returned.
    await sleep(4_000);
    const clusters = [...federation.clusters.values()];
    const before = await Promise.all(clusters.map(writeRequests));
    await federation.killHub();
    federation.startHub();
    await until('all members ready', 30_000, async () =>
      (await federation.status()).members.every(({ state }) => state === 'ready') ? true : undefined,
    );
    await sleep(3_000);
    const after = await Promise.all(clusters.map(writeRequests));
    const written = clusters.map((_, index) => difference(before[index] ?? new Map(), after[index] ?? new Map()));
    expect(written.map(byHub)).toEqual(clusters.map(() => ({})));
    expect((await peers(west)).length).toBeGreaterThan(0);
  }, 60_000);

  test.each<[string, (text: string) => string, 'refused' | 'unreachable' | 'connecting']>([
    ['a kubeconfig that is no YAML', () => '{ not: [yaml', 'refused'],
    ['wrong credentials', (text) => text.replace(/token: \w+/, 'token: wrong'), 'refused'],
    ['a server that is not there', (text) => text.replace(/https:\/\/[^"]+/, 'https://172.16.77.77:6443'), 'unreachable'],
  ])(
    'a member with %s is named, and the others are not disturbed',
    async (_what, spoil, state) => {
      federation.join('broken', spoil(west.api.kubeconfig('admin')));
      const found = await until('the member to be named', 30_000, async () =>
        (await federation.status()).members.find(
          (member) =>
            member.id === 'broken' &&
            (member.state === state || (state === 'unreachable' && member.state === 'connecting' && member.reason !== undefined)),
        ),
      );
      expect(found.reason).toBeTruthy();
      expect((await propagate(3)).every((ms) => ms < 2_000)).toBe(true);
      await federation.leave('broken');
      await until('the member to go', 10_000, async () =>
        (await federation.status()).members.some(({ id }) => id === 'broken') ? undefined : true,
      );
    },
    60_000,
  );

  test('a member whose API server hangs does not delay the others', async () => {
    const calm = quantile(await propagate(40), 0.99);
    federation.cluster('north').api.pause();
    try {
      await until('the hub to notice', 30_000, async () =>
        (await federation.status()).members.find(({ id }) => id === 'north')?.state === 'unreachable' ? true : undefined,
      );
      const hung = quantile(await propagate(40), 0.99);
      // Twice the calm figure, and room for a busy machine.
      expect(hung).toBeLessThan(2 * calm + 250);
      expect(await reaches(node(east, 'east-eu1').pod, node(federation.cluster('north'), 'north-b1').pod, 2_000)).toBe(
        node(east, 'east-eu1').pod.address,
      );
    } finally {
      federation.cluster('north').api.resume();
    }
    await until('north to be back', 60_000, async () =>
      (await federation.status()).members.find(({ id }) => id === 'north')?.state === 'ready' ? true : undefined,
    );
  }, 120_000);

  test('two members whose pod ranges overlap: the pair is refused with a reason, everything else works', async () => {
    const south = await federation.addCluster({ name: 'south', index: 4, podPrefix: '10.42', locations: { c: 3 } });
    federation.join('south', south.api.kubeconfig('admin'));
    const pair = await until('the refusal', 30_000, async () =>
      (await federation.status()).pairs.find(({ from, to, state }) => from === 'south' && to === 'west' && state === 'refused'),
    );
    expect(pair.reason).toContain('10.42.1.0/24');
    // Its third node's pods have a range of their own: those reach whom they may, and north keeps west's pods for west.
    await until('the rest', 30_000, async () =>
      (await reaches(node(south, 'south-c3').pod, node(federation.cluster('north'), 'north-b1').pod, 500)) === undefined ? undefined : true,
    );
    expect((await peers(west)).filter(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === 'south')).toEqual([]);
    expect((await federation.status()).problems.some(({ message }) => message.includes('10.42.1.0/24'))).toBe(true);
    expect(
      await unreachablePairs([node(west, 'west-a1'), node(east, 'east-eu1'), node(federation.cluster('north'), 'north-b1')], 2_000),
    ).toEqual([]);
  }, 120_000);

  test('a member is removed: what came from it goes everywhere, the rest stays', async () => {
    const flows = await startFlows([['east-eu3', 'west-a2']]);
    await federation.leave('south');
    await until('its Peers to go', 20_000, async () =>
      (await peers(east)).some(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === 'south') ? undefined : true,
    );
    expect(
      (await peers(east)).map(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] ?? '').toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(['north', 'west', 'west']);
    expect(lost(await stopFlows(flows))).toEqual([0]);
  }, 60_000);
});

function lanOf(cluster: string): Federation['lans'][number] {
  return federation.lans[cluster === 'west' ? 2 : 0] as Federation['lans'][number];
}

async function peers(cluster: BareCluster): Promise<readonly Peer[]> {
  const listed = await listObjects<Peer & KubeObject>(cluster.client, RESOURCE.peer, { labelSelector: 'kilofed.io/managed-by' });
  if (!listed.ok) throw new Error(listed.error.message);
  return listed.value;
}

/** Milliseconds from the write of an endpoint change in east to its mirror in west, one after another. */
async function propagate(times: number): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const port = 10_000 + Math.floor(Math.random() * 50_000);
    const began = performance.now();
    await east.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'demo', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port, protocol: 'TCP' }],
      endpoints: [{ addresses: ['10.41.1.10'], conditions: { ready: true } }],
    });
    await until('the change in west', 10_000, async () => {
      const slices = await listObjects<KubeObject & { ports?: { port: number }[] }>(west.client, RESOURCE.endpointSlice, {
        namespace: 'demo',
        labelSelector: 'kilofed.io/cluster=east',
      });
      return slices.ok && slices.value.some(({ ports }) => ports?.some((each) => each.port === port) === true) ? true : undefined;
    });
    samples.push(performance.now() - began);
  }
  return samples;
}

function quantile(samples: readonly number[], q: number): number {
  return samples.toSorted((a, b) => a - b)[Math.ceil(q * samples.length) - 1] ?? Number.NaN;
}

async function startFlows(pairs: readonly (readonly [string, string])[]): Promise<Flow[]> {
  const byName = new Map(federation.nodes().map((each) => [each.name, each]));
  return Promise.all(pairs.map(([from, to]) => startFlow((byName.get(from) as BareNode).pod, (byName.get(to) as BareNode).pod, 100)));
}

async function stopFlows(flows: readonly Flow[]): Promise<FlowReport[]> {
  await sleep(1_500);
  const reports = await Promise.all(flows.map((flow) => flow.stop()));
  for (const report of reports) expect(report.sent).toBeGreaterThan(50);
  return reports;
}

function lost(reports: readonly FlowReport[]): number[] {
  return reports.map((report) => report.lost);
}
