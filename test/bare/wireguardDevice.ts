/**
 * A WireGuard device that somebody other than the agent makes, by the same implementation as the lab's agents.
 */
import { binaryPath } from '../lab/binaries/locate.js';
import { start, until } from '../lab/process.js';
import { WIREGUARD } from '../lab/wireguard.js';
import type { Namespace } from './namespace.js';

/** Resolves when it takes configuration. Its process, if it has one, ends with the namespace. */
export async function addWireguardDevice(namespace: Namespace, name: string): Promise<void> {
  if (!(WIREGUARD !== 'userspace' && (await addInKernel(namespace, name)))) {
    // A session of its own, as a daemon has and as agents give it: the scheduler shares processors between sessions (sched(7), autogroup),
    // and one that shares ours with iperf3 was 14 % faster than its like.
    start(namespace.inside(['setsid', binaryPath('wireguard-go') ?? 'wireguard-go', '--foreground', name]), {
      env: { ...process.env, WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD: '1', LOG_LEVEL: 'error' },
    });
  }
  await until(`the WireGuard device ${name}`, 5_000, () => namespace.exec(['wg', 'show', name, 'listen-port']));
}

function addInKernel(namespace: Namespace, name: string): Promise<boolean> {
  return namespace.exec(['ip', 'link', 'add', name, 'type', 'wireguard']).then(
    () => true,
    () => false,
  );
}
