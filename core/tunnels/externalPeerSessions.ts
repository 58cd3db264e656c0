/**
 * External peer sessions: which external peers have no session with this gateway, so that their traffic is better off by another one.
 *
 * A laptop or router is set up for one gateway, and all gateways have it as a peer: without an endpoint where it dials in, and with
 * handshakes that it does not answer where it has one. WireGuard makes a handshake every 120 s while there is traffic
 * (REKEY_AFTER_TIME) and accepts its last one for 180. A peer that could be dialled and was not is not silent: nobody has tried.
 */
import { endpointKey } from '../host/endpoints.js';
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';
import { type CheckResult, NEVER, type TunnelCheck, type TunnelCounters } from './check.js';

interface ExternalPeerSessions {
  /** Names of the segments of silent peers. */
  readonly silent: readonly string[];
  /** Peers without a recent handshake, by `endpointKey`. */
  readonly dialled: ReadonlyMap<string, Dialled>;
}

interface Dialled {
  readonly sentBytes: number;
  /** Whether that number has grown since the peer was first seen without a recent handshake. */
  readonly more: boolean;
}

export const externalPeerSessions: TunnelCheck<ExternalPeerSessions> = {
  initial: { silent: [], dialled: new Map() },
  check(state, { plan, counters, now, at }) {
    if (!hasAlternatives(plan)) return resultOf(state, externalPeerSessions.initial, NEVER);
    // An interface that did not answer says nothing about its peers.
    if (counters === undefined || counters.size < plan.interfaces.length) return { state, repairs: [], next: now };
    return resultOf(state, sessionsOf(plan, counters, state, at), now);
  },
};

export function isExternalPeer({ owner }: WireguardPeer): boolean {
  return owner.kind === 'peer';
}

/** Is there an external peer that may know another gateway only? */
function hasAlternatives({ groups }: NodePlan): boolean {
  return groups.some(({ externalPeer, paths }) => externalPeer === true && paths.length > 1);
}

function resultOf(before: ExternalPeerSessions, state: ExternalPeerSessions, next: number): CheckResult<ExternalPeerSessions> {
  const hasChanged = state.silent.join() !== before.silent.join();
  return { state, repairs: hasChanged ? [{ kind: 'reportUnreachable', segments: state.silent }] : [], next };
}

function sessionsOf(plan: NodePlan, counters: TunnelCounters, before: ExternalPeerSessions, at: number): ExternalPeerSessions {
  const silent: string[] = [];
  const dialled = new Map<string, Dialled>();
  for (const { name, peers } of plan.interfaces) {
    for (const peer of peers.filter(isExternalPeer)) {
      const counted = counters.get(name)?.peers.get(peer.publicKey);
      if (at - (counted?.lastHandshake ?? 0) <= RECENT_SECONDS) continue;
      const key = endpointKey(name, peer.publicKey);
      const last = before.dialled.get(key);
      const sentBytes = counted?.sentBytes ?? 0;
      dialled.set(key, { sentBytes, more: last !== undefined && (last.more || sentBytes > last.sentBytes) });
      // A handshake that has only just begun may still be answered, so it counts from the next look on.
      if (peer.endpoint === undefined || last?.more === true) silent.push(peer.segment);
    }
  }
  return { silent, dialled };
}

/** Between REKEY_AFTER_TIME and REJECT_AFTER_TIME. */
const RECENT_SECONDS = 135;
