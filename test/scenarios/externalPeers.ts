/**
 * External peers beside everything else: a laptop that keeps no tunnel alive, and a peer whose name stops resolving. For
 * minutes, in which nobody loses a packet.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { type FlowPod, startFlow, withFlows } from '../bare/flow.js';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { plug } from '../bare/network.js';
import { addWireguardDevice } from '../bare/wireguardDevice.js';
import { run, sleep, until } from '../lab/process.js';
import type { Figure } from '../bench/measure.js';
import { figure, losses, NONE_LOST, type Row, type RowContext } from './row.js';
import { manyFlows, watch } from './watch.js';
import type { World } from './world.js';

/** Three minutes at ten rounds, for Kilo disturbed its peers every thirty seconds; 40 s in tests. */
const watchedMs = (rounds: number): number => (rounds >= 10 ? 180_000 : 40_000);
const NAME = 'router.lab.kilofed.example';

export const externalPeers: Row = {
  name: 'a laptop without keepalive, and a peer whose name stops resolving',
  seconds: (rounds) => 20 + watchedMs(rounds) / 1000,
  run: runRow,
};

async function runRow({ world, rounds, note }: RowContext): Promise<readonly Figure[]> {
  await world.calm('anew');
  const laptop = await addExternalPeer(world, { name: 'laptop', address: '10.5.0.1', host: 11 });
  const router = await addExternalPeer(world, { name: 'router', address: '10.5.0.2', host: 12, dns: NAME });
  await until('the external peers to get through', 20_000, async () => {
    const answers = await Promise.all(
      [laptop, router].map((each) =>
        each.flows.tell<string | null>({ do: 'ask', to: world.node('east-a3').pod.address, port: 7000, ms: 1_000 }),
      ),
    );
    return answers.every((answer) => answer !== null) ? true : undefined;
  });
  const pods = ['east-a3', 'east-a1'].map((name) => world.node(name).pod);
  // The laptop speaks first; the router is spoken to, so its endpoint matters.
  const flows = await Promise.all([
    ...pods.map(async (pod) => ({ who: 'laptop', flow: await startFlow(laptop, pod, 50) })),
    ...pods.map(async (pod) => ({ who: 'router', flow: await startFlow(pod, router, 50) })),
  ]);
  note(`for ${watchedMs(rounds) / 1000} s`);
  const others = await watch(
    world,
    manyFlows().map((flow) => ({ ...flow, packetsPerSecond: Math.min(flow.packetsPerSecond, 100) })),
    async () => {
      await sleep(5_000);
      writeHosts(world, '');
      await sleep(watchedMs(rounds) - 5_000);
    },
  );
  // Agents ask every thirty seconds. Otherwise nobody has noticed that the name is gone, and nothing is shown.
  const unaware = GATEWAYS.filter(
    (name) =>
      !world
        .node(name)
        .logged('An endpoint name cannot be resolved')
        .some((line) => line.includes(NAME)),
  );
  if (unaware.length > 0) throw new Error(`${unaware.join(', ')} did not find that the name is gone`);
  const reports = await Promise.all(flows.map(async ({ who, flow }) => ({ who, report: await flow.stop() })));
  for (const { who, report } of reports)
    note(`${who}: lost ${report.lost} of ${report.sent}, longest silence ${Math.round(report.outageMs)} ms`);
  for (const name of ['laptop', 'router']) await world.east.remove(RESOURCE.peer, name);
  laptop.namespace.stop();
  router.namespace.stop();
  const lostBy = (who: string): number[] => reports.filter((each) => each.who === who).map(({ report }) => report.lost);
  return [
    ...figure('a laptop with keepalive 0: lost', 'packets', lostBy('laptop'), NONE_LOST),
    ...figure('a peer whose name stops resolving: lost', 'packets', lostBy('router'), NONE_LOST),
    ...losses('external peers: lost by everybody else', others, NONE_LOST),
  ];
}

interface ExternalPeer {
  readonly name: string;
  readonly address: string;
  readonly host: number;
  /** How gateways find it; absent: they wait for it to speak. */
  readonly dns?: string;
}

/** A machine on the WAN side with a tunnel to the gateways of east, configured by hand, and its Peer in east. */
async function addExternalPeer(world: World, { name, address, host, dns }: ExternalPeer): Promise<FlowPod> {
  const stateDir = `${world.federation.dir}/external/${name}`;
  mkdirSync(stateDir, { recursive: true });
  const namespace = await createNamespace(name, stateDir);
  const [outer = ''] = await plug(namespace, world.spareLan, host);
  const secret = (await run(['wg', 'genkey'])).trim();
  const publicKey = (await run(['wg', 'pubkey'], { input: `${secret}\n` })).trim();
  if (dns !== undefined) await resolveAt(world, `${outer} ${dns}\n`);
  await world.east.apply({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name },
    spec: {
      allowedIPs: [`${address}/32`],
      publicKey,
      persistentKeepalive: 0,
      ...(dns === undefined ? {} : { endpoint: { dnsOrIP: { dns }, port: PORT } }),
    },
  });
  await tunnel(world, namespace, { address, secret });
  return withFlows({ address, addresses: [address], namespace });
}

const PORT = 51_820;

/** One peer: the first gateway of location a, for all of the location's prefixes. */
async function tunnel(
  world: World,
  namespace: Namespace,
  { address, secret }: { readonly address: string; readonly secret: string },
): Promise<void> {
  const gateway = await world.east.get<MeshNode & KubeObject>(RESOURCE.meshNode, 'east-a1');
  const pods = ['east-a1', 'east-a2', 'east-a3'].map((name) => world.node(name).podCIDR);
  await addWireguardDevice(namespace, 'wg0');
  await namespace.exec([
    'bash',
    '-c',
    'wg set wg0 private-key <(echo "$1") listen-port "$2" peer "$3" endpoint "$4" allowed-ips "$5"',
    'wg',
    secret,
    String(PORT),
    gateway?.spec.publicKey ?? '',
    `${world.node('east-a1').address}:${PORT}`,
    pods.join(),
  ]);
  await namespace.exec(['ip', '-batch', '-'], {
    input: [
      `addr add ${address}/32 dev wg0`,
      'link set wg0 mtu 1420 up',
      ...pods.map((pod) => `route add ${pod} dev wg0 src ${address}`),
      '',
    ].join('\n'),
  });
}

/** Of location a. */
const GATEWAYS = ['east-a1', 'east-a2'];

/** They resolve names from a file of their own. */
async function resolveAt(world: World, hosts: string): Promise<void> {
  writeHosts(world, hosts);
  for (const name of GATEWAYS) {
    await world.node(name).namespace.exec(['mount', '--bind', `${world.federation.dir}/hosts`, '/etc/hosts']);
  }
}

function writeHosts(world: World, hosts: string): void {
  // In place: the mount is of this very file.
  writeFileSync(`${world.federation.dir}/hosts`, `127.0.0.1 localhost\n${hosts}`);
}
