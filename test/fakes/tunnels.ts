/**
 * What tests of tunnel checks share: observations with little in them, and a check that is run on one after the other.
 */
import { emptyPlan } from '../../core/host/emptyPlan.js';
import type { PathStatus } from '../../core/failover/effects.js';
import type { PathState } from '../../core/failover/probedPath.js';
import type { NodePlan, PeerOwner, WireguardPeer } from '../../core/mesh/plan.js';
import type { PeerCounters, TunnelCheck, TunnelCounters, TunnelObservation } from '../../core/tunnels/check.js';
import type { TunnelRepair } from '../../core/tunnels/repair.js';

export function observationOf(given: Partial<TunnelObservation>): TunnelObservation {
  return { plan: emptyPlan('a'), paths: [], choices: new Map(), resolved: {}, now: 0, at: 1_000_000, ...given };
}

/** A gateway, or an external peer. Its key is `key of NAME`. */
export function peerOf(kind: PeerOwner['kind'], name: string, given: Partial<WireguardPeer> = {}): WireguardPeer {
  return {
    publicKey: `key of ${name}`,
    persistentKeepalive: 0,
    allowedIPs: [],
    owner: { kind, name },
    segment: kind === 'peer' ? `peer:${name}` : name,
    ...given,
  };
}

/** What probes say of the path by plane 0 to the gateway `name`, in a segment of that name; for so many milliseconds. */
export function statusOf(kind: 'tunnel' | 'alternate', name: string, state: PathState, forMs = 1000): PathStatus {
  const targets = [{ name, publicKey: `key of ${name}`, address: '10.4.0.2', segment: name }];
  return {
    path: { name: `${kind}/0/${name}`, kind, slot: 0, segment: name, from: 1, targets },
    state,
    inUse: true,
    forMs,
    loss: 0,
  };
}

/** A plan with `kilo0` and these peers on it. */
export function planWith(...peers: readonly WireguardPeer[]): NodePlan {
  return { ...emptyPlan('a'), interfaces: [{ name: 'kilo0', plane: 0, listenPort: 51820, mtu: 1420, peers }] };
}

/** What WireGuard says of the peers of `kilo0`, by public key. */
export function countersWith(peers: Readonly<Record<string, Partial<PeerCounters>>>): TunnelCounters {
  return new Map([['kilo0', { peers: new Map(Object.entries(peers).map(([publicKey, given]) => [publicKey, { ...ZERO, ...given }])) }]]);
}

const ZERO: PeerCounters = { lastHandshake: 0, receivedBytes: 0, sentBytes: 0 };

/** The repairs after each observation. */
export function repairsOf<State>(
  check: TunnelCheck<State>,
  observations: readonly TunnelObservation[],
): readonly (readonly TunnelRepair[])[] {
  let state = check.initial;
  return observations.map((observation) => {
    const result = check.check(state, observation);
    ({ state } = result);
    return result.repairs;
  });
}
