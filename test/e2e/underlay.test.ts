/**
 * The underlay of nodes, and how it changes: sizes, addresses, devices. Bare nodes with the programs as they ship.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import { RESOURCE } from '../../core/api/resources.js';
import { type BareCluster, type BareNode, startBareCluster } from '../bare/cluster.js';
import { reaches, startFlow } from '../bare/flow.js';
import { createLan, createWan, type Lan } from '../bare/network.js';
import { createFaults } from '../lab/network/faults.js';
import { run, sleep, until } from '../lab/process.js';

const DIR = '/tmp/kilofed-underlay';
const MESH = {
  apiVersion: 'kilofed.io/v1alpha1',
  kind: 'Mesh',
  metadata: { name: 'default' },
  spec: { wireguardCIDRs: ['10.4.0.0/16'], encapsulation: 'always', podNAT: true },
};

const faults = createFaults();
let cluster: BareCluster;
let lans: Readonly<Record<'eu' | 'us', Lan>>;
let eu1: BareNode;
let eu2: BareNode;
let eu3: BareNode;
let us1: BareNode;

/** eu has two gateways and a member, which all reach each other in VXLAN; us has one node. */
beforeAll(async () => {
  rmSync(DIR, { recursive: true, force: true });
  await createWan();
  lans = { eu: await createLan(1), us: await createLan(2) };
  cluster = await startBareCluster({
    name: 'east',
    dir: DIR,
    address: '172.16.1.1',
    meshCIDRs: ['10.4.0.0/16'],
    podPrefixes: ['10.42'],
    serviceCIDR: '10.96.0.0/16',
    meshSpec: MESH.spec,
  });
  eu1 = await cluster.addNode('eu1', { location: 'eu', lan: lans.eu, host: 11 });
  eu2 = await cluster.addNode('eu2', { location: 'eu', lan: lans.eu, host: 12 });
  eu3 = await cluster.addNode('eu3', { location: 'eu', lan: lans.eu, host: 13 });
  us1 = await cluster.addNode('us1', { location: 'us', lan: lans.us, host: 11 });
  await reachable(eu3, us1);
}, 120_000);

afterAll(async () => {
  await faults.healAll();
  await cluster.stop();
}, 30_000);

async function reachable(from: BareNode, to: BareNode): Promise<void> {
  await until(`${from.name} to reach ${to.name}`, 20_000, async () =>
    (await reaches(from.pod, to.pod, 500)) === undefined ? undefined : true,
  );
}

/** MTU of a device in the node. */
async function mtuOf(node: BareNode, device: string): Promise<number> {
  return Number(/ mtu (\d+)/.exec(await node.namespace.exec(['ip', 'link', 'show', 'dev', device]))?.[1]);
}

/** The network cards of a location, on both sides. */
async function setUnderlay(nodes: readonly BareNode[], lan: Lan, mtu: number): Promise<void> {
  for (const node of nodes) {
    await node.namespace.exec(['ip', 'link', 'set', 'eth0', 'mtu', String(mtu)]);
    await run(['ip', 'link', 'set', `v${lan.bridge.slice(3)}h${node.address.split('.')[3]}`, 'mtu', String(mtu)]);
  }
}

/** Pods as large as their node says that fits: what CNI mode does for new pods. */
async function setPods(nodes: readonly BareNode[], mtu: number): Promise<void> {
  for (const { namespace, pod } of nodes) {
    for (const device of ['pod10', 'cni0']) await namespace.exec(['ip', 'link', 'set', device, 'mtu', String(mtu)]);
    await pod.namespace.exec(['ip', 'link', 'set', 'eth0', 'mtu', String(mtu)]);
  }
}

/** Does one packet of `size` bytes, not to be split, get there and back? */
async function fits(from: BareNode, to: BareNode, size: number): Promise<boolean> {
  return from.pod.namespace.exec(['ping', '-c1', '-W1', '-M', 'do', '-s', String(size - 28), to.pod.address]).then(
    () => true,
    () => false,
  );
}

/** Bytes per second of TCP. */
async function throughput(from: BareNode, to: BareNode): Promise<number> {
  const server = to.pod.namespace.spawn(['iperf3', '-s', '-1', '-p', '5201']);
  await sleep(300);
  const printed = await from.pod.namespace.exec(['iperf3', '-c', to.pod.address, '-p', '5201', '-t', '1', '-J'], { timeoutMs: 15_000 });
  server.kill('SIGKILL');
  return (
    (JSON.parse(printed) as { readonly end: { readonly sum_received: { readonly bits_per_second: number } } }).end.sum_received
      .bits_per_second / 8
  );
}

const everybody = (): readonly (readonly [BareNode, BareNode])[] => [
  [eu1, us1],
  [us1, eu1],
  [eu3, us1],
  [us1, eu3],
  [eu3, eu1],
];

async function largestFits(size: number): Promise<string[]> {
  const wrong: string[] = [];
  for (const [from, to] of everybody()) {
    if (!(await fits(from, to, size))) wrong.push(`${size} bytes from ${from.name} to ${to.name} are lost`);
    if (await fits(from, to, size + 1)) wrong.push(`${size + 1} bytes from ${from.name} to ${to.name} are split`);
  }
  return wrong;
}

test('on 1,500 bytes the largest packet that a pod can send gets everywhere unsplit', async () => {
  expect(await Promise.all([mtuOf(eu1, 'kilo0'), mtuOf(eu1, 'kilovx'), mtuOf(eu3, 'kilovx')])).toEqual([1420, 1420, 1420]);
  await setPods([eu1, eu2, eu3, us1], 1420);
  expect(await largestFits(1420)).toEqual([]);
}, 60_000);

test('a change to 1,400 bytes is followed within seconds, and loses nothing that is small enough', async () => {
  const flow = await startFlow(eu3.pod, us1.pod, 100);
  const began = performance.now();
  await Promise.all([setUnderlay([eu1, eu2, eu3], lans.eu, 1400), setUnderlay([us1], lans.us, 1400)]);
  await until('all devices to follow', 10_000, async () => {
    const sizes = await Promise.all([
      mtuOf(eu1, 'kilo0'),
      mtuOf(eu1, 'kilo1'),
      mtuOf(eu2, 'kilo0'),
      mtuOf(us1, 'kilo0'),
      mtuOf(eu1, 'kilovx'),
      mtuOf(eu3, 'kilovx'),
    ]);
    return sizes.every((size) => size === 1320) ? true : undefined;
  });
  expect(performance.now() - began).toBeLessThan(5_000);
  await setPods([eu1, eu2, eu3, us1], 1320);
  expect(await largestFits(1320)).toEqual([]);
  expect(await flow.stop()).toMatchObject({ lost: 0 });
}, 60_000);

test('pods that were not told pass TCP, by its clamped MSS, and learn of what is too large for UDP', async () => {
  await setPods([eu1, eu2, eu3, us1], 1500);
  for (const [from, to] of everybody())
    expect([from.name, to.name, (await throughput(from, to)) > 100_000]).toEqual([from.name, to.name, true]);
  const told = await eu3.pod.namespace
    .exec(['ping', '-c1', '-W1', '-M', 'do', '-s', '1400', us1.pod.address])
    .catch((error: unknown) => String(error));
  expect(told).toMatch(/(Frag needed|message too long).*mtu ?= ?1320/i);
  await setPods([eu1, eu2, eu3, us1], 1320);
}, 60_000);

const internalIPs = async (name: string): Promise<readonly string[] | undefined> =>
  ((await cluster.get(RESOURCE.meshNode, name)) as MeshNode | undefined)?.spec.internalIPs;

test("a prefix length that changes is in the node's MeshNode within two seconds", async () => {
  expect(await internalIPs('eu1')).toEqual(['172.20.1.11/24']);
  const began = performance.now();
  // The new one first: without any address the node would lose its routes.
  await eu1.namespace.exec(['ip', '-batch', '-'], { input: 'addr add 172.20.1.11/23 dev eth0\naddr del 172.20.1.11/24 dev eth0\n' });
  await until('the MeshNode', 5_000, async () => ((await internalIPs('eu1'))?.join() === '172.20.1.11/23' ? true : undefined));
  expect(performance.now() - began).toBeLessThan(2_000);
  await reachable(us1, eu1);
}, 30_000);

test('an address that moves to another device takes the nexthops over the underlay with it', async () => {
  const { namespace } = eu3;
  const nexthops = async (): Promise<string> => namespace.exec(['ip', 'nexthop', 'show', 'proto', '107']);
  // Without VXLAN packets go straight to the gateways.
  await cluster.apply({ ...MESH, spec: { ...MESH.spec, encapsulation: 'never' } });
  await until('nexthops over the card', 10_000, async () => ((await nexthops()).includes('dev eth0') ? true : undefined));
  await reachable(eu3, us1);
  const began = performance.now();
  // A bridge over the card, as hypervisors make one.
  await namespace.exec(['ip', '-batch', '-'], {
    input: `link add br0 type bridge
      link set eth0 master br0
      link set br0 mtu 1400 up
      addr del 172.20.1.13/24 dev eth0
      addr add 172.20.1.13/24 dev br0
      route replace default via 172.20.1.1 dev br0\n`,
  });
  await until('nexthops over the bridge', 10_000, async () => {
    const now = await nexthops();
    return now.includes('dev br0') && !now.includes('dev eth0') ? true : undefined;
  });
  expect(performance.now() - began).toBeLessThan(3_000);
  await reachable(eu3, us1);
  await reachable(us1, eu3);
  expect(await eu3.health()).toContain('matched');
}, 40_000);

test('a tunnel whose far end has lost its last address gets its configured endpoint again', async () => {
  const elsewhere = us1.address.replace(/\d+$/, '99');
  const isSentTo = (address: string, ms: number): Promise<true> =>
    until(`eu1 to send to ${address}`, ms, async () =>
      (await eu1.namespace.exec(['wg', 'show', 'kilo0', 'endpoints'])).includes(`\t${address}:`) ? true : undefined,
    );
  await us1.namespace.exec(['ip', '-batch', '-'], {
    input: `addr add ${elsewhere}/24 dev eth0\nroute replace default via ${lans.us.gateway} src ${elsewhere}\n`,
  });
  await isSentTo(elsewhere, 5_000);
  // Nobody there has anything to say, and nothing would get out: what tells eu1 is its own silence.
  await us1.killAgent('SIGKILL');
  await us1.namespace.exec(['nft', '-f', '-'], {
    input: 'table inet mute {\n chain out { type filter hook output priority 0; udp sport 51820-51821 drop\n }\n}\n',
  });
  await us1.namespace.exec(['ip', '-batch', '-'], {
    input: `addr del ${elsewhere}/24 dev eth0\nroute replace default via ${lans.us.gateway}\n`,
  });
  await isSentTo(us1.address, 25_000);
  await us1.namespace.exec(['nft', 'delete', 'table', 'inet', 'mute']);
  await reachable(eu3, us1);
  us1.startAgent();
}, 60_000);

/** Of us1. */
const metric = async (name: string): Promise<string> =>
  (await us1.metrics())
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.slice(name.length + 1) ?? '';
const works = async (plane: 0 | 1): Promise<boolean> =>
  (await metric(`kilofed_node_path_up{kind="tunnel",path="tunnel/${plane}/location:eu"}`)) === '1';
const peersRecreated = async (): Promise<number> => Number(await metric('kilofed_node_tunnel_repairs_total{kind="recreatePeer"}'));

test('traffic leaves a tunnel that receives nothing, its peer is recreated, and it is used again when it works', async () => {
  await until('the tunnel', 20_000, async () => ((await works(0)) ? true : undefined));
  const before = await peersRecreated();
  const flow = await startFlow(eu3.pod, us1.pod, 100);
  await sleep(3_000);
  // What us1 sends arrives, and nothing comes back.
  const fault = await faults.dropOneWay(eu1, us1.address);
  await until('us1 to recreate its peer', 15_000, async () => ((await peersRecreated()) > before && !(await works(0)) ? true : undefined));
  await fault.heal();
  await until('the tunnel to work', 15_000, async () => ((await works(0)) ? true : undefined));
  expect((await flow.stop()).outageMs).toBeLessThan(1_500);
}, 60_000);

test('where all tunnels receive handshakes only, as after a fault of the kernel, the peers are recreated after half a minute', async () => {
  const before = await peersRecreated();
  // The type of a WireGuard message is the first byte of the UDP payload; 4 is data.
  await us1.namespace.exec(['nft', '-f', '-'], {
    input: 'table inet stall {\n chain in { type filter hook input priority 0; udp sport 51820-51821 @th,64,8 4 drop\n }\n}\n',
  });
  await until('both to fail', 10_000, async () => ((await works(0)) || (await works(1)) ? undefined : true));
  await until('us1 to recreate both peers', 50_000, async () => ((await peersRecreated()) >= before + 2 ? true : undefined));
  await us1.namespace.exec(['nft', 'delete', 'table', 'inet', 'stall']);
  await until('both to work', 20_000, async () => ((await works(0)) && (await works(1)) ? true : undefined));
  await reachable(eu3, us1);
}, 100_000);

test('a flow that tried before its destination joined works within a second of the join', async () => {
  // Its address is known before it joins; the router drops what goes there, and the node translates it meanwhile.
  const future = { ...us1.pod, address: '10.42.5.10' };
  const flow = await startFlow(eu3.pod, future, 100);
  await sleep(1000);
  expect(await eu3.namespace.exec(['conntrack', '-L', '-d', future.address, '-q', '172.20.1.13'])).toContain('dst=10.42.5.10');
  const added = await cluster.addNode('us2', { location: 'us', lan: lans.us, host: 12 });
  expect(added.pod.address).toBe(future.address);
  await reachable(us1, added);
  const joined = await until('the prefix to be routed', 20_000, async () =>
    (await eu3.namespace.exec(['ip', 'route', 'show', '10.42.5.0/24', 'proto', '107'])).includes('nhid') ? performance.now() : undefined,
  );
  await sleep(2_000);
  const watched = performance.now() - joined;
  // What left between the first route and the end of the translation may have come under the node's address; nothing does any more.
  const translated = await eu3.namespace.exec(['conntrack', '-L', '-d', future.address, '-q', '172.20.1.13']);
  const report = await flow.stop();
  expect(translated).not.toContain('dst=10.42.5.10');
  expect(report.seenAs).toContain(eu3.pod.address);
  // At the end of the flow nothing was lost any more: what came are all packets but those of the first second after the join.
  expect(report.received).toBeGreaterThan((watched - 1_000) / 10);
}, 60_000);
