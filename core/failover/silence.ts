/**
 * Tunnels that fail, and from which WireGuard gets not a byte: what to do where there is nothing else that tells (stall.ts).
 *
 * WireGuard sends to where it last heard from a peer. When that place dies in silence (an uplink of a site, an address that was
 * taken away), it goes on sending there, and a far end that hears nothing and has nothing to say never tells it otherwise. Where
 * another endpoint is wanted, that one is tried again. A far end behind NAT that is cut off for that long loses nothing: it
 * comes back as soon as it speaks, which its probes do.
 *
 * Where the endpoint is right and a handshake has been made since the tunnel failed, the network is well in both directions, and
 * one of the two ends has gone deaf: the peer is made anew. Without a handshake it is not: a network that was away for a while
 * finds its session as it was.
 *
 * Neither while anything is received: whoever gets data and has none of its own answers by an empty packet after ten seconds
 * (KEEPALIVE_TIMEOUT, WireGuard whitepaper 6.5), so an agent that is gone while its tunnel works is told from a tunnel that is
 * dead. One that is deaf makes a handshake every 15 s (KEEPALIVE_TIMEOUT + REKEY_TIMEOUT), and gets nothing else.
 */
import { canonicalEndpoint } from '../host/text.js';
import type { WireguardPeer } from '../mesh/plan.js';
import { endOf, type Look, type Seen, seenOf, shakesHands } from './failing.js';
import type { PathStatus } from './failover.js';
import type { Healing } from './stall.js';

/** Peers that are looked at, by `endpointKey`: the bytes that were received from each, since when there were no more, and whether it was made anew. */
export type Silences = ReadonlyMap<string, Silence>;

interface Silence {
  readonly receivedBytes: number;
  readonly since: number;
  readonly madeAnew: boolean;
}

export interface SilenceFound {
  readonly silences: Silences;
  readonly healings: readonly Healing[];
}

/** Is it worth asking WireGuard? A tunnel is looked at for a minute when it fails, and every five minutes. */
export function mayBeSilent(paths: readonly PathStatus[]): boolean {
  return paths.some(isCandidate);
}

export function lookForSilence(input: Look<Silences>): SilenceFound {
  const silences = new Map<string, Silence>();
  const healings: Healing[] = [];
  for (const status of input.paths.filter(isCandidate)) {
    const end = endOf(input.plan, status.path);
    const seen = end === undefined ? undefined : seenOf(input.tunnels, end);
    if (end === undefined || seen === undefined) continue;
    const { device, peer, key } = end;
    const silence = silenceOf(seen, input.before.get(key), input.now);
    const kind = input.now - silence.since < SILENT_MS ? undefined : cureOf(peer, seen, status, input);
    silences.set(key, { ...silence, madeAnew: silence.madeAnew || kind === 'peer' });
    if (kind === 'endpoint' || (kind === 'peer' && !silence.madeAnew)) healings.push({ kind, plane: device.plane, publicKey: peer.publicKey });
  }
  return { silences, healings };
}

function silenceOf({ receivedBytes }: Seen, before: Silence | undefined, now: number): Silence {
  return before?.receivedBytes === receivedBytes ? before : { receivedBytes, since: now, madeAnew: before?.madeAnew ?? false };
}

function cureOf(peer: WireguardPeer, seen: Seen, status: PathStatus, { paths, at }: Look<Silences>): 'peer' | 'endpoint' | undefined {
  const { path } = status;
  const hasOtherWay = paths.some((other) => other.state === 'up' && other.path.kind === 'around' && other.path.slot === path.slot && other.path.segment === path.segment);
  if (shakesHands(seen, status, at) && !hasOtherWay) return 'peer';
  // Where others hear it, places.ts has where to send.
  const isElsewhere = peer.heard === undefined && peer.endpoint !== undefined && seen.endpoint !== undefined && seen.endpoint !== canonicalEndpoint(peer.endpoint);
  return isElsewhere ? 'endpoint' : undefined;
}

function isCandidate({ path, state, forMs }: PathStatus): boolean {
  return path.kind === 'tunnel' && state === 'down' && forMs % AGAIN_MS <= LOOKED_AT_MS;
}

/** KEEPALIVE_TIMEOUT, and what probes and looks are apart. */
const SILENT_MS = 12_000;
const LOOKED_AT_MS = 60_000;
const AGAIN_MS = 300_000;
