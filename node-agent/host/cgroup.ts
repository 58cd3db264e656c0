/**
 * Moves a process into a cgroup of its own, outside that of the container that started it, so that it survives the container. Works through
 * the mounts of the host's first process.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runner } from './runner.js';

/** The cgroup's name, at the root of each hierarchy. */
export const GROUP = 'kilofed';

/** What could not be done; empty: the process is in no cgroup of the container any more. `host` is e.g. `/proc/1`. */
export async function leaveCgroup(runner: Runner, host: string, pid: number): Promise<readonly string[]> {
  const mountinfo = await readFile(join(host, 'mountinfo'), 'utf8');
  const results = await Promise.all(
    cgroupMounts(mountinfo).map((mount) => leaveOne(runner, { host, root: join(host, 'root', mount), pid })),
  );
  return results.filter((one) => one !== undefined);
}

/** Mount points of cgroup file systems of either version (proc_pid_mountinfo(5)). */
export function cgroupMounts(mountinfo: string): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' - '))
    .filter(([, type]) => type !== undefined && /^cgroup2? /.test(type))
    .map(([fields]) => fields?.split(' ')[4] ?? '')
    .filter((path) => path !== '');
}

interface Move {
  readonly host: string;
  readonly root: string;
  readonly pid: number;
}

/** A hierarchy whose new groups start unusable (cpuset of version 1 has no CPUs) takes the process at its root. */
async function leaveOne(runner: Runner, move: Move): Promise<string | undefined> {
  const own = join(move.root, GROUP);
  await mkdir(own, { recursive: true }).catch(() => undefined);
  const inOwn = await enter(runner, move, own);
  return inOwn === undefined ? undefined : enter(runner, move, move.root);
}

/** Where cgroups are delegated by namespace (cgroup v2, nsdelegate), only a process in the host's cgroup namespace may move one out. */
async function enter(runner: Runner, move: Move, group: string): Promise<string | undefined> {
  const procs = join(group, 'cgroup.procs');
  const refused = await writeFile(procs, String(move.pid)).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  // A process that has ended is in no cgroup.
  if (refused === undefined || refused === 'ESRCH') return undefined;
  const result = await runner.run([
    'nsenter',
    `--cgroup=${join(move.host, 'ns/cgroup')}`,
    '--',
    process.execPath,
    '-e',
    WRITE,
    procs,
    String(move.pid),
  ]);
  return result.ok ? undefined : `${procs}: ${result.message}`;
}

/** It may have ended by now. Says in one line what went wrong. */
const WRITE = `try { require('node:fs').writeFileSync(process.argv[1], process.argv[2]) } catch (error) {
  if (error.code !== 'ESRCH') { process.stderr.write(error.message); process.exitCode = 1; }
}`;
