/**
 * The agent in a container: its userspace WireGuard is started on the host and outlives the end of everything in the
 * container's cgroups.
 *
 * The world's first process is the host. The container is a mount namespace with a /usr of its own and a cgroup in every
 * hierarchy; it sees the host's processes, as a pod with hostPID does.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { cgroupMounts } from '../../node-agent/host/cgroup.js';
import { run, until } from '../lab/process.js';
import { CLI, httpGet } from './cli.js';
import { findProcess, signal } from '../lab/signal.js';
import { saveInputs, type AgentProcess, untilMatched } from './agentProcess.js';
import { createWorkbench, STATE } from './bench.js';
import { NODES } from './restart.js';

export interface Container {
  /** Mount namespace of the WireGuard process is the host's, its program the copy on the host. */
  readonly mountOfHost: boolean;
  readonly program: string;
  readonly cgroups: readonly string[];
  readonly killed: number;
  readonly aliveAfter: boolean;
  readonly answersAfter: boolean;
}

const NAME = `kilofed-test-${process.pid}-${Date.now() % 100_000}`;
export async function container(): Promise<Container> {
  await createWorkbench();
  await saveInputs({ a: STATE, b: '/tmp/b', c: '/tmp/c' }, NODES);
  const roots = await ownHierarchies();
  try {
    return await tryContainer(roots);
  } finally {
    await tidy(roots);
  }
}

async function tryContainer(roots: readonly string[]): Promise<Container> {
  const pods = roots.map((root) => `${root}/pod`);
  for (const pod of pods) enableCgroup(pod);
  // The container goes into its cgroups itself, so that all of it is in them from the start.
  const script = [
    ...pods.map((pod) => `echo $$ > ${pod}/cgroup.procs || true`),
    'mount -t tmpfs tmpfs /mnt',
    `exec ${process.execPath} ${CLI} node-agent --node-name a --state-dir ${STATE} --host-namespace /proc/1 --wireguard userspace`,
  ].join('\n');
  const child = spawn('unshare', ['--mount', 'bash', '-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const probe = { ...startAgentProbe(), output: () => output };
  await untilMatched(probe);
  const pid = findProcess('wireguard-go --foreground kilo0');
  const mountOfHost = (await run(['readlink', `/proc/${pid}/ns/mnt`])) === (await run(['readlink', '/proc/1/ns/mnt']));
  const program = (await run(['readlink', `/proc/${pid}/exe`])).trim();
  const cgroups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const doomed = [...new Set(pods.flatMap(procsOf))];
  for (const one of doomed) signal(one, 'SIGKILL');
  await until('the container to end', 5000, () => (child.exitCode !== null || child.signalCode !== null ? true : undefined));
  return {
    mountOfHost,
    program,
    cgroups,
    killed: doomed.length,
    aliveAfter: existsSync(`/proc/${pid}`),
    answersAfter: await run(['wg', 'show', 'kilo0', 'public-key']).then(
      (key) => key.trim().length === 44,
      () => false,
    ),
  };
}

function startAgentProbe(): Pick<AgentProcess, 'child' | 'health' | 'metric'> {
  return { child: spawn('true'), health: () => httpGet([], '/healthz'), metric: () => Promise.resolve(undefined) };
}

function procsOf(cgroup: string): readonly string[] {
  return existsSync(`${cgroup}/cgroup.procs`)
    ? readFileSync(`${cgroup}/cgroup.procs`, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

/** In every hierarchy of the machine a group of ours, mounted over its root: nothing is done outside of it. */
async function ownHierarchies(): Promise<readonly string[]> {
  const mounts = cgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  for (const mount of mounts) {
    enableCgroup(`${mount}/${NAME}`);
    await run(['mount', '--bind', `${mount}/${NAME}`, mount]);
  }
  return mounts;
}

/** A cpuset group (cgroup v1) takes no process before it has what its parent has. In v2 it has that by itself, and a root has no file. */
function enableCgroup(path: string): void {
  mkdirSync(path, { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const [own, parent] = [`${path}/${file}`, `${path}/../${file}`];
    if (existsSync(own) && existsSync(parent)) writeFileSync(own, readFileSync(parent, 'utf8'));
  }
}

/** Groups outlive the world, so they are removed: first all processes in them, then the folders, deepest first. */
async function tidy(roots: readonly string[]): Promise<void> {
  for (const root of roots) {
    for (const one of ['pod', 'kilofed', '.'].flatMap((folder) => procsOf(`${root}/${folder}`))) {
      if (Number(one) !== process.pid) signal(one, 'SIGKILL');
    }
  }
  await until('the groups to be empty', 5000, () =>
    roots.every((root) => ['pod', 'kilofed'].every((folder) => procsOf(`${root}/${folder}`).length === 0)) ? true : undefined,
  );
  for (const root of roots) {
    for (const folder of readdirSync(root, { withFileTypes: true })) if (folder.isDirectory()) rmdirSync(`${root}/${folder.name}`);
    await run(['umount', root]);
    rmdirSync(`${root}/${NAME}`);
  }
}
