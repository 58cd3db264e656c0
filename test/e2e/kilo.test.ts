/**
 * A cluster moves from Kilo (docs/migrate-from-kilo.md) while its pods and a laptop talk: what Kilo's agent lays down on three
 * nodes in two locations, and our programs as they ship, told by `besideKilo` what to do.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MeshNode } from '../../core/api/meshNode.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { type BareCluster, type BareNode, startBareCluster } from '../bare/cluster.js';
import { type Flow, reaches, startFlow } from '../bare/flow.js';
import { createMachine, type Machine } from '../bare/machine.js';
import { createLan, createWan } from '../bare/network.js';
import { endKilo, type KiloNode, kiloTexts, layKilo } from '../host/kiloState.js';
import { sleep, until } from '../lab/process.js';

const DIR = '/tmp/kilofed-kilo';
const LAPTOP = '10.9.0.1';
/** Kilo's own addresses of those that lead. */
const LEADERS: Readonly<Record<string, string>> = { eu1: '10.4.0.1', us1: '10.4.0.2' };

let cluster: BareCluster;
let nodes: readonly BareNode[];
let kilos: ReadonlyMap<string, KiloNode>;
let laptop: Machine;
let flows: readonly Flow[];
let external: Flow;
let keyOfUs1: string;
let eu1: BareNode;
let us1: BareNode;

/** The agents run for a moment, for the keys that they make are the ones that Kilo's then has. */
beforeAll(async () => {
  rmSync(DIR, { recursive: true, force: true });
  await createWan();
  const [eu, us] = [await createLan(1), await createLan(2)];
  cluster = await startBareCluster({
    name: 'east',
    dir: DIR,
    address: '172.16.1.1',
    meshCIDRs: ['10.5.0.0/24'],
    podPrefixes: ['10.42'],
    serviceCIDR: '10.96.0.0/16',
    meshSpec: { besideKilo: 'behind' },
  });
  eu1 = await cluster.addNode('eu1', { location: 'eu', lan: eu, host: 11 });
  const eu2 = await cluster.addNode('eu2', { location: 'eu', lan: eu, host: 12 });
  us1 = await cluster.addNode('us1', { location: 'us', lan: us, host: 11 });
  nodes = [eu1, eu2, us1];
  const keys = new Map<string, string>();
  for (const { name } of nodes) keys.set(name, await until(`the key of ${name}`, 20_000, async () => (await specOf(name))?.publicKey));
  keyOfUs1 = keys.get('us1') ?? '';
  for (const node of nodes) await node.killAgent('SIGTERM');
  kilos = new Map(nodes.map((node) => [node.name, kiloOf(node, keys)]));
  for (const node of nodes) await layKilo(node.namespace, kilos.get(node.name) as KiloNode);
  laptop = await createMachine({ name: 'laptop', dir: DIR, lan: us, host: 60, address: LAPTOP });
  await eu1.namespace.exec(['wg', 'set', 'kilo0', 'peer', laptop.publicKey, 'allowed-ips', `${LAPTOP}/32`]);
  await eu1.namespace.exec(['ip', 'route', 'add', LAPTOP, 'dev', 'kilo0', 'proto', 'static']);
  await cluster.apply({
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name: 'laptop' },
    spec: { allowedIPs: [`${LAPTOP}/32`], publicKey: laptop.publicKey },
  });
  await laptop.connect(confOf(keys.get('eu1') ?? ''));
  const pairs: readonly (readonly [BareNode, BareNode])[] = [
    [eu1, us1],
    [us1, eu2],
    [eu2, us1],
    [eu2, eu1],
  ];
  for (const [from, to] of pairs) expect(await reaches(from.pod, to.pod, 3000)).toBe(from.pod.address);
  expect(await reaches(laptop, eu1.pod, 3000)).toBe(LAPTOP);
  flows = await Promise.all(pairs.map(([from, to]) => startFlow(from.pod, to.pod, 100)));
  external = await startFlow(laptop, eu1.pod, 100);
}, 120_000);

afterAll(async () => {
  laptop.stop();
  await cluster.stop();
}, 30_000);

test.each<[string, 'behind' | 'ahead' | undefined]>([
  ['beside Kilo, behind it: its tunnels carry all', undefined],
  ['ahead of it: ours do', 'ahead'],
  ['and back', 'behind'],
  ['and ahead again', 'ahead'],
])(
  '%s',
  async (_what, side) => {
    if (side === undefined) for (const node of nodes) node.startAgent();
    else await cluster.setMesh({ besideKilo: side });
    await until(
      'all to change sides',
      20_000,
      async () =>
        ((await rulesOf()).every((rules) => rules.includes('lookup 1108') === (side === 'ahead')) && (await allMatch())) || undefined,
    );
    const [byKilo, byUs] = await sentIn(1000);
    // There are two flows of 100 packets a second; probes are beside them.
    expect(side === 'ahead' ? [byKilo < 1000, byUs > 10_000] : [byKilo > 10_000, byUs < 10_000]).toEqual([true, true]);
  },
  60_000,
);

test('Kilo goes: nobody but external peers notices', async () => {
  const report = await external.stop();
  expect([report.sent > 300, report.lost]).toEqual([true, 0]);
  for (const node of nodes) await endKilo(node.namespace, kilos.get(node.name) as KiloNode);
  // Its agent takes its routes along, that to the laptop, too.
  await eu1.namespace.exec(['ip', 'route', 'del', LAPTOP, 'dev', 'kilo0', 'proto', 'static']);
  expect(await reaches(laptop, eu1.pod, 500)).toBeUndefined();
  await sleep(500);
}, 30_000);

test('alone: the tunnel of the laptop is the same one, and nothing of Kilo is left', async () => {
  const session = await handshakeOf(laptop.publicKey);
  await cluster.setMesh({});
  await until('the laptop to be answered', 20_000, () => reaches(laptop, eu1.pod, 500));
  await until('nothing of Kilo', 20_000, async () => ((await leftovers()).length === 0 && (await allMatch())) || undefined);
  expect(await handshakeOf(laptop.publicKey)).toBe(session);
  expect((await rulesOf()).filter((rules) => rules.includes('lookup 1108'))).toEqual([]);
  // A node looks at itself again a second after it has removed the last of it, and tells then.
  const told = async (): Promise<readonly unknown[]> => Promise.all(nodes.map(async ({ name }) => (await specOf(name))?.kilo));
  await until('the MeshNodes to say nothing of Kilo', 5_000, async () => (await told()).every((kilo) => kilo === undefined) || undefined);
}, 60_000);

test('from Kilo to here, no flow between pods has lost a packet', async () => {
  await sleep(1000);
  const reports = await Promise.all(flows.map((flow) => flow.stop()));
  for (const report of reports) expect([report.sent > 500, report.lost]).toEqual([true, 0]);
}, 30_000);

function kiloOf(node: BareNode, keys: ReadonlyMap<string, string>): KiloNode {
  const isNear = (other: BareNode): boolean => other !== node && other.name.slice(0, 2) === node.name.slice(0, 2);
  const near = nodes.filter(isNear);
  const own = LEADERS[node.name];
  return {
    keyFile: '/var/lib/kilofed/key',
    ...(own === undefined ? { leader: near.find(({ name }) => name in LEADERS)?.address ?? '' } : { address: `${own}/16` }),
    internalIP: node.address,
    podCIDR: node.podCIDR,
    neighbours: near.map(({ address, podCIDR }) => ({ internalIP: address, podCIDR })),
    peers: nodes
      .filter((far) => far !== node && !isNear(far) && far.name in LEADERS)
      .map((far) => {
        const behind = nodes.filter(({ name }) => name.startsWith(far.name.slice(0, 2)));
        return {
          publicKey: keys.get(far.name) ?? '',
          endpoint: `${far.address}:51820`,
          address: LEADERS[far.name] ?? '',
          podCIDRs: behind.map(({ podCIDR }) => podCIDR),
          internalIPs: behind.map(({ address }) => address),
        };
      }),
  };
}

/** As `kgctl showconf peer` prints. */
function confOf(publicKey: string): string {
  return `[Interface]
Address = ${LAPTOP}/32
PostUp = wg set %i private-key /etc/wireguard/%i.key

[Peer]
PublicKey = ${publicKey}
AllowedIPs = ${eu1.podCIDR}
Endpoint = ${eu1.address}:51820
`;
}

async function specOf(name: string): Promise<Partial<MeshNode['spec']> | undefined> {
  return (await cluster.get<KubeObject & { readonly spec?: Partial<MeshNode['spec']> }>(RESOURCE.meshNode, name))?.spec;
}

/** But for `kilo0`, which is ours now. */
async function leftovers(): Promise<readonly string[]> {
  const texts = await Promise.all(nodes.map(({ namespace }) => kiloTexts(namespace)));
  return texts.flatMap((text) => text.split('\n')).filter((line) => !/^(kilo0 +\S+ *)?$/.test(line));
}

function rulesOf(): Promise<readonly string[]> {
  return Promise.all(nodes.map(({ namespace }) => namespace.exec(['ip', 'rule'])));
}

async function allMatch(): Promise<boolean> {
  return (await Promise.all(nodes.map((node) => node.health()))).every((text) => text.startsWith('matched'));
}

/** Bytes from eu1 to us1 by `kilo0`, which is Kilo's, and by `kilo1`. */
async function sentIn(ms: number): Promise<readonly [number, number]> {
  const read = async (device: string): Promise<number> => {
    const lines = (await eu1.namespace.exec(['wg', 'show', device, 'transfer'])).split('\n').map((line) => line.split('\t'));
    return Number(lines.find(([key]) => key === keyOfUs1)?.[2] ?? 0);
  };
  const [kilo0, kilo1] = [await read('kilo0'), await read('kilo1')];
  await sleep(ms);
  return [(await read('kilo0')) - kilo0, (await read('kilo1')) - kilo1];
}

async function handshakeOf(key: string): Promise<string | undefined> {
  return (await eu1.namespace.exec(['wg', 'show', 'kilo0', 'latest-handshakes'])).split('\n').find((line) => line.startsWith(key));
}
