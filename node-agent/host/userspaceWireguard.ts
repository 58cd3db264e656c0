/**
 * WireGuard devices in userspace: one `wireguard-go` process for each.
 *
 * Tunnels must outlive the agent, so such a process gets a session of its own. If the agent runs in a container, the process is started
 * from a copy on the host's file system, in the host's mount namespace, and leaves the container's cgroup, so nothing of it belongs to the
 * container.
 */
import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { pause } from '../../core/runtime/pause.js';
import { leaveCgroup } from './cgroup.js';
import type { Runner } from './runner.js';

export interface UserspaceOptions {
  /** The first process of the host, e.g. `/proc/1`, seen from inside a container; absent: this is the host. */
  readonly hostNamespace?: string;
  /** On the host at the same path as here. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface UserspaceDeps {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
}

/** Undefined, or what went wrong and what to do. Once `signal` aborts, a process that was started is no longer waited for. */
type StartUserspace = (name: string, signal: AbortSignal) => Promise<string | undefined>;

export function createUserspaceWireguard(options: UserspaceOptions, deps: UserspaceDeps): StartUserspace {
  let installed: Promise<unknown> = Promise.resolve();
  // One at a time: of two that found no copy, the second would replace the one that the first has just started.
  const install = (program: string): Promise<string> => {
    const copy = installed.then(() => installOnHost(program, options.stateDir));
    installed = copy.catch(() => undefined);
    return copy;
  };
  return (name, signal) => startUserspace(name, options, { ...deps, install, signal });
}

interface StartDeps extends UserspaceDeps {
  /** Copies a program to the host. The copy's path. */
  readonly install: (program: string) => Promise<string>;
  readonly signal: AbortSignal;
}

async function startUserspace(name: string, options: UserspaceOptions, deps: StartDeps): Promise<string | undefined> {
  const program = await findProgram(options.env);
  if (program === undefined)
    return 'wireguard-go is not in the PATH: install it, or let the kernel do it (modprobe wireguard, --wireguard auto)';
  const { hostNamespace } = options;
  const argv = [
    ...(hostNamespace === undefined
      ? [program]
      : ['nsenter', `--mount=${join(hostNamespace, 'ns/mnt')}`, '--', await deps.install(program)]),
    ...['--foreground', name],
  ];
  const [file = '', ...args] = argv;
  // A pipe to the agent would break when the agent ends, and break the process with it.
  const child = spawn(file, args, { detached: true, stdio: 'ignore', cwd: '/', env: environment(options.env, 'silent') });
  let ended: string | undefined;
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code, signal) => (ended = `ended at once (${signal ?? code})`));
  child.unref();
  if (child.pid !== undefined) await settle(child.pid, options, deps);
  const notReady = await waitUntilReady(name, () => ended, deps);
  if (notReady === undefined || ended === undefined) return notReady;
  return `wireguard-go ${(await reasonOf(argv, options.env)) ?? `${ended}: is /dev/net/tun there, and ${name} free?`}`;
}

/** What the program itself says when it ends at once, by running it again with somebody who listens. Undefined: nothing, or it runs. */
function reasonOf([file = '', ...args]: readonly string[], env: UserspaceOptions['env']): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { cwd: '/', env: environment(env, 'error'), timeout: REASON_MS, killSignal: 'SIGKILL', maxBuffer: 1 << 16 } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '' && !BANNER.test(line));
      const last = lines.findLast((line) => STAMP.test(line)) ?? lines.at(-1);
      resolve(error === null || error.killed === true || last === undefined ? undefined : `says: ${explained(last.replace(STAMP, ''))}`);
    });
  });
}

function environment(env: UserspaceOptions['env'], level: 'silent' | 'error'): NodeJS.ProcessEnv {
  return { PATH: env['PATH'], LOG_LEVEL: level, WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD: '1' };
}

/** `ERROR: (kilo0) 2026/01/01 12:00:00 ` before what it says (golang.zx2c4.com/wireguard, device/logger.go). */
const STAMP = /^\w+: \(\S+\) \d+\/\d+\/\d+ \d+:\d+:\d+ /;
/** It tells everybody that the kernel could do it, too. */
const BANNER = /^[\u2500-\u257f]/;

function explained(said: string): string {
  const hint = HINTS.find(([what]) => what.test(said))?.[1];
  return hint === undefined ? said : `${said.replace(/[.]$/, '')}: ${hint}`;
}

/** The kernel's messages for what the host lacks. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/uapi.*too many open files/i, 'all of fs.inotify.max_user_instances are in use: raise it (sysctl fs.inotify.max_user_instances=1024)'],
  [/too many open files/i, 'raise fs.file-max, or the limit of open files'],
  [/tun does not exist|no such (file|device)/i, 'load the module (modprobe tun), so that there is a /dev/net/tun'],
  [/not permitted|permission denied/i, 'the agent may not open /dev/net/tun: run its pod privileged'],
  [/device or resource busy|address already in use/i, 'another process has this device: end it'],
];

/** Leaves the container's cgroup, and is not the first to be killed when memory runs out. A failure of either is only a warning. */
async function settle(pid: number, options: UserspaceOptions, deps: UserspaceDeps): Promise<void> {
  await writeFile(`/proc/${pid}/oom_score_adj`, '-900').catch(() => undefined);
  if (options.hostNamespace === undefined) return;
  const problems = await leaveCgroup(deps.runner, options.hostNamespace, pid).catch((error: unknown) => [String(error)]);
  if (problems.length > 0) deps.log.warn('wireguard-go stays in the cgroup of this container and will end with it', { problems });
}

async function waitUntilReady(name: string, ended: () => string | undefined, deps: StartDeps): Promise<string | undefined> {
  const { clock, signal } = deps;
  const deadline = clock.now() + READY_MS;
  for (let pauseMs = FIRST_PAUSE_MS; clock.now() < deadline; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
    const shown = await deps.runner.run(['wg', 'show', name, 'listen-port']);
    if (shown.ok) return undefined;
    const why = ended();
    if (why !== undefined) return `wireguard-go ${why}`;
    if (signal.aborted) return `wireguard-go was not waited for: ${name} may be ready later`;
    await pause(pauseMs, signal, clock);
  }
  return `wireguard-go did not answer for ${name} within ${READY_MS} ms`;
}

const READY_MS = 5000;
/** Of a second run; one that ends at once takes some milliseconds. */
const REASON_MS = 1000;
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 100;
const PROGRAM = 'wireguard-go';

async function findProgram(env: UserspaceOptions['env']): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, PROGRAM);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** The path of the copy. An equal copy is kept. A different one is replaced by renaming, so that running processes keep theirs. */
async function installOnHost(program: string, stateDir: string): Promise<string> {
  const folder = join(stateDir, 'bin');
  const target = join(folder, PROGRAM);
  const [wanted, present] = await Promise.all([readFile(program), readFile(target).catch(() => undefined)]);
  if (present?.equals(wanted) === true) return target;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const part = `${target}.${process.pid}`;
  await copyFile(program, part);
  await rename(part, target);
  return target;
}
