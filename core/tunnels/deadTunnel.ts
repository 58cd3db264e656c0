/**
 * Dead tunnel: probes fail, and WireGuard receives not a byte from the peer.
 *
 * WireGuard sends to where it last received from a peer. When that address dies silently (an uplink of a site, an address that was
 * removed), it keeps sending there, and a far end that receives nothing and has nothing to send never corrects it. So where the
 * configured endpoint is another one, it is set again. A far end behind NAT loses nothing by that: its next packet, which its probes
 * send, brings its own endpoint back.
 *
 * Where the endpoint is as configured and there was a handshake since the tunnel failed, packets pass in both directions, so one of
 * the two ends has stopped receiving: the peer is recreated. Where the far gateway answers by its alternate path, receiveStall.ts
 * does that sooner. Without a handshake nothing is done: when the network comes back, it finds the session as it was.
 *
 * A tunnel that receives anything is not dead. A peer that gets data and has none to send answers with an empty packet after ten
 * seconds (KEEPALIVE_TIMEOUT, WireGuard whitepaper 6.5), so a far end whose agent alone is gone still counts up. One that has stopped
 * receiving makes a handshake every 15 s (KEEPALIVE_TIMEOUT + REKEY_TIMEOUT) and sends nothing else.
 */
import { canonicalEndpoint } from '../host/text.js';
import type { WireguardPeer } from '../mesh/plan.js';
import { NEVER, type PeerCounters, type TunnelCheck, type TunnelObservation } from './check.js';
import { answersByAlternate, countersOf, type FailingTunnel, hadHandshake, isFailing, tunnelOf } from './failingTunnel.js';
import type { TunnelRepair } from './repair.js';

/** Peers of failing tunnels, by `endpointKey`. */
type WatchedPeers = ReadonlyMap<string, WatchedPeer>;

interface WatchedPeer {
  readonly receivedBytes: number;
  /** When that number last changed, milliseconds. */
  readonly since: number;
  readonly isRecreated: boolean;
}

export const deadTunnel: TunnelCheck<WatchedPeers> = {
  initial: new Map(),
  check(state, observation) {
    const { plan, paths, counters, now } = observation;
    const failing = paths.filter(isFailing).filter(isWatched);
    if (failing.length === 0) return { state: deadTunnel.initial, repairs: [], next: NEVER };
    if (counters === undefined) return { state, repairs: [], next: now };
    const watched = new Map<string, WatchedPeer>();
    const repairs: TunnelRepair[] = [];
    for (const status of failing) {
      const tunnel = tunnelOf(plan, status.path);
      const counted = tunnel === undefined ? undefined : countersOf(counters, tunnel);
      if (tunnel === undefined || counted === undefined) continue;
      const { device, peer, key } = tunnel;
      const one = watch(counted, state.get(key), now);
      const kind = now - one.since < SILENT_MS ? undefined : repairOf(peer, counted, status, observation);
      watched.set(key, { ...one, isRecreated: one.isRecreated || kind === 'recreatePeer' });
      if (kind === 'resetEndpoint' || (kind === 'recreatePeer' && !one.isRecreated))
        repairs.push({ kind, plane: device.plane, publicKey: peer.publicKey });
    }
    return { state: watched, repairs, next: now };
  },
};

function watch({ receivedBytes }: PeerCounters, before: WatchedPeer | undefined, now: number): WatchedPeer {
  return before?.receivedBytes === receivedBytes ? before : { receivedBytes, since: now, isRecreated: before?.isRecreated ?? false };
}

function repairOf(
  peer: WireguardPeer,
  counted: PeerCounters,
  status: FailingTunnel,
  { paths, at }: TunnelObservation,
): 'recreatePeer' | 'resetEndpoint' | undefined {
  if (hadHandshake(counted, status, at) && !answersByAlternate(status, paths)) return 'recreatePeer';
  // Where others observe it elsewhere, endpointCandidates.ts says where to send.
  const isElsewhere =
    peer.observedEndpoints === undefined &&
    peer.endpoint !== undefined &&
    counted.endpoint !== undefined &&
    counted.endpoint !== canonicalEndpoint(peer.endpoint);
  return isElsewhere ? 'resetEndpoint' : undefined;
}

/** A tunnel is watched for a minute when it fails, and again every five minutes. */
function isWatched({ forMs }: FailingTunnel): boolean {
  return forMs % AGAIN_MS <= WATCHED_MS;
}

/** KEEPALIVE_TIMEOUT, and some room for the intervals of probes and of this check. */
const SILENT_MS = 12_000;
const WATCHED_MS = 60_000;
const AGAIN_MS = 300_000;
