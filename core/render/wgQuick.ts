/**
 * A peer's configuration as wg-quick reads it. The private key is not in it: it stays in a file of the machine.
 */
import type { ConfigPeer, PeerConfig } from '../mesh/peerConfig.js';

export function wgQuick({ publicKey, addresses, peers, notes }: PeerConfig): string {
  const parts = [
    [
      ...notes.map((note) => `# ${note}`),
      '[Interface]',
      `# The private key whose public key is ${publicKey}.`,
      'PostUp = wg set %i private-key /etc/wireguard/%i.key',
      ...addresses.map((address) => `Address = ${address}`),
    ],
    ...peers.map(peerLines),
  ];
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function peerLines({ segment, gateway, publicKey, presharedKey, endpoint, allowedIPs, persistentKeepalive }: ConfigPeer): string[] {
  return [
    '[Peer]',
    `# ${segment}, by ${gateway}`,
    `PublicKey = ${publicKey}`,
    ...(presharedKey === undefined ? [] : [`PresharedKey = ${presharedKey}`]),
    ...(endpoint === undefined ? [] : [`Endpoint = ${endpoint}`]),
    `AllowedIPs = ${allowedIPs.join(', ')}`,
    ...(persistentKeepalive === 0 ? [] : [`PersistentKeepalive = ${persistentKeepalive}`]),
  ];
}
