/**
 * `wg show <interface> dump`: tab-separated, the first line for the interface, one more per peer. The private key in the
 * first line is left where it is.
 */
import type { PeerState, WireguardState } from './state.js';
import { canonicalCIDR, canonicalEndpoint } from './text.js';

export function parseWireguard(text: string): WireguardState {
  const [head = [], ...lines] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
  const publicKey = head[1] ?? NONE;
  return {
    ...(publicKey === NONE ? {} : { publicKey }),
    listenPort: Number(head[2] ?? 0),
    peers: new Map(lines.map((fields) => [fields[0] ?? '', peerOf(fields)])),
  };
}

const NONE = '(none)';

function peerOf(fields: readonly string[]): PeerState {
  const value = (index: number): string | undefined => (fields[index] === NONE || fields[index] === 'off' ? undefined : fields[index]);
  const presharedKey = value(1);
  const endpoint = value(2);
  return {
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(endpoint === undefined ? {} : { endpoint: canonicalEndpoint(endpoint) }),
    allowedIPs: (value(3)?.split(',') ?? []).map(canonicalCIDR).toSorted(),
    lastHandshake: Number(value(4) ?? 0),
    receivedBytes: Number(value(5) ?? 0),
    sentBytes: Number(value(6) ?? 0),
    persistentKeepalive: Number(value(7) ?? 0),
  };
}
