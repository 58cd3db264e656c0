/**
 * Mesh.spec.fromMembers on real parts: what pods of one member reach of another one's pods and nodes, as the programs ship.
 *
 * east lets in what it exports, west and north are as a Mesh is that says nothing. Each test leaves east so for the next; they run in
 * order.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { BareCluster, BareNode } from '../bare/cluster.js';
import { startFlow } from '../bare/flow.js';
import { type Attempt, connect, knock, type Outcome, serve } from '../bare/knock.js';
import { createPod, type Pod } from '../bare/pod.js';
import { sleep, until } from '../lab/process.js';
import { difference, writeRequests } from './apiRequests.js';
import { type Federation, startFederation } from './federation.js';

const DIR = '/tmp/kilofed-e2e-from-members';
const EXPORTED = { fromMembers: 'exported' };

let federation: Federation;
let east: BareCluster;
/** Beside the exported one, on the same node. */
let neighbour: Pod;
let meshAddresses: Readonly<Record<'east-eu3' | 'west-a2', string>>;

const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;
/** In a location with two gateways, itself none. */
const target = (): BareNode => node('east-eu3');

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { eu: 3 }, meshSpec: EXPORTED },
      { name: 'west', index: 2, locations: { a: 2 } },
      { name: 'north', index: 3, locations: { b: 1 } },
    ],
    { dir: DIR },
  );
  east = federation.cluster('east');
  // Where a node says that its tunnels end, others do not reach it through the mesh.
  await east.instruct('east-eu3', { annotations: { 'kilo.squat.ai/force-endpoint': target().address.replace(/\d+$/, '99:51820') } });
  neighbour = await createPod(target().namespace, target().podCIDRs, { host: 20, mtu: 1370 });
  await Promise.all([
    ...federation.nodes().map(({ pod }) => serve(pod.namespace, [8080, 9090])),
    serve(neighbour.namespace, [8080]),
    ...['east-eu3', 'west-a2'].map((name) => serve(node(name).namespace, [22, 7443, 10_250])),
  ]);
  for (const cluster of federation.clusters.values())
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  await exportService('web', { address: target().pod.address, ports: { http: ['TCP', 8080], flow: ['UDP', 7000] } });
  await exportService('host', { address: target().address, ports: { https: ['TCP', 7443] } });
  meshAddresses = await until('mesh addresses', 30_000, async () => {
    const found = await Promise.all([
      east.get<MeshNode & KubeObject>(RESOURCE.meshNode, 'east-eu3'),
      federation.cluster('west').get<MeshNode & KubeObject>(RESOURCE.meshNode, 'west-a2'),
    ]);
    const [one, two] = found.map((each) => each?.status?.meshAddresses?.[0]);
    return one === undefined || two === undefined ? undefined : { 'east-eu3': one, 'west-a2': two };
  });
  await until('west to reach what east exports', 60_000, async () =>
    (await ask('west-a2', web())) === seenAs('west-a2') ? true : undefined,
  );
  await until('north to reach what east exports', 60_000, async () =>
    (await ask('north-b1', web())) === seenAs('north-b1') ? true : undefined,
  );
  await until('east to reach the others', 60_000, async () =>
    (await ask('east-eu3', { to: node('north-b1').pod.address, port: 8080 })) === seenAs('east-eu3') ? true : undefined,
  );
}, 180_000);

afterAll(async () => {
  await federation.stop();
}, 30_000);

/** The exported port of the exported pod. */
const web = (): Attempt => ({ to: target().pod.address, port: 8080 });

type Ports = Readonly<Record<string, readonly ['TCP' | 'UDP', number]>>;

/** A Service without a selector, with one endpoint. */
async function exportService(
  name: string,
  to: { readonly address: string; readonly ports: Ports },
  annotations: Readonly<Record<string, string>> = { 'kilofed.io/export': 'true' },
): Promise<void> {
  const ports = Object.entries(to.ports).map(([key, [protocol, port]]) => ({ name: key, protocol, port }));
  await east.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'demo', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports,
    endpoints: [{ addresses: [to.address], conditions: { ready: true } }],
  });
  await annotate(name, ports, annotations);
}

function annotate(name: string, ports: readonly object[], annotations: Readonly<Record<string, string>>): Promise<void> {
  return east.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'demo', annotations }, spec: { ports } });
}

const WEB_PORTS = [
  { name: 'http', protocol: 'TCP', port: 8080 },
  { name: 'flow', protocol: 'UDP', port: 7000 },
];

async function ask(from: string, attempt: Attempt): Promise<Outcome> {
  const [outcome = ''] = await knock(node(from).pod.namespace, [attempt]);
  return outcome;
}

function seenAs(name: string): Outcome {
  return `seen as ${node(name).pod.address}`;
}

/** How many packets of `member` the target's agent counts as not let in. */
async function denied(member: string): Promise<number> {
  const line = (await target().metrics())
    .split('\n')
    .find((each) => each.startsWith(`kilofed_node_denied_packets_total{member="${member}"`));
  return Number(line?.split(' ')[1] ?? Number.NaN);
}

/** What is not exported, all of it on one node. */
function closed(): Readonly<Record<string, Attempt>> {
  const at = target();
  return {
    'another port of the exported pod': { to: at.pod.address, port: 9090 },
    'the same by UDP': { to: at.pod.address, port: 9090, protocol: 'udp' },
    'the exported port by another protocol': { to: at.pod.address, port: 8080, protocol: 'udp' },
    'another pod at the exported port': { to: neighbour.address, port: 8080 },
    'a pod on another node': { to: node('east-eu1').pod.address, port: 8080 },
    "the node's SSH": { to: at.address, port: 22 },
    "the node's kubelet": { to: at.address, port: 10_250 },
    "the node's kubelet at its mesh address": { to: meshAddresses['east-eu3'], port: 10_250 },
    'the node at the address of its bridge': { to: at.podCIDR.replace(/0\/\d+$/, '1'), port: 10_250 },
  };
}

describe('M14: exported', () => {
  test('a pod reaches an exported pod and an exported port of a node, and nothing else of the other cluster', async () => {
    const at = target();
    const refused = await knock(node('west-a2').pod.namespace, Object.values(closed()));
    expect(Object.keys(closed()).map((what, index) => `${what}: ${refused[index]}`)).toEqual(
      Object.entries(closed()).map(([what, { protocol }]) => `${what}: ${protocol === 'udp' ? 'prohibited' : 'reset'}`),
    );
    expect(await ask('west-a2', web())).toBe(seenAs('west-a2'));
    expect(await ask('west-a2', { to: at.address, port: 7443 })).toBe(seenAs('west-a2'));
    expect(await denied('west')).toBeGreaterThan(0);
  }, 30_000);

  test('nobody of the own cluster is kept out, and what it asks of others is answered', async () => {
    const own = await knock(node('east-eu1').pod.namespace, [web(), ...Object.values(closed())]);
    expect(own.filter((outcome) => !outcome.startsWith('seen as'))).toEqual([]);
    for (const far of ['west-a1', 'north-b1'])
      expect(await ask('east-eu3', { to: node(far).pod.address, port: 9090 })).toBe(seenAs('east-eu3'));
  }, 30_000);

  test('a Mesh that says nothing lets members reach pods, not nodes', async () => {
    const there = node('west-a2');
    expect(await ask('east-eu3', { to: there.pod.address, port: 9090 })).toBe(seenAs('east-eu3'));
    expect(await ask('east-eu3', { to: meshAddresses['west-a2'], port: 10_250 })).toBe('reset');
  }, 30_000);

  test('answers come by whichever gateway, also to a cluster that lets in nothing else', async () => {
    const west = federation.cluster('west');
    await west.setMesh(EXPORTED);
    // west-a2 sends by its own tunnel, and is answered by the gateway that east uses, which has not seen the connection begin.
    await until('west to close its pods', 20_000, async () =>
      (await ask('east-eu3', { to: node('west-a2').pod.address, port: 8080 })) === seenAs('east-eu3') ? undefined : true,
    );
    for (const name of ['west-a1', 'west-a2']) expect([name, await ask(name, web())]).toEqual([name, seenAs(name)]);
    await west.setMesh({});
    await until('west to open its pods', 20_000, async () =>
      (await ask('east-eu3', { to: node('west-a2').pod.address, port: 8080 })) === seenAs('east-eu3') ? true : undefined,
    );
  }, 60_000);

  test('export-to holds on packets, also of a connection that is under way', async () => {
    const connections = await Promise.all(['west-a2', 'north-b1'].map((name) => connect(node(name).pod.namespace, web())));
    await annotate('web', WEB_PORTS, { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'north' });
    const began = performance.now();
    const [west, north] = await Promise.all(
      connections.map(({ ended }) => Promise.race([ended.then((at) => at - began), sleep(2_000).then(() => undefined)])),
    );
    expect(west).toBeLessThan(1_000);
    expect(north).toBeUndefined();
    expect([await ask('west-a2', web()), await ask('north-b1', web())]).toEqual(['reset', seenAs('north-b1')]);
    await annotate('web', WEB_PORTS, { 'kilofed.io/export': 'true' });
    await until('west to be let in again', 5_000, async () => ((await ask('west-a2', web())) === seenAs('west-a2') ? true : undefined));
  }, 30_000);

  test('un-export cuts within a second', async () => {
    const { ended } = await connect(node('west-a2').pod.namespace, web());
    await annotate('web', WEB_PORTS, {});
    const began = performance.now();
    expect((await Promise.race([ended, sleep(5_000).then(() => Number.NaN)])) - began).toBeLessThan(1_000);
    expect(await ask('west-a2', web())).toBe('reset');
    await annotate('web', WEB_PORTS, { 'kilofed.io/export': 'true' });
    await until('west to be let in again', 5_000, async () => ((await ask('west-a2', web())) === seenAs('west-a2') ? true : undefined));
  }, 30_000);

  test('a mode that becomes tighter cuts what it does not let in', async () => {
    const kubelet: Attempt = { to: target().address, port: 10_250 };
    await east.setMesh({ fromMembers: 'all' });
    await until('the node to be open', 5_000, async () => ((await ask('west-a2', kubelet)) === seenAs('west-a2') ? true : undefined));
    const [toNode, toWeb] = await Promise.all([kubelet, web()].map((door) => connect(node('west-a2').pod.namespace, door)));
    await east.setMesh(EXPORTED);
    const began = performance.now();
    expect((await Promise.race([toNode?.ended, sleep(5_000).then(() => Number.NaN)])) ?? Number.NaN).toBeLessThan(began + 1_000);
    expect(await Promise.race([toWeb?.ended, sleep(500).then(() => 'open')])).toBe('open');
  }, 30_000);

  test('audit counts and lets everything in', async () => {
    await east.setMesh({ ...EXPORTED, fromMembersMode: 'audit' });
    const doors = Object.values(closed());
    await until('all doors to open', 5_000, async () =>
      (await knock(node('west-a2').pod.namespace, doors)).every((outcome) => outcome === seenAs('west-a2')) ? true : undefined,
    );
    const before = await denied('west');
    await knock(node('west-a2').pod.namespace, doors);
    expect(await denied('west')).toBeGreaterThan(before);
    await east.setMesh(EXPORTED);
    await until('them to close', 5_000, async () =>
      (await knock(node('west-a2').pod.namespace, doors)).some((outcome) => outcome.startsWith('seen')) ? undefined : true,
    );
  }, 30_000);

  test('failover keeps it: what is exported goes on, and nothing else opens', async () => {
    const flow = await startFlow(node('west-a2').pod, { ...target().pod }, 100);
    const watch = watchClosed();
    const gateway = node('east-eu1');
    await gateway.namespace.exec(['ip', 'link', 'set', 'eth0', 'down']);
    await sleep(4_000);
    expect(await ask('west-a2', web())).toBe(seenAs('west-a2'));
    await gateway.namespace.exec(['ip', 'link', 'set', 'eth0', 'up']);
    await gateway.namespace.exec(['ip', 'route', 'replace', 'default', 'via', gateway.address.replace(/\d+$/, '1')]);
    expect(await watch.stop()).toEqual([]);
    const report = await flow.stop();
    expect(report.outageMs).toBeLessThan(3_000);
  }, 60_000);

  test('an agent that starts again loses no packet and never opens', async () => {
    await until('the node to be quiet', 30_000, async () => ((await ask('west-a2', web())) === seenAs('west-a2') ? true : undefined));
    await sleep(2_000);
    const flow = await startFlow(node('west-a2').pod, { ...target().pod }, 100);
    const watch = watchClosed();
    for (let time = 0; time < 2; time += 1) {
      await target().killAgent('SIGKILL');
      await sleep(300);
      target().startAgent();
      await sleep(2_000);
    }
    expect(await watch.stop()).toEqual([]);
    expect((await flow.stop()).lost).toBe(0);
  }, 60_000);

  test('after a boot without API server nothing is exported until it answers, and then what is', async () => {
    await target().killAgent('SIGKILL');
    await target().namespace.exec(['nft', 'delete', 'table', 'inet', 'kilofed']);
    await east.stopControlPlane();
    target().startAgent();
    await until('the agent to have worked', 10_000, async () => ((await ask('west-a2', web())) === 'reset' ? true : undefined));
    const doors = await knock(node('west-a2').pod.namespace, Object.values(closed()));
    expect(doors.filter((outcome) => outcome.startsWith('seen'))).toEqual([]);
    expect(await ask('east-eu1', web())).toBe(seenAs('east-eu1'));
    await east.startControlPlane();
    await until('what is exported to open', 30_000, async () => ((await ask('west-a2', web())) === seenAs('west-a2') ? true : undefined));
  }, 90_000);

  test('a cluster-agent that starts again writes nothing', async () => {
    await sleep(3_000);
    const before = await writeRequests(east);
    await east.stopControlPlane();
    await east.startControlPlane();
    await until('the API server', 30_000, async () => ((await east.get(RESOURCE.nodePolicy, 'east-eu3')) === undefined ? undefined : true));
    await sleep(5_000);
    const written = difference(before, await writeRequests(east));
    expect(Object.keys(written).filter((each) => each.includes('nodepolicies') && (written[each] ?? 0) > 0)).toEqual([]);
  }, 60_000);
});

/** Knocks all the while at what is closed. `stop`: what opened meanwhile. */
function watchClosed(): { stop(): Promise<string[]> } {
  const stop = new AbortController();
  const opened: string[] = [];
  const doors = closed();
  const running = (async () => {
    while (!stop.signal.aborted) {
      const outcomes = await knock(node('west-a2').pod.namespace, Object.values(doors));
      opened.push(...Object.keys(doors).filter((_, index) => outcomes[index]?.startsWith('seen') === true));
    }
  })();
  return {
    async stop() {
      stop.abort();
      await running;
      return opened;
    },
  };
}
