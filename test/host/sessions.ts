/**
 * Peers come, change and go on a tunnel that carries 200 packets/s. The far end is a device of the kernel's that nobody manages; what makes
 * WireGuard devices here is chosen as an agent does by itself.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { attempt, run } from '../lab/process.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { createWorkbench, STATE, type Workbench } from './bench.js';
import { pingFlow, type PingFlow } from './pingFlow.js';
import { gatewayPlan, type Remote, remoteKey } from './plans.js';

export interface Sessions {
  /** Of the WireGuard devices. */
  readonly kinds: readonly string[];
  readonly userspaceProcesses: number;
  readonly flow: PingFlow;
  /** Changes of each step: peers come, are changed, go. */
  readonly commands: readonly number[];
  readonly failures: readonly string[];
  /** What is planned after each step, with nothing else asked for. */
  readonly again: readonly string[];
  readonly handshakes: readonly [before: string, after: string];
  /** Where the far end is thought to be after it moved and the plan said nothing of it. */
  readonly roamedTo: string;
  /** With the tunnel's device gone: what a packet's sender is told, and packets that left in clear. */
  readonly guard: { readonly told: string; readonly leaked: number };
}

const EAST: Remote = { name: 'east', prefixes: ['10.42.0.0/24'], endpoint: '10.0.0.66:51820' };
const OTHERS: readonly Remote[] = Array.from({ length: 20 }, (_, index) => ({
  name: `other${index}`,
  prefixes: [`10.60.${index}.0/24`],
  endpoint: `10.0.0.${100 + index}:51820`,
}));
const POD = '10.42.0.5';
const FAR_PORT = 51820;

export async function sessions(): Promise<Sessions> {
  const bench = await createWorkbench();
  const far = await createNamespace('far');
  await run(['ip', 'link', 'set', 'far', 'netns', String(far.pid)]);
  const key = (await run(['wg', 'genkey'])).trim();
  const publicKey = (await run(['wg', 'pubkey'], { input: `${key}\n` })).trim();
  const plan = (remotes: readonly Remote[], planes = 1): NodePlan => withKey(gatewayPlan({ planes, remotes }), publicKey);
  const first = await bench.go(plan([EAST]));
  await setUpFar(far, key, (await run(['wg', 'show', 'kilo0', 'public-key'])).trim());
  await run(['ping', '-c1', '-W5', '-I', '10.4.0.1', POD]);
  const before = await handshakeOf(publicKey);
  const flow = pingFlow(run, ['-I', '10.4.0.1', POD], 800);
  const steps = [first];
  const again: string[] = [];
  const changed = OTHERS.map((one, index) => ({ ...one, prefixes: [`10.61.${index}.0/24`], endpoint: `10.0.0.${130 + index}:51820` }));
  const grown = { ...EAST, prefixes: [...EAST.prefixes, '10.42.9.0/24'] };
  for (const next of [plan([EAST, ...OTHERS]), plan([grown, ...changed]), plan([grown, ...changed], 2), plan([EAST])]) {
    steps.push(await bench.go(next));
    again.push(...(await bench.go(next)).commands);
    await sleep(300);
  }
  const flown = await flow;
  const after = await handshakeOf(publicKey);
  const kinds = await kindsOf();
  const roamedTo = await roam(bench, far, plan([EAST]), publicKey);
  return {
    kinds,
    userspaceProcesses: (await attempt(['pgrep', '-c', 'wireguard-go'])).stdout.trim() === '0' ? 0 : 1,
    flow: flown,
    commands: steps.slice(1).map(({ commands }) => commands.length),
    failures: steps.flatMap(({ failures }) => failures),
    again,
    handshakes: [before, after],
    roamedTo,
    guard: await loseDevice(far),
  };
}

function withKey(plan: NodePlan, publicKey: string): NodePlan {
  return {
    ...plan,
    interfaces: plan.interfaces.map((one) => ({
      ...one,
      peers: one.peers
        .map((peer) => (peer.publicKey === remoteKey('east', 0) ? { ...peer, publicKey } : peer))
        .toSorted((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
    })),
  };
}

async function setUpFar(far: Namespace, key: string, peer: string): Promise<void> {
  await far.exec(['ip', '-batch', '-'], {
    input: `link set far up
      addr add 10.0.0.66/24 dev far
      addr add 10.0.0.67/24 dev far
      addr add ${POD}/32 dev lo
      link add tunnel type wireguard\n`,
  });
  writeFileSync(`${STATE}/far-key`, key, { mode: 0o600 });
  const args = ['listen-port', String(FAR_PORT), 'private-key', `${STATE}/far-key`, 'peer', peer, 'allowed-ips', '10.4.0.1/32'];
  await far.exec(['wg', 'set', 'tunnel', ...args]);
  await far.exec(['ip', '-batch', '-'], { input: 'link set tunnel up mtu 1420\nroute add 10.4.0.1/32 dev tunnel\n' });
  await far.exec(['nft', '-f', '-'], {
    input: 'table ip clear { chain in { type filter hook prerouting priority -300; iifname "far" ip daddr 10.42.0.0/16 counter; }\n }\n',
  });
}

async function handshakeOf(publicKey: string): Promise<string> {
  const lines = (await run(['wg', 'show', 'kilo0', 'latest-handshakes'])).split('\n');
  return lines.find((line) => line.startsWith(publicKey))?.split('\t')[1] ?? 'none';
}

async function kindsOf(): Promise<readonly string[]> {
  const links = JSON.parse(await run(['ip', '-j', '-d', 'link'])) as {
    readonly ifname: string;
    readonly linkinfo?: { readonly info_kind?: string };
  }[];
  return links.filter(({ ifname }) => /^kilo\d$/.test(ifname)).map(({ linkinfo }) => linkinfo?.info_kind ?? '');
}

/** The far end speaks from another address; then the same is planned once more. */
async function roam(bench: Workbench, far: Namespace, plan: NodePlan, publicKey: string): Promise<string> {
  await far.exec(['ip', 'addr', 'del', '10.0.0.66/24', 'dev', 'far']);
  await far.exec(['ip', 'addr', 'add', '10.0.0.67/24', 'dev', 'far']).catch(() => undefined);
  await far.exec(['wg', 'set', 'tunnel', 'peer', (await run(['wg', 'show', 'kilo0', 'public-key'])).trim(), 'endpoint', '10.0.0.2:51820']);
  await far.exec(['ping', '-c2', '-W5', '-I', POD, '10.4.0.1']);
  await bench.go(plan);
  const lines = (await run(['wg', 'show', 'kilo0', 'endpoints'])).split('\n');
  return lines.find((line) => line.startsWith(publicKey))?.split('\t')[1] ?? 'none';
}

/** There is a default route, which a packet would take in clear. */
async function loseDevice(far: Namespace): Promise<Sessions['guard']> {
  await run(['ip', 'route', 'replace', 'default', 'via', '10.0.0.67', 'dev', 'eth0']);
  await run(['ip', 'link', 'del', 'kilo0']);
  const { stdout, stderr } = await attempt(['ping', '-c2', '-W1', POD]);
  const counted = await far.exec(['nft', 'list', 'table', 'ip', 'clear']);
  return { told: `${stdout}${stderr}`, leaked: Number(/counter packets (\d+)/.exec(counted)?.[1] ?? Number.NaN) };
}
