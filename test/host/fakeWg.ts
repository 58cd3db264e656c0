/**
 * `wg set` of a FakeHost.
 */
import type { Change } from '../../core/host/change.js';
import type { PeerState } from '../../core/host/state.js';
import type { Kernel } from './fakeKernel.js';
import { maybe } from './words.js';

/** `wg set <interface> peer <key> ...`, with the semantics of WireGuard's allowed IPs: the last writer of a prefix has it. */
export function runWg(kernel: Kernel, change: Change, [, , name = '', , publicKey = '', ...words]: readonly string[]): string | undefined {
  const device = kernel.wireguard.get(name);
  if (device === undefined) return 'No such device';
  if (words[0] === 'remove') {
    device.peers.delete(publicKey);
    return undefined;
  }
  const before: PeerState = device.peers.get(publicKey) ?? {
    persistentKeepalive: 0,
    allowedIPs: [],
    lastHandshake: 0,
    receivedBytes: 0,
    sentBytes: 0,
  };
  const allowed = maybe(words, 'allowed-ips')
    ?.split(',')
    .filter((prefix) => prefix !== '');
  for (const [key, peer] of device.peers) {
    if (key !== publicKey && allowed !== undefined)
      device.peers.set(key, { ...peer, allowedIPs: peer.allowedIPs.filter((prefix) => !allowed.includes(prefix)) });
  }
  const keepalive = maybe(words, 'persistent-keepalive')?.replace('off', '0');
  const endpoint = maybe(words, 'endpoint') ?? before.endpoint;
  device.peers.set(publicKey, {
    ...before,
    ...(endpoint === undefined ? {} : { endpoint }),
    persistentKeepalive: Number(keepalive ?? before.persistentKeepalive),
    allowedIPs: (allowed ?? before.allowedIPs).toSorted(),
  });
  if (words.includes('preshared-key')) setPresharedKey(device.peers, publicKey, change);
  return undefined;
}

/** The text of a change never shows the key itself. */
function setPresharedKey(peers: Map<string, PeerState>, publicKey: string, change: Change): void {
  const peer = peers.get(publicKey);
  if (peer === undefined || change.kind !== 'peer.set') return;
  const { presharedKey: _old, ...rest } = peer;
  peers.set(publicKey, typeof change.presharedKey === 'string' ? { ...rest, presharedKey: change.presharedKey } : rest);
}
