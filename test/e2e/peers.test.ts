/**
 * People's machines as Peers: a laptop that speaks when it wants to, a router with a network behind it and a preshared key, a
 * desk whose name moves and then goes, and Peers that are wrong. Nobody else loses a packet by any of them.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { subjectText } from '../../core/api/problem.js';
import type { Peer } from '../../core/api/peer.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { listObjects } from '../../kube/wire/apply.js';
import { type BareCluster, type BareNode, PROGRAM } from '../bare/cluster.js';
import { type FlowEnd, type FlowReport, reaches, startFlow } from '../bare/flow.js';
import { createMachine, type Machine } from '../bare/machine.js';
import { createLan, type Lan } from '../bare/network.js';
import { attempt, run, sleep, until } from '../lab/process.js';
import { type Federation, startFederation, untilAllReach } from './federation.js';

const DIR = '/tmp/kilofed-e2e-peers';
const DESK = 'desk.lab.kilofed.example';
const BEHIND = '192.168.77.1';

let federation: Federation;
let east: BareCluster;
let outside: Lan;
let laptop: Machine;
let router: Machine;
let desk: Machine;

const node = (name: string): BareNode => federation.nodes().find((each) => each.name === name) as BareNode;
const eastNodes = (): BareNode[] => ['east-a1', 'east-a2', 'east-b1'].map(node);

beforeAll(async () => {
  federation = await startFederation(
    [
      { name: 'east', index: 1, locations: { a: 2, b: 1 } },
      { name: 'west', index: 2, locations: { c: 1 } },
    ],
    { dir: DIR },
  );
  east = federation.cluster('east');
  outside = await createLan(50);
  expect(await untilAllReach(federation)).toEqual([]);
  const at = (name: string, number: number, listenPort?: number): Promise<Machine> =>
    createMachine({
      name,
      dir: DIR,
      lan: outside,
      host: 10 + number,
      address: `10.5.0.${number}`,
      ...(listenPort === undefined ? {} : { listenPort }),
    });
  [laptop, router, desk] = await Promise.all([at('laptop', 1), at('router', 2), at('desk', 3, 51_820)]);
}, 120_000);

afterAll(async () => {
  for (const machine of [laptop, router, desk]) machine.stop();
  await federation.stop();
  await run(['ip', 'link', 'delete', outside.bridge]);
}, 30_000);

function peer(name: string, spec: object): object {
  return { apiVersion: 'kilo.squat.ai/v1alpha1', kind: 'Peer', metadata: { name }, spec };
}

const showconf = (name: string): Promise<string> =>
  run([process.execPath, PROGRAM, 'showconf', name, '--kubeconfig', `${DIR}/east/admin.kubeconfig`]);

/** `status reason` of the condition of each Peer in east. */
async function readiness(): Promise<ReadonlyMap<string, string>> {
  const all = await listObjects<KubeObject & Peer>(east.client, RESOURCE.peer);
  if (!all.ok) throw new Error(all.error.message);
  return new Map(
    all.value.map(({ metadata: { name }, status }) => [
      name,
      (status?.conditions ?? []).map(({ status: ready, reason }) => `${ready} ${reason}`).join(),
    ]),
  );
}

async function answered(from: FlowEnd, to: FlowEnd, ms = 20_000): Promise<string> {
  return until(`${to.address} to answer ${from.address}`, ms, () => reaches(from, to, 500));
}

/** Flows between nodes, there and back, while `act` runs. */
async function undisturbed(act: () => Promise<void>, more: readonly (readonly [FlowEnd, FlowEnd])[] = []): Promise<void> {
  const pairs: readonly (readonly [FlowEnd, FlowEnd])[] = [
    [node('east-a1').pod, node('east-b1').pod],
    [node('east-a2').pod, node('west-c1').pod],
    ...more,
  ];
  const flows = await Promise.all(pairs.map(([from, to]) => startFlow(from, to, 100)));
  await sleep(300);
  const failed = await act().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const reports: FlowReport[] = await Promise.all(flows.map((flow) => flow.stop()));
  if (failed !== undefined) throw failed.error;
  expect(reports.map(({ lost }) => lost)).toEqual(pairs.map(() => 0));
}

test('a laptop that keeps nothing alive joins with what showconf prints, and is seen as itself by every pod of the cluster', async () => {
  await undisturbed(async () => {
    await east.apply(peer('laptop', { allowedIPs: ['10.5.0.1/32'], publicKey: laptop.publicKey }));
    await laptop.connect(await showconf('laptop'));
    for (const { pod } of eastNodes()) expect(await answered(laptop, pod)).toBe(laptop.address);
  });
}, 60_000);

test('a router with a preshared key brings the network behind it', async () => {
  const presharedKey = (await run(['wg', 'genpsk'])).trim();
  await undisturbed(async () => {
    await east.apply(
      peer('router', { allowedIPs: ['10.5.0.2/32', '192.168.77.0/24'], publicKey: router.publicKey, presharedKey, persistentKeepalive: 1 }),
    );
    const conf = await showconf('router');
    expect(conf).toContain(`PresharedKey = ${presharedKey}`);
    await router.connect(conf);
    await router.namespace.exec(['ip', 'addr', 'add', `${BEHIND}/32`, 'dev', 'lo']);
    // Nobody behind it speaks first: the keepalive is what opens the way.
    for (const { pod } of eastNodes()) expect(await answered(pod, { ...router, address: BEHIND })).toBe(pod.address);
  }, [[laptop, node('east-b1').pod]]);
}, 60_000);

test('another preshared key on one side ends that tunnel alone, and the same on both brings it back', async () => {
  const presharedKey = (await run(['wg', 'genpsk'])).trim();
  await undisturbed(async () => {
    await east.apply(
      peer('router', { allowedIPs: ['10.5.0.2/32', '192.168.77.0/24'], publicKey: router.publicKey, presharedKey, persistentKeepalive: 1 }),
    );
    await until('the new key at the gateway', 10_000, async () =>
      (await node('east-a1').namespace.exec(['wg', 'show', 'kilo0', 'preshared-keys'])).includes(presharedKey) ? true : undefined,
    );
    await router.connect(await showconf('router'));
    expect(await answered(node('east-b1').pod, { ...router, address: BEHIND })).toBe(node('east-b1').pod.address);
  }, [[laptop, node('east-b1').pod]]);
}, 60_000);

test('a name that moves is followed, and one that stops resolving is kept; nobody else notices', async () => {
  const at = (address: string | undefined): void =>
    writeFileSync(`${DIR}/hosts`, `127.0.0.1 localhost\n${address === undefined ? '' : `${address} ${DESK}\n`}`);
  at(desk.outer);
  for (const { namespace } of eastNodes()) await namespace.exec(['mount', '--bind', `${DIR}/hosts`, '/etc/hosts']);
  await east.apply(
    peer('desk', { allowedIPs: ['10.5.0.3/32'], publicKey: desk.publicKey, endpoint: { dnsOrIP: { dns: DESK }, port: 51_820 } }),
  );
  await desk.connect(await showconf('desk'));
  // The desk knows one gateway of each location; what another one has for it goes by that.
  for (const { pod } of eastNodes()) expect(await answered(pod, desk)).toBe(pod.address);
  await undisturbed(async () => {
    const moved = `${outside.prefix}.200`;
    // As by DHCP: the machine does not know whom it should tell.
    await desk.namespace.exec(['ip', '-batch', '-'], {
      input: `addr del ${desk.outer}/24 dev eth0\naddr add ${moved}/24 dev eth0\nroute replace default via ${outside.gateway}\n`,
    });
    at(moved);
    await until('the gateways to follow', 45_000, async () =>
      (await node('east-a1').namespace.exec(['wg', 'show', 'kilo0', 'endpoints'])).includes(`${moved}:51820`) ? true : undefined,
    );
    expect(await answered(node('east-b1').pod, desk)).toBe(node('east-b1').pod.address);
    at(undefined);
    await Promise.all(
      eastNodes().map(({ name, logged }) =>
        until(`${name} to ask in vain`, 35_000, () =>
          logged('An endpoint name cannot be resolved').some((line) => line.includes(DESK)) ? true : undefined,
        ),
      ),
    );
    // What an agent makes of it, it has made of it by then.
    await sleep(1_000);
    for (const { name, namespace } of eastNodes())
      expect([name, await namespace.exec(['wg', 'show', 'kilo0', 'endpoints'])]).toEqual([
        name,
        expect.stringContaining(`${desk.publicKey}\t${moved}:51820`),
      ]);
    for (const { pod } of eastNodes()) expect(await answered(pod, desk)).toBe(pod.address);
  }, [[laptop, node('east-a2').pod]]);
}, 120_000);

test('Peers that are wrong are refused, or left out with a reason; nobody else notices', async () => {
  const key = async (): Promise<string> => (await run(['wg', 'pubkey'], { input: await run(['wg', 'genkey']) })).trim();
  const refused: readonly (readonly [object, RegExp])[] = [
    [{ allowedIPs: ['10.5.9.1/32'], publicKey: 'short' }, /publicKey/],
    [{ allowedIPs: ['10.5.9.1/33'], publicKey: await key() }, /allowedIPs/],
    [{ allowedIPs: ['10.5.9.1/32'], publicKey: await key(), presharedKey: 'secret' }, /presharedKey/],
    [{ allowedIPs: ['10.5.9.1/32'], publicKey: await key(), endpoint: { dnsOrIP: { ip: 'nowhere' }, port: 1 } }, /ip/],
    [{ allowedIPs: ['10.5.9.1/32'], publicKey: await key(), endpoint: { dnsOrIP: { dns: 'a.example' }, port: 70_000 } }, /port/],
    [{ allowedIPs: ['10.5.9.1/32'], publicKey: await key(), persistentKeepalive: 10_000_000_000 }, /seconds/],
  ];
  const wrong: Readonly<Record<string, object>> = {
    'bad-pods': { allowedIPs: [node('east-b1').podCIDR], publicKey: await key() },
    'bad-twin': { allowedIPs: ['10.5.9.2/32'], publicKey: laptop.publicKey },
    'bad-taken': { allowedIPs: ['10.5.0.1/32'], publicKey: await key() },
    'bad-default': { allowedIPs: ['0.0.0.0/0'], publicKey: await key() },
    'bad-loopback': { allowedIPs: ['127.0.0.0/8'], publicKey: await key() },
    'bad-node': {
      allowedIPs: ['10.5.9.3/32'],
      publicKey: (await node('east-b1').namespace.exec(['wg', 'show', 'kilo0', 'public-key'])).trim(),
    },
    'bad-name': { allowedIPs: ['10.5.9.4/32'], publicKey: await key(), endpoint: { dnsOrIP: { dns: 'nowhere.invalid' }, port: 51_820 } },
  };
  await undisturbed(async () => {
    for (const [spec, message] of refused) await expect(east.apply(peer('bad', spec))).rejects.toThrow(message);
    for (const [name, spec] of Object.entries(wrong)) await east.apply(peer(name, spec));
    await until('every reason in the log of the gateway', 10_000, async () => {
      const log = node('east-a1').logged('is left out');
      const silent = Object.keys(wrong).filter((name) => !log.some((line) => line.includes(name)));
      if (silent.length > 0) throw new Error(`nothing about ${silent.join(', ')}`);
      return true;
    });
    const leftOut = async (): Promise<string[]> =>
      (await node('east-a1').metrics()).split('\n').filter((line) => line.startsWith('kilofed_node_problems{'));
    const shown = (await leftOut()).join();
    expect(Object.keys(wrong).filter((name) => !shown.includes(`peer ${name}"`))).toEqual([]);
    await until('what is wrong in the status of each', 15_000, async () => {
      const ready = await readiness();
      return Object.keys(wrong).every((name) => ready.get(name)?.startsWith('False ') === true) && ready.get('laptop') === 'True Meshed'
        ? true
        : undefined;
    });
    const problems = await until('the same at the hub', 10_000, async () => {
      const told = (await federation.status()).problems
        .filter(({ cluster }) => cluster === 'east')
        .map(({ subject }) => subjectText(subject));
      return Object.keys(wrong).every((name) => told.includes(`peer ${name}`)) ? told : undefined;
    });
    expect(problems.filter((subject) => ['peer laptop', 'peer router'].includes(subject))).toEqual([]);
    await east.apply(peer('bad-taken', { ...wrong['bad-taken'], allowedIPs: ['10.5.9.5/32'] }));
    await until('the one that was corrected', 10_000, async () =>
      (await readiness()).get('bad-taken') === 'True Meshed' ? true : undefined,
    );
    await sleep(2_000);
    for (const { pod } of eastNodes()) expect(await answered(laptop, pod, 2_000)).toBe(laptop.address);
    for (const name of Object.keys(wrong)) await east.remove(RESOURCE.peer, name);
    await until('nothing to be left out', 10_000, async () => ((await leftOut()).length === 0 ? true : undefined));
  }, [
    [laptop, node('east-b1').pod],
    [node('east-a2').pod, desk],
  ]);
  expect((await attempt([process.execPath, PROGRAM, 'showconf', 'nobody', '--kubeconfig', `${DIR}/east/admin.kubeconfig`])).code).toBe(1);
}, 60_000);
