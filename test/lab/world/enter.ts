/**
 * A world: fresh network, mount and process namespaces in which a whole lab lives, and with which it vanishes.
 *
 * The outermost process is `unshare --kill-child`; it dies with us, its child is process 1 of the world, and with process 1
 * the kernel ends every process, link, namespace and mount inside. Nothing is made in the namespaces of the machine.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { ended } from '../process.js';
import { signal } from '../signal.js';
import { createRun, lockFile, outerPidFile, removeRun, sweep } from './state.js';

/** The run id, in the environment of every process of a world. */
export const RUN_VARIABLE = 'KILOFED_LAB_RUN';

/** The id of the world we are in, or undefined. */
export function currentRun(): string | undefined {
  return process.env[RUN_VARIABLE];
}

/** Runs `argv` in a new world with our input and output, and returns its exit status. Sweeps first, cleans up after. */
export async function enterWorld(argv: readonly string[]): Promise<number> {
  await sweep();
  const id = createRun(new Date());
  const outer = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'flock', '--no-fork', lockFile(id)],
      ...['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', '--mount-proc'],
      ...['bash', '-c', INIT, 'world', ...argv],
    ],
    { stdio: 'inherit', env: { ...process.env, [RUN_VARIABLE]: id } },
  );
  writeFileSync(outerPidFile(id), String(outer.pid));
  // A terminal's Ctrl-C reaches the program in the world by itself. `unshare` ignores both signals, so TERM is passed on.
  const ignore = (): void => undefined;
  const pass = (): void => signalInit(outer.pid);
  process.on('SIGINT', ignore);
  process.on('SIGTERM', pass);
  await ended(outer);
  process.off('SIGINT', ignore);
  process.off('SIGTERM', pass);
  await removeRun(id);
  return outer.exitCode ?? 128 + (constants.signals[outer.signalCode ?? 'SIGKILL'] ?? 9);
}

/** Process id, as seen from here, of process 1 of the world whose outermost process is `outer`. */
export function initOf(outer: number): number | undefined {
  const children = readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim();
  return children === '' ? undefined : Number(children.split(' ', 1)[0]);
}

function signalInit(outer: number | undefined): void {
  const init = outer === undefined ? undefined : initOf(outer);
  if (init !== undefined) signal(init, 'SIGTERM');
}

/**
 * Process 1: private places for named network namespaces and WireGuard's sockets, then the command. It stays to reap, and
 * hands TERM on.
 */
const INIT = `
set -e
mkdir -p /run/netns /run/wireguard
mount -t tmpfs -o mode=755 netns /run/netns
mount -t tmpfs -o mode=700 wireguard /run/wireguard
ip link set lo up
set +e
"$@" <&0 &
child=$!
trap : INT
trap 'kill -TERM $child 2>/dev/null' TERM
wait $child; status=$?
while kill -0 $child 2>/dev/null; do wait $child; status=$?; done
exit $status
`;
