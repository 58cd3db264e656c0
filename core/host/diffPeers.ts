/**
 * The peers of one WireGuard interface: which attributes of which peers to write, in an order that never leaves a prefix without a peer.
 *
 * An interface routes a prefix to one peer, and giving it to another moves it atomically (kernel allowedips.c add()). `wg set` replaces the
 * whole list of a peer. So a peer that is written before the new owner of one of its prefixes keeps that prefix in its list until the new
 * owner takes it, and a peer that only loses prefixes to others is not written at all.
 */
import type { WireguardInterface, WireguardPeer } from '../mesh/plan.js';
import type { Change, Difference, PeerSet } from './change.js';
import { endpointKey, endpointMustBeWritten, type EndpointMemory } from './endpoints.js';
import type { PeerState, WireguardState } from './state.js';
import { canonicalCIDR, canonicalEndpoint } from './text.js';

interface PeersInput {
  readonly desired: WireguardInterface;
  /** Absent: the interface is about to be made. */
  readonly observed: WireguardState | undefined;
  readonly prior: EndpointMemory;
  /** Unix seconds. */
  readonly at: number;
}

export function diffPeers(input: PeersInput): Difference {
  const { desired, observed } = input;
  const rank = new Map(desired.peers.map((peer, index) => [peer.publicKey, index]));
  const prefixes = prefixPlan(input, rank);
  const set = desired.peers.map((peer) => diffPeer(input, peer, prefixes?.get(peer.publicKey))).filter((change) => change !== undefined);
  const remove: Change[] = [...(observed?.peers.keys() ?? [])]
    .filter((publicKey) => !rank.has(publicKey))
    .toSorted()
    .map((publicKey) => ({ kind: 'peer.delete', interface: desired.name, publicKey }));
  return { set, remove };
}

/** `allowedIPs`: to be written; absent: they are right. */
function diffPeer(input: PeersInput, peer: WireguardPeer, allowedIPs: readonly string[] | undefined): PeerSet | undefined {
  const name = input.desired.name;
  const before = input.observed?.peers.get(peer.publicKey) ?? NO_PEER;
  const endpoint = peer.endpoint === undefined ? undefined : canonicalEndpoint(peer.endpoint);
  const writeEndpoint =
    endpoint !== undefined &&
    endpoint !== before.endpoint &&
    endpointMustBeWritten(endpoint, before, input.prior.get(endpointKey(name, peer.publicKey)), input.at);
  const writeKey = before.presharedKey !== peer.presharedKey;
  const writeKeepalive = before.persistentKeepalive !== peer.persistentKeepalive;
  if (before !== NO_PEER && !writeEndpoint && !writeKey && !writeKeepalive && allowedIPs === undefined) return undefined;
  return {
    kind: 'peer.set',
    interface: name,
    publicKey: peer.publicKey,
    ...(writeEndpoint ? { endpoint } : {}),
    ...(writeKey ? { presharedKey: peer.presharedKey ?? null } : {}),
    ...(writeKeepalive ? { persistentKeepalive: peer.persistentKeepalive } : {}),
    ...(allowedIPs === undefined ? {} : { allowedIPs }),
  };
}

const NO_PEER: PeerState = { persistentKeepalive: 0, allowedIPs: [], lastHandshake: 0, receivedBytes: 0, sentBytes: 0 };

/** For each peer whose prefixes must be written, the list to write. */
function prefixPlan(input: PeersInput, rank: ReadonlyMap<string, number>): ReadonlyMap<string, readonly string[]> | undefined {
  const { desired, observed } = input;
  if (desired.peers.every((peer) => sameList(peer.allowedIPs, observed?.peers.get(peer.publicKey)?.allowedIPs))) return undefined;
  const owners = ownersOf(desired.peers);
  const lists = new Map<string, readonly string[]>();
  for (const [index, { publicKey, allowedIPs }] of desired.peers.entries()) {
    const before = observed?.peers.get(publicKey)?.allowedIPs;
    if (sameList(allowedIPs, before)) continue;
    const wanted = allowedIPs.map(canonicalCIDR).filter((prefix) => owners.get(prefix) === publicKey);
    if (before !== undefined && !mustBeWritten(before, wanted, owners)) continue;
    const movedLater = (before ?? []).filter((prefix) => (rank.get(owners.get(prefix) ?? '') ?? -1) > index);
    lists.set(publicKey, [...new Set([...wanted, ...movedLater])].toSorted());
  }
  return lists;
}

/** A cheap comparison, since there may be thousands; lists that differ only in spelling are compared again later. */
function sameList(wanted: readonly string[], now: readonly string[] | undefined): boolean {
  if (now === undefined || now.length !== wanted.length) return false;
  return wanted.every((prefix, index) => prefix === now[index]) || wanted.toSorted().every((prefix, index) => prefix === now[index]);
}

/** A prefix that another peer will take needs no write here. */
function mustBeWritten(before: readonly string[], wanted: readonly string[], owners: ReadonlyMap<string, string>): boolean {
  const held = new Set(before);
  if (wanted.some((prefix) => !held.has(prefix))) return true;
  const kept = new Set(wanted);
  return before.some((prefix) => !kept.has(prefix) && !owners.has(prefix));
}

/** The owner of each prefix. If two peers want the same one, the first has it: taking it in turns would cut off both. */
function ownersOf(peers: readonly WireguardPeer[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const peer of peers) {
    for (const prefix of peer.allowedIPs.map(canonicalCIDR)) {
      if (!owners.has(prefix)) owners.set(prefix, peer.publicKey);
    }
  }
  return owners;
}
