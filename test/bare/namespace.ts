/**
 * A host of the bare lab: a process that holds a network and a mount namespace of its own, so that `/run` (WireGuard's
 * control sockets) and `/var/lib/kilofed` are private. It dies with the lab, and everything in it with it.
 */
import { type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { run, start, until } from '../lab/process.js';
import { signal } from '../lab/signal.js';

export interface Namespace {
  readonly name: string;
  readonly pid: number;
  /** `argv` as a command line that runs inside. */
  inside(argv: readonly string[]): string[];
  exec(argv: readonly string[], options?: { readonly input?: string; readonly timeoutMs?: number }): Promise<string>;
  spawn(argv: readonly string[], options?: Parameters<typeof start>[1]): ChildProcess;
  /** Ends every process inside, also those that outlive their parents, such as userspace WireGuard. */
  stop(): void;
}

/** `stateDir` appears as /var/lib/kilofed inside; absent: only a network namespace is made. */
export async function createNamespace(name: string, stateDir?: string): Promise<Namespace> {
  const script = stateDir === undefined ? 'exec sleep infinity' : HOST_SCRIPT;
  if (stateDir !== undefined) mkdirSync(stateDir, { recursive: true });
  const kinds = stateDir === undefined ? ['--net'] : ['--net', '--mount', '--propagation', 'private'];
  const holder = start(['unshare', ...kinds, 'bash', '-c', script, 'namespace', stateDir ?? '']);
  const pid = holder.pid;
  if (pid === undefined) throw new Error(`could not start namespace ${name}`);
  const enter = ['nsenter', `--target=${pid}`, '--net', ...(stateDir === undefined ? [] : ['--mount']), '--'];
  const namespace: Namespace = {
    name,
    pid,
    inside: (argv) => [...enter, ...argv],
    exec: (argv, options) => run([...enter, ...argv], options),
    spawn: (argv, options) => start([...enter, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], ...options }),
    stop: () => {
      for (const member of processesIn(pid)) signal(member, 'SIGKILL');
    },
  };
  // setpriv, unshare and bash exec each other, so the pid is known before the namespaces are.
  await until(`namespace ${name}`, 5_000, async () => (await run(['readlink', `/proc/${pid}/exe`])).includes('sleep') || undefined);
  await namespace.exec(['ip', 'link', 'set', 'lo', 'up']);
  return namespace;
}

const HOST_SCRIPT = [
  'set -e',
  'mkdir -p /run/wireguard && mount -t tmpfs tmpfs /run/wireguard',
  'mkdir -p /var/lib/kilofed && mount --bind "$1" /var/lib/kilofed',
  'exec sleep infinity',
].join('\n');

/** None once the holder has ended, nor while it is still in our own namespace, where they would be everybody else's. */
function processesIn(pid: number): number[] {
  const network = networkOf(String(pid));
  if (network === undefined || network === networkOf('self')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && networkOf(name) === network)
    .map(Number);
}

/** Undefined: the process has ended meanwhile. */
function networkOf(process: string): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    return undefined;
  }
}
