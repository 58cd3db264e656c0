/**
 * Nodes that Kilo has left: one is taken over under traffic, one is cleaned up. `a` leads for location one, where `c` is, too; `b` is alone
 * in two.
 */
import { mkdirSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureKey } from '../../node-agent/host/key.js';
import { createNamespace, type Namespace } from '../bare/namespace.js';
import { createLan, createWan, plug } from '../bare/network.js';
import { run, until } from '../lab/process.js';
import { agentArgv, saveInputs, startAgent, untilMatched, type NodeDescription } from './agentProcess.js';
import { kiloTexts, layKilo, type KiloNode } from './kiloState.js';

interface Counted {
  readonly sent: number;
  readonly received: number;
}

/** `a` is taken over while `b` still holds Kilo's state, and nobody runs there. */
export interface TakeOver {
  readonly planned: string;
  readonly flows: readonly Counted[];
  /** Of the one peer of kilo0, before and after. */
  readonly handshakes: readonly string[];
  readonly keys: readonly string[];
  readonly left: string;
  readonly again: string;
  readonly log: string;
}

export interface KiloCleanUp {
  readonly before: string;
  readonly output: string;
  readonly after: string;
  readonly again: string;
  readonly foreign: string;
}

const NODES: readonly (NodeDescription & { readonly kilo?: string })[] = [
  { name: 'a', location: 'one', address: '172.20.1.10', podCIDR: '10.101.0.0/24', meshAddress: '10.4.0.1', slot: 0, kilo: '10.4.0.1' },
  { name: 'b', location: 'two', address: '172.20.2.10', podCIDR: '10.101.1.0/24', meshAddress: '10.4.0.2', slot: 0, kilo: '10.4.0.2' },
  { name: 'c', location: 'one', address: '172.20.1.11', podCIDR: '10.101.2.0/24', meshAddress: '10.4.0.3' },
];

interface Site {
  readonly spaces: Readonly<Record<string, Namespace>>;
  readonly folders: Readonly<Record<string, string>>;
}

export async function kiloTakeOver(): Promise<TakeOver> {
  const { spaces, folders } = await createSite(NODES);
  const [a, b] = [spaces['a'], spaces['b']];
  if (a === undefined || b === undefined) throw new Error('no namespaces');
  await saveInputs(folders, NODES);
  // The node's own folder has no key yet: Kilo's is in the folder that stands for /var/lib/kilo.
  renameSync(`${folders['a']}/key`, `${folders['a']}/kilo-key`);
  await warmUp(spaces);
  const shake = (): Promise<string> => a.exec(['wg', 'show', 'kilo0', 'latest-handshakes']);
  const key = (): Promise<string> => a.exec(['wg', 'show', 'kilo0', 'public-key']);
  const [handshake, publicKey] = [await settled(shake), await key()];
  const planned = await run(agentArgv(optionsOf('a', a), '--kilo-key-file', '/var/lib/kilofed/kilo-key', '--print-plan'));
  const flows = [startPing(a, NODES[0], NODES[1]), startPing(b, NODES[1], NODES[0]), startPing(b, NODES[1], NODES[2])];
  await sleep(500);
  const agent = startAgent(optionsOf('a', a), '--kilo-key-file', '/var/lib/kilofed/kilo-key');
  // It waits some seconds, in case Kilo's agent is only restarting.
  await untilMatched(agent);
  await sleep(1000);
  const counted = await Promise.all(flows.map((stop) => stop()));
  return {
    planned,
    flows: counted,
    handshakes: [handshake, await shake()],
    keys: [publicKey, await key()],
    left: await kiloTexts(a),
    again: await run(agentArgv(optionsOf('a', a), '--print-plan')),
    log: agent.output(),
  };
}

/** Where both ends have begun a handshake at once, one tries again after five seconds (REKEY_TIMEOUT and some jitter). */
async function settled(shake: () => Promise<string>): Promise<string> {
  let now = await shake();
  for (let tries = 0; tries < 5; tries += 1) {
    const before = now;
    await sleep(6_000);
    now = await shake();
    if (now === before) break;
  }
  return now;
}

const FOREIGN_RULE = '-A INPUT -m comment --comment "Kilo: jump to IPIP chain" -j ACCEPT';

/** Nothing of ours was ever there: no state, no key. Next to Kilo's things there are others that look like them. */
export async function kiloCleanUp(): Promise<KiloCleanUp> {
  const { spaces } = await createSite(NODES);
  const a = spaces['a'];
  if (a === undefined) throw new Error('no namespace');
  await a.exec(['ip', '-batch', '-'], {
    input: `route add 10.98.0.0/16 via 172.20.1.1 dev eth0 proto static
      route add 10.97.0.0/16 via 172.20.1.1 dev eth0 table 1107
      rule add to 10.97.0.0/16 table 1107\n`,
  });
  await a.exec(['iptables-nft', ...(FOREIGN_RULE.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''))]);
  await a.exec(['iptables-legacy', '-t', 'nat', '-N', 'KILO-NAT']);
  await a.exec([
    'iptables-legacy',
    '-t',
    'nat',
    '-A',
    'POSTROUTING',
    '-s',
    '10.101.0.0/24',
    '-m',
    'comment',
    '--comment',
    'Kilo: jump to KILO-NAT chain',
    '-j',
    'KILO-NAT',
  ]);
  const before = await kiloTexts(a);
  const argv = [...a.inside([]), ...agentArgv({ name: 'a', stateDir: '/tmp/no-such-folder' }, '--clean-up')];
  const output = await run(argv);
  const again = await run(argv);
  const after = await kiloTexts(a);
  const foreign = [
    await a.exec(['ip', 'route', 'show', 'table', 'all']),
    await a.exec(['ip', 'rule']),
    await a.exec(['iptables-nft-save']),
    await a.exec(['iptables-legacy-save']),
  ].join('\n');
  return { before, output, after, again, foreign };
}

async function createSite(nodes: typeof NODES): Promise<Site> {
  await createWan();
  const lans = { one: await createLan(1), two: await createLan(2) };
  const folders = Object.fromEntries(nodes.map(({ name }) => [name, `/var/lib/kilofed/${name}`]));
  const keys = new Map<string, string>();
  for (const { name } of nodes) {
    mkdirSync(folders[name] ?? '', { recursive: true });
    const key = await ensureKey(`${folders[name]}/key`);
    if (!key.ok) throw new Error(key.error);
    keys.set(name, key.value.publicKey);
  }
  const spaces: Record<string, Namespace> = {};
  for (const node of nodes) {
    const space = await createNamespace(node.name, folders[node.name]);
    await plug(space, node.location === 'one' ? lans.one : lans.two, Number(node.address.split('.')[3]));
    await space.exec(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=1']);
    // A pod is an address: nothing of what is tried here depends on its device.
    await space.exec(['ip', 'addr', 'add', podOf(node), 'dev', 'lo']);
    const near = nodes.filter((one) => one !== node && one.location === node.location);
    const leaders = nodes.filter((one) => one.kilo !== undefined && one.location !== node.location);
    const kilo: KiloNode = {
      keyFile: '/var/lib/kilofed/key',
      ...(node.kilo === undefined ? {} : { address: `${node.kilo}/16` }),
      internalIP: node.address,
      podCIDR: node.podCIDR,
      neighbours: near.map((one) => ({ internalIP: one.address, podCIDR: one.podCIDR })),
      peers: leaders.map((leader) => {
        const behind = nodes.filter((one) => one.location === leader.location);
        return {
          publicKey: keys.get(leader.name) ?? '',
          endpoint: `${leader.address}:51820`,
          address: leader.kilo ?? '',
          podCIDRs: behind.map((one) => one.podCIDR),
          internalIPs: behind.map((one) => one.address),
        };
      }),
      ...(node.kilo === undefined ? { leader: near.find((one) => one.kilo !== undefined)?.address ?? '' } : {}),
    };
    await layKilo(space, kilo);
    spaces[node.name] = space;
  }
  return { spaces, folders };
}

function optionsOf(
  name: string,
  space: Namespace,
): { readonly name: string; readonly stateDir: string; readonly enter: readonly string[] } {
  return { name, stateDir: '/var/lib/kilofed', enter: space.inside([]) };
}

function podOf(node: NodeDescription | undefined): string {
  return (node?.podCIDR ?? '').replace('.0/24', '.5');
}

async function warmUp(spaces: Site['spaces']): Promise<void> {
  for (const from of NODES) {
    for (const to of NODES) if (from !== to) await spaces[from.name]?.exec(['ping', '-c1', '-W5', '-I', podOf(from), podOf(to)]);
  }
}

/** 100 packets a second, each answered, until it is called. */
type StopPing = () => Promise<Counted>;

function startPing(space: Namespace, from: NodeDescription | undefined, to: NodeDescription | undefined): StopPing {
  const child = space.spawn(['ping', '-q', '-i', '0.01', '-W', '2', '-I', podOf(from), podOf(to)]);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return async () => {
    child.kill('SIGINT');
    const [, sent, received] = await until(
      'the count of packets',
      5000,
      () => /([0-9]+) packets transmitted, ([0-9]+) received/.exec(output) ?? undefined,
    );
    return { sent: Number(sent), received: Number(received) };
  };
}
