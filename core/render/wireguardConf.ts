/**
 * A peer's configuration as text: for wg-quick, or without what only wg-quick knows, for `wg setconf` and its relatives. The
 * private key is in neither: it stays in a file of the machine.
 */
import type { ConfigPeer, PeerConfig } from '../mesh/peerConfig.js';
import { printable } from '../text/printable.js';

/** A file for `wg-quick up`, which sets addresses and the key, and makes routes. */
export function wgQuickConf({ publicKey, addresses, peers, notes }: PeerConfig): string {
  return joined([
    [
      ...notes.map(comment),
      '[Interface]',
      comment(`The private key whose public key is ${publicKey}.`),
      'PostUp = wg set %i private-key /etc/wireguard/%i.key',
      ...addresses.map((address) => `Address = ${address}`),
    ],
    ...peers.map(peerLines),
  ]);
}

/** The peers alone, as `kgctl showconf peer` prints them: what `wg` itself reads (wg(8), "Configuration file format"). */
export function wgConf({ peers, notes }: PeerConfig): string {
  return joined([...(notes.length === 0 ? [] : [notes.map(comment)]), ...peers.map(peerLines)]);
}

function peerLines({ segment, gateway, publicKey, presharedKey, endpoint, allowedIPs, persistentKeepalive }: ConfigPeer): string[] {
  return [
    '[Peer]',
    comment(`${segment}, by ${gateway}`),
    `PublicKey = ${publicKey}`,
    ...(presharedKey === undefined ? [] : [`PresharedKey = ${presharedKey}`]),
    ...(endpoint === undefined ? [] : [`Endpoint = ${endpoint}`]),
    `AllowedIPs = ${allowedIPs.join(', ')}`,
    ...(persistentKeepalive === 0 ? [] : [`PersistentKeepalive = ${persistentKeepalive}`]),
  ];
}

function comment(text: string): string {
  return `# ${printable(text)}`;
}

/** Names come from the cluster. No text of theirs begins a line of its own: wg-quick runs some lines as root. */
function joined(parts: readonly (readonly string[])[]): string {
  return parts.map((lines) => lines.map((line) => `${printable(line, Number.POSITIVE_INFINITY)}\n`).join('')).join('\n');
}
