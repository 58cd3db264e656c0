/**
 * A WireGuard interface in the HostModel. A prefix belongs to the peer that got it last, as in the kernel (allowedips.c).
 */
import type { PeerSet } from './change.js';
import type { PeerState, WireguardState } from './state.js';

export interface ModelInterface {
  publicKey?: string;
  listenPort: number;
  readonly peers: Map<string, PeerState>;
  /** Which peer has each prefix. */
  readonly owners: Map<string, string>;
}

export function newInterface(): ModelInterface {
  return { listenPort: 0, peers: new Map(), owners: new Map() };
}

export function thawInterface(state: WireguardState): ModelInterface {
  const owners = new Map<string, string>();
  for (const [publicKey, peer] of state.peers) for (const prefix of peer.allowedIPs) owners.set(prefix, publicKey);
  return { ...state, peers: new Map(state.peers), owners };
}

export function setPeer(one: ModelInterface, change: PeerSet): void {
  const before = one.peers.get(change.publicKey) ?? NEW_PEER;
  const { presharedKey: psk, ...rest } = before;
  const presharedKey = change.presharedKey === undefined ? psk : (change.presharedKey ?? undefined);
  one.peers.set(change.publicKey, {
    ...rest,
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(change.endpoint === undefined ? {} : { endpoint: change.endpoint }),
    ...(change.persistentKeepalive === undefined ? {} : { persistentKeepalive: change.persistentKeepalive }),
    ...(change.allowedIPs === undefined ? {} : { allowedIPs: change.allowedIPs.toSorted() }),
  });
  if (change.allowedIPs !== undefined) moveAllowedIPs(one, change.publicKey, before.allowedIPs, change.allowedIPs);
}

export function deletePeer(one: ModelInterface, publicKey: string): void {
  for (const prefix of one.peers.get(publicKey)?.allowedIPs ?? []) one.owners.delete(prefix);
  one.peers.delete(publicKey);
}

const NEW_PEER: PeerState = { persistentKeepalive: 0, allowedIPs: [], lastHandshake: 0, receivedBytes: 0, sentBytes: 0 };

function moveAllowedIPs(one: ModelInterface, publicKey: string, before: readonly string[], after: readonly string[]): void {
  for (const prefix of before) one.owners.delete(prefix);
  for (const prefix of after) {
    const loser = one.owners.get(prefix);
    const peer = loser === undefined ? undefined : one.peers.get(loser);
    if (loser !== undefined && peer !== undefined)
      one.peers.set(loser, { ...peer, allowedIPs: peer.allowedIPs.filter((each) => each !== prefix) });
    one.owners.set(prefix, publicKey);
  }
}
