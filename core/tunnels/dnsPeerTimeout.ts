/**
 * DNS peer timeout: an external peer whose endpoint is a DNS name no longer answers, so the name may lead elsewhere by now.
 *
 * Tunnels to gateways are probed, and a failure is known at once. Of external peers there is only what WireGuard counts: a peer that
 * gets data and has none to send answers with an empty packet after ten seconds (KEEPALIVE_TIMEOUT, WireGuard whitepaper 6.5), so one
 * that was sent to twelve seconds ago and has sent nothing is gone. Or it was sent keepalives, which nobody answers; then its name is
 * resolved once too often.
 */
import { endpointKey } from '../host/endpoints.js';
import { endpointAddress } from '../host/text.js';
import type { NodePlan } from '../mesh/plan.js';
import { NEVER, type TunnelCheck } from './check.js';
import { isExternalPeer } from './externalPeerSessions.js';

/** By `endpointKey`. */
type DnsPeers = ReadonlyMap<string, DnsPeer>;

interface DnsPeer {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Since when it was sent to without an answer, milliseconds; undefined: it was not. */
  readonly unansweredSince: number | undefined;
  readonly isGone: boolean;
}

export const dnsPeerTimeout: TunnelCheck<DnsPeers> = {
  initial: new Map(),
  check(state, { plan, resolved, counters, now }) {
    const named = dnsPeersOf(plan, new Set(Object.values(resolved)));
    if (named.length === 0) return { state: dnsPeerTimeout.initial, repairs: [], next: NEVER };
    if (counters === undefined) return { state, repairs: [], next: now };
    const peers = new Map<string, DnsPeer>();
    for (const { device, publicKey } of named) {
      const counted = counters.get(device)?.peers.get(publicKey);
      if (counted === undefined) continue;
      const { receivedBytes, sentBytes } = counted;
      const key = endpointKey(device, publicKey);
      const last = state.get(key);
      const isSilent = last?.receivedBytes === receivedBytes;
      const unansweredSince = isSilent ? (last.unansweredSince ?? (sentBytes > last.sentBytes ? now : undefined)) : undefined;
      const isGone = unansweredSince !== undefined && now - unansweredSince >= PATIENCE_MS;
      peers.set(key, { receivedBytes, sentBytes, unansweredSince, isGone });
    }
    const isNew = [...peers].some(([key, { isGone }]) => isGone && state.get(key)?.isGone !== true);
    return { state: peers, repairs: isNew ? [{ kind: 'resolveNames' }] : [], next: now };
  },
};

interface PlannedPeer {
  readonly device: string;
  readonly publicKey: string;
}

/** `addresses`: what names resolve to. */
function dnsPeersOf({ interfaces }: NodePlan, addresses: ReadonlySet<string>): readonly PlannedPeer[] {
  if (addresses.size === 0) return [];
  return interfaces.flatMap(({ name, peers }) =>
    peers
      .filter((peer) => isExternalPeer(peer) && peer.endpoint !== undefined && addresses.has(endpointAddress(peer.endpoint)))
      .map(({ publicKey }) => ({ device: name, publicKey })),
  );
}

/** KEEPALIVE_TIMEOUT, and some room for the interval of this check. */
const PATIENCE_MS = 12_000;
