/**
 * Clusters of IPv6 alone, of IPv4 alone and of both in one federation, on real parts: pods, nodes, endpoints of tunnels and the
 * VXLAN of a location have the families of their cluster, and two clusters share those that both have.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { VXLAN_PORT } from '../../core/api/ports.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { listObjects } from '../../kube/wire/apply.js';
import { type Family, familyOf } from '../bare/addresses.js';
import type { BareNode } from '../bare/cluster.js';
import { deleteDevices } from '../bare/devices.js';
import { type FlowEnd, reaches, startFlow } from '../bare/flow.js';
import { startClearWatch } from '../lab/network/clearWatch.js';
import { createFaults } from '../lab/network/faults.js';
import { sleep, until } from '../lab/process.js';
import { type Federation, startFederation } from './federation.js';

let federation: Federation;

beforeAll(async () => {
  federation = await startFederation(
    [
      // Several nodes in a location, so that packets inside it need VXLAN.
      { name: 'six', index: 1, families: ['inet6'], locations: { a: 3, b: 1 }, meshSpec: { encapsulation: 'always' } },
      { name: 'dual', index: 2, families: ['inet', 'inet6'], locations: { c: 2, d: 1 }, meshSpec: { encapsulation: 'always' } },
      { name: 'four', index: 3, families: ['inet'], locations: { e: 1 } },
      { name: 'twin', index: 4, families: ['inet', 'inet6'], locations: { f: 1 } },
    ],
    { dir: '/tmp/kilofed-e2e-families' },
  );
}, 120_000);

afterAll(() => federation.stop(), 30_000);

const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;
const clusterOf = (one: BareNode): string => one.name.split('-')[0] ?? '';

/** A pod as others of that family see it. */
function end({ pod }: BareNode, family: Family): FlowEnd | undefined {
  const address = pod.addresses.find((each) => familyOf(each) === family);
  return address === undefined ? undefined : { ...pod, address };
}

/** Every ordered pair of pods that shares the family and does not get through by it, or not as itself. */
async function missing(family: Family): Promise<string[]> {
  const ends = federation.nodes().flatMap((one) => {
    const found = end(one, family);
    return found === undefined ? [] : [{ name: one.name, at: found }];
  });
  const wrong = await Promise.all(
    ends.flatMap((from) =>
      ends
        .filter((to) => to !== from)
        .map(async (to) => {
          const seen = await reaches(from.at, to.at, 1_000);
          return seen === from.at.address ? [] : [`${from.name} -> ${to.name}: ${seen ?? 'lost'}`];
        }),
    ),
  );
  return wrong.flat();
}

test.each<[Family, number]>([
  ['inet6', 8],
  ['inet', 5],
])(
  'every pod that has %s reaches every other that has it, as itself',
  async (family, count) => {
    expect(federation.nodes().filter((one) => end(one, family) !== undefined)).toHaveLength(count);
    let left = ['not tried'];
    await until('all pairs', 45_000, async () => ((left = await missing(family)).length === 0 ? true : undefined)).catch(() => undefined);
    expect(left).toEqual([]);
  },
  60_000,
);

test('tunnels and VXLAN stand on the family that there is', async () => {
  const endpoints = await node('six-a1').namespace.exec(['wg', 'show', 'kilo0', 'endpoints']);
  expect(endpoints.match(/\[fd20:[^\]]*\]:\d+/g)?.length).toBeGreaterThanOrEqual(2);
  expect(await node('six-a3').namespace.exec(['ip', '-d', 'link', 'show', 'kilovx'])).toContain('local fd20:');
  expect(await node('dual-c1').namespace.exec(['ip', '-d', 'link', 'show', 'kilovx'])).toContain('local 172.20.');
}, 20_000);

test('an exported Service has, of the families of its own cluster, those of the other: addresses and endpoints', async () => {
  for (const { apply } of federation.clusters.values()) await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  await exportPod('dual-c1', 'web', 'RequireDualStack');
  await exportPod('six-a1', 'six', 'SingleStack');
  const [four, six, lone] = [
    `IPv4 ${end(node('dual-c1'), 'inet')?.address}`,
    `IPv6 ${end(node('dual-c1'), 'inet6')?.address}`,
    `IPv6 ${end(node('six-a1'), 'inet6')?.address}`,
  ];
  for (const [cluster, service, expected] of [
    ['twin', 'web', [four, six]],
    ['six', 'web', [six]],
    ['four', 'web', [four]],
    ['dual', 'six', [lone]],
    ['twin', 'six', [lone]],
  ] as const) {
    await until(`the endpoints of ${service} in ${cluster}`, 15_000, async () =>
      (await endpointsOf(cluster, service)).length >= expected.length ? true : undefined,
    );
    expect([cluster, service, await endpointsOf(cluster, service)]).toEqual([cluster, service, expected]);
    const { spec } = await until(`the Service ${service} in ${cluster}`, 15_000, () =>
      federation.cluster(cluster).get<KubeObject & { spec: { clusterIPs: string[] } }>(RESOURCE.service, service, 'demo'),
    );
    expect([cluster, service, spec.clusterIPs.map((address) => (familyOf(address) === 'inet' ? 'IPv4' : 'IPv6')).toSorted()]).toEqual([
      cluster,
      service,
      expected.map((each) => each.split(' ')[0]),
    ]);
  }
}, 60_000);

/** A Service of the pod of that node, exported, with a slice for each of the pod's families. */
async function exportPod(name: string, service: string, ipFamilyPolicy: 'SingleStack' | 'RequireDualStack'): Promise<void> {
  const { apply } = federation.cluster(clusterOf(node(name)));
  await apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service, namespace: 'demo', annotations: { 'kilofed.io/export': 'true' } },
    spec: { ipFamilyPolicy, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  });
  for (const address of node(name).pod.addresses) {
    const addressType = familyOf(address) === 'inet' ? 'IPv4' : 'IPv6';
    await apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      addressType,
      metadata: { name: `${service}-${addressType.toLowerCase()}`, namespace: 'demo', labels: { 'kubernetes.io/service-name': service } },
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    });
  }
}

/** What is mirrored for a Service, by family. */
async function endpointsOf(cluster: string, service: string): Promise<string[]> {
  const listed = await listObjects<KubeObject & { addressType: string; endpoints: { addresses: string[] }[] }>(
    federation.cluster(cluster).client,
    RESOURCE.endpointSlice,
    { namespace: 'demo', labelSelector: `kilofed.io/cluster,kubernetes.io/service-name=${service}` },
  );
  return listed.ok
    ? listed.value
        .map(({ addressType, endpoints }) => `${addressType} ${endpoints.flatMap(({ addresses }) => addresses).join()}`)
        .toSorted()
    : [];
}

test('agents that start again change nothing and lose nothing, whatever their family', async () => {
  const pairs = [
    ['six-a3', 'dual-d1', 'inet6'],
    ['dual-d1', 'six-a3', 'inet6'],
    ['six-b1', 'six-a3', 'inet6'],
    ['dual-c2', 'four-e1', 'inet'],
    ['four-e1', 'dual-d1', 'inet'],
  ] as const;
  const flows = await Promise.all(
    pairs.map(([from, to, family]) => startFlow(end(node(from), family) as FlowEnd, end(node(to), family) as FlowEnd, 100)),
  );
  const changes: Record<string, string> = {};
  for (const one of federation.nodes()) {
    await one.killAgent('SIGKILL');
    one.startAgent();
    await until(`the first pass of ${one.name}`, 15_000, async () => ((await one.health()).trim() === 'matched' ? true : undefined));
    changes[one.name] = /^kilofed_node_changes_total (\d+)$/m.exec(await one.metrics())?.[1] ?? 'unknown';
  }
  const reports = await Promise.all(flows.map((flow) => flow.stop()));
  expect(changes).toEqual(Object.fromEntries(federation.nodes().map(({ name }) => [name, '0'])));
  expect(reports.map(({ lost }) => lost)).toEqual(pairs.map(() => 0));
}, 90_000);

test.each<[Family, string, readonly string[]]>([
  ['inet6', 'six-a3', ['dual-d1']],
  ['inet', 'four-e1', ['dual-c2', 'dual-c1']],
  ['inet6', 'dual-d1', ['six-a3']],
])(
  'a gateway that dies silently is left within two seconds by %s from %s to a pod behind it',
  async (family, from, targets) => {
    const faults = createFaults();
    // Of two nodes that are both gateways, the one that is not the way.
    const [found] = (
      await Promise.all(targets.map(async (to) => ({ to, victim: (await wayOf(from, to, family)) ?? (await wayOf(to, from, family)) })))
    ).filter(({ victim }) => victim !== undefined);
    if (found?.victim === undefined) throw new Error(`no gateway between ${from} and ${targets.join(' or ')}`);
    const { to, victim } = found;
    const ends = [
      [from, to],
      [to, from],
    ].map(([a = '', b = '']) => [end(node(a), family) as FlowEnd, end(node(b), family) as FlowEnd] as const);
    const flows = await Promise.all(ends.map(([a, b]) => startFlow(a, b, 100, 'one-way')));
    await sleep(500);
    await faults.silence(node(victim));
    await sleep(3_000);
    const reports = await Promise.all(flows.map((flow) => flow.stop()));
    await faults.healAll();
    expect(Math.max(...reports.map(({ lost }) => lost))).toBeGreaterThan(0);
    expect(reports.filter(({ outageMs }) => outageMs > 2_000)).toEqual([]);
    await until('all to be well again', 30_000, async () => ((await missing(family)).length === 0 ? true : undefined));
  },
  90_000,
);

test('nothing of either family leaves its location in clear when agents, tunnels and VXLAN are gone', async () => {
  const clear = await startClearWatch(VXLAN_PORT);
  // That it would be seen:
  const around = ['-6', 'route', 'replace', `${end(node('dual-d1'), 'inet6')?.address}/128`, 'via', 'fd20:0:1::1'];
  await node('six-a3').namespace.exec(['ip', ...around]);
  await reaches(end(node('six-a3'), 'inet6') as FlowEnd, end(node('dual-d1'), 'inet6') as FlowEnd, 300);
  await node('six-a3').namespace.exec(['ip', ...around.with(2, 'del')]);
  expect(await clear.take()).toContainEqual(expect.stringContaining(`${end(node('dual-d1'), 'inet6')?.address}`));

  const pairs = [
    ['six-a3', 'dual-d1', 'inet6'],
    ['dual-d1', 'six-a3', 'inet6'],
    ['dual-c2', 'four-e1', 'inet'],
    ['four-e1', 'dual-c2', 'inet'],
  ] as const;
  const flows = await Promise.all(
    pairs.map(([from, to, family]) => startFlow(end(node(from), family) as FlowEnd, end(node(to), family) as FlowEnd, 100)),
  );
  const victims = ['six-a1', 'six-a2', 'six-a3', 'dual-c1', 'dual-c2', 'four-e1'].map(node);
  await Promise.all(
    victims.map(async (victim) => {
      await victim.killAgent('SIGKILL');
      await deleteDevices(victim.namespace, /^kilo/);
    }),
  );
  await sleep(1_500);
  const reports = await Promise.all(flows.map((flow) => flow.stop()));
  const seen = await clear.take();
  for (const victim of victims) victim.startAgent();
  await clear.stop();
  expect(seen).toEqual([]);
  expect(reports.filter(({ sent, lost }) => sent < 100 || lost === 0)).toEqual([]);
  await until('all to be well again', 30_000, async () =>
    (await missing('inet6')).length + (await missing('inet')).length === 0 ? true : undefined,
  );
}, 90_000);

/** The gateway, neither `from` nor `to`, by which packets leave the location of `from`, or enter that of `to`. */
async function wayOf(from: string, to: string, family: Family): Promise<string | undefined> {
  const target = end(node(to), family)?.address ?? '';
  const [route] = JSON.parse(await node(from).namespace.exec(['ip', '-j', 'route', 'get', target])) as [
    { readonly dev: string; readonly gateway?: string },
  ];
  if (!route.dev.startsWith('kilo') || route.dev === 'kilovx') {
    const neighbours = JSON.parse(await node(from).namespace.exec(['bash', '-c', 'bridge -j fdb show dev kilovx; true'])) as {
      readonly mac: string;
      readonly dst?: string;
    }[];
    const entries = JSON.parse(await node(from).namespace.exec(['ip', '-j', 'neigh', 'show', 'dev', 'kilovx'])) as {
      readonly dst: string;
      readonly lladdr?: string;
    }[];
    const mac = entries.find(({ dst }) => dst === route.gateway)?.lladdr;
    const outer = neighbours.find((each) => each.mac === mac && each.dst !== undefined)?.dst ?? route.gateway;
    return federation.nodes().find(({ addresses }) => addresses.includes(outer ?? ''))?.name;
  }
  const plane = Number(route.dev.slice('kilo'.length));
  const gateways = await Promise.all(
    federation
      .nodes()
      .filter((one) => one.name !== to && clusterOf(one) === to.split('-')[0] && one.name.split('-')[1]?.[0] === to.split('-')[1]?.[0])
      .map(async ({ name }) => {
        const found = await federation
          .cluster(to.split('-')[0] ?? '')
          .get<KubeObject & { status?: { slot?: number } }>(RESOURCE.meshNode, name);
        return found?.status?.slot === plane ? name : undefined;
      }),
  );
  return gateways.find((name) => name !== undefined);
}
