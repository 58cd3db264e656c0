/**
 * Makes WireGuard devices: the kernel's where it has them, else one `wireguard-go` process per device.
 *
 * Such a process is no child to look after: tunnels must outlive the agent. It gets a session of its own, and where the
 * agent runs in a container it is started from a copy on the host's file system, in the host's mount namespace, and leaves
 * the container's cgroup, so that nothing of it belongs to the container.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { leaveCgroup } from './cgroup.js';
import type { Runner } from './runner.js';

export interface WireguardDevices {
  /** Undefined, or what went wrong and what to do. */
  add(name: string): Promise<string | undefined>;
  /** How the last device was made. */
  mode(): 'unknown' | 'kernel' | 'userspace';
}

export interface WireguardOptions {
  /** The first process of the host, e.g. `/proc/1`, seen from inside a container; absent: this is the host. */
  readonly hostNamespace?: string;
  /** On the host at the same path as here. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Deps {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
}

export function createWireguardDevices(options: WireguardOptions, deps: Deps): WireguardDevices {
  let mode: 'unknown' | 'kernel' | 'userspace' = 'unknown';
  return {
    mode: () => mode,
    async add(name) {
      const made = await deps.runner.run(['ip', 'link', 'add', name, 'type', 'wireguard']);
      if (made.ok) {
        mode = 'kernel';
        return undefined;
      }
      if (!/Unknown device type|not supported/.test(made.message)) return made.message;
      if (mode !== 'userspace') deps.log.info('The kernel has no WireGuard: using wireguard-go', { kernel: made.message });
      mode = 'userspace';
      return startUserspace(name, options, deps);
    },
  };
}

async function startUserspace(name: string, options: WireguardOptions, deps: Deps): Promise<string | undefined> {
  const program = await findProgram(options.env);
  if (program === undefined) return 'neither the kernel nor the PATH has WireGuard: load the wireguard module (modprobe wireguard) or install wireguard-go';
  const { hostNamespace } = options;
  const argv = hostNamespace === undefined
    ? [program]
    : ['nsenter', `--mount=${join(hostNamespace, 'ns/mnt')}`, '--', await installOnHost(program, options.stateDir, name)];
  const [file = '', ...args] = argv;
  // A pipe to us would break when we go, and break the process with it.
  const child = spawn(file, [...args, '--foreground', name], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env: { PATH: options.env['PATH'], LOG_LEVEL: 'silent', WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD: '1' },
  });
  let ended: string | undefined;
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code, signal) => (ended = `ended at once (${signal ?? code})`));
  child.unref();
  if (child.pid !== undefined) await settle(child.pid, options, deps);
  return waitUntilReady(name, () => ended, deps);
}

/** Out of the container's cgroup, and not the first to go when memory runs out. Failing at either is worth a warning only. */
async function settle(pid: number, options: WireguardOptions, deps: Deps): Promise<void> {
  await writeFile(`/proc/${pid}/oom_score_adj`, '-900').catch(() => undefined);
  if (options.hostNamespace === undefined) return;
  const problems = await leaveCgroup(deps.runner, options.hostNamespace, pid).catch((error: unknown) => [String(error)]);
  if (problems.length > 0) deps.log.warn('wireguard-go stays in the cgroup of this container and will end with it', { problems });
}

async function waitUntilReady(name: string, ended: () => string | undefined, deps: Deps): Promise<string | undefined> {
  const deadline = deps.clock.now() + READY_MS;
  for (let pause = FIRST_PAUSE_MS; deps.clock.now() < deadline; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    const shown = await deps.runner.run(['wg', 'show', name, 'listen-port']);
    if (shown.ok) return undefined;
    const why = ended();
    if (why !== undefined) return `wireguard-go ${why}: is /dev/net/tun there, and ${name} free?`;
    await new Promise<void>((resolve) => void deps.clock.after(pause, resolve));
  }
  return `wireguard-go did not answer for ${name} within ${READY_MS} ms`;
}

const READY_MS = 5000;
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 100;
const PROGRAM = 'wireguard-go';

async function findProgram(env: WireguardOptions['env']): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, PROGRAM);
    if (await access(path, constants.X_OK).then(() => true, () => false)) return path;
  }
  return undefined;
}

/** The path of the copy. An equal one stays; another is replaced by renaming, so that a running process keeps its own. Devices may be made at the same time: `device` tells their copies apart. */
async function installOnHost(program: string, stateDir: string, device: string): Promise<string> {
  const folder = join(stateDir, 'bin');
  const target = join(folder, PROGRAM);
  const [wanted, present] = await Promise.all([readFile(program), readFile(target).catch(() => undefined)]);
  if (present?.equals(wanted) === true) return target;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const part = `${target}.${process.pid}.${device}`;
  await copyFile(program, part);
  await rename(part, target);
  return target;
}
