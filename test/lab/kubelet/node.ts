/**
 * A real node: kubelet, containerd and kube-proxy in namespaces of their own, plugged into a location's LAN.
 */
import { type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Lan } from '../../bare/network.js';
import { binaryPath } from '../binaries/locate.js';
import { run, start, until } from '../process.js';
import { createGroup, leaveGroup, removeGroups } from '../world/cgroups.js';
import { cloneTemplate } from './containerdTemplate.js';
import { nodeConfig, type NodeConfigInput } from './nodeConfig.js';
import { NODE_SCRIPT } from './nodeScript.js';

export interface KubeletNode {
  readonly name: string;
  readonly address: string;
  readonly podCIDR: string;
  /** Runs a command inside the node, as its root. */
  exec(argv: readonly string[], options?: { readonly input?: string; readonly timeoutMs?: number }): Promise<string>;
  /** The command line that runs `argv` there. */
  inside(argv: readonly string[]): readonly string[];
  stop(): Promise<void>;
}

interface NodeInput {
  readonly runId: string;
  readonly folder: string;
  readonly lan: Lan;
  readonly host: number;
  readonly template: string;
  readonly config: NodeConfigInput;
}

export async function startNode(input: NodeInput): Promise<KubeletNode> {
  const { folder, config } = input;
  const address = `${input.lan.prefix}.${input.host}`;
  for (const each of ['config', 'data', 'log']) mkdirSync(join(folder, each), { recursive: true });
  for (const [name, text] of Object.entries(nodeConfig(config))) writeFileSync(join(folder, 'config', name), text, { mode: 0o600 });
  await cloneTemplate(input.template, join(folder, 'data/containerd'));
  const groups = createGroup(input.runId, config.name);
  const programs = dirname(binaryPath('kubelet') ?? '');
  const flanneld = typeof config.network === 'object' ? must(binaryPath('flanneld')) : '';
  const log = openSync(join(folder, 'log/init.log'), 'a');
  // The control groups are entered first: a cgroup namespace's root is the group its first process is in. The node waits for
  // its network before it starts anything.
  const script = `for group in ${groups.join(' ')}; do echo $$ > $group/cgroup.procs; done
exec unshare --net --mount --pid --fork --kill-child --uts --ipc --cgroup \\
  bash -c 'read -r go < "$1/go"; exec bash -c "$0" node "$@"' "$NODE_SCRIPT" "$@"`;
  await run(['mkfifo', join(folder, 'go')]);
  const outer = start(['bash', '-c', script, 'node', folder, config.name, address, programs, flanneld], {
    env: { ...process.env, NODE_SCRIPT },
    stdio: ['ignore', log, log],
  });
  const pid = outer.pid as number;
  await until(`the namespaces of ${config.name}`, 10_000, async () =>
    (await run(['readlink', `/proc/${pid}/exe`])).includes('unshare') && hasChild(pid) ? true : undefined,
  );
  leaveGroup(input.runId, pid);
  await plugNode(pid, { lan: input.lan, host: input.host, address, ...(config.network === 'lab' ? { translated: config.podCIDR } : {}) });
  writeFileSync(join(folder, 'go'), 'go\n');
  const enter = (): string[] => [
    'nsenter',
    `--target=${childOf(pid)}`,
    '--net',
    '--mount',
    '--pid',
    '--uts',
    '--ipc',
    '--root',
    '--',
    'env',
    '--chdir=/',
    'PATH=/run/programs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];
  return {
    name: config.name,
    address,
    podCIDR: config.podCIDR,
    exec: (argv, options) => run([...enter(), ...argv], options),
    inside: (argv) => [...enter(), ...argv],
    async stop() {
      outer.kill('SIGKILL');
      await untilEnded(outer);
      await removeGroups(input.runId, config.name);
    },
  };
}

/** eth0 on the LAN; what pods send to the world outside of 10/8 leaves with the node's address, as with any usual CNI. */
async function plugNode(
  pid: number,
  at: { readonly lan: Lan; readonly host: number; readonly address: string; readonly translated?: string },
): Promise<void> {
  const { lan, host, address } = at;
  const outer = `v${lan.bridge.slice(3)}h${host}`;
  const inside = (argv: string[], input?: string): Promise<string> =>
    run(['nsenter', `--target=${pid}`, '--net', '--', ...argv], input === undefined ? {} : { input });
  await run(['ip', '-batch', '-'], {
    input: `link add ${outer} type veth peer name eth0 netns ${pid}\nlink set ${outer} master ${lan.bridge} up\n`,
  });
  await inside(
    ['ip', '-batch', '-'],
    `link set lo up\naddr add ${address}/24 dev eth0\nlink set eth0 up\nroute add default via ${lan.gateway}\n`,
  );
  await inside(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  if (at.translated === undefined) return;
  await inside(
    ['nft', '-f', '-'],
    `table ip lab {
    chain postrouting { type nat hook postrouting priority srcnat; policy accept;
      ip saddr ${at.translated} ip daddr != 10.0.0.0/8 masquerade
    }
  }\n`,
  );
}

function must(flanneld: string | undefined): string {
  if (flanneld === undefined) throw new Error('flannel is not built: run `make setup`');
  return flanneld;
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ', 1)[0]);
}

function hasChild(pid: number): boolean {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() !== '';
}

async function untilEnded(child: ChildProcess): Promise<void> {
  await until('the node to end', 10_000, () => (child.exitCode !== null || child.signalCode !== null ? true : undefined));
}
