/**
 * What those share who look at a tunnel that fails (silence.ts, places.ts).
 */
import { endpointKey } from '../host/endpoints.js';
import type { PeerState } from '../host/state.js';
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';
import type { PathStatus } from './failover.js';

/** What WireGuard says of a peer. */
export type Seen = Pick<PeerState, 'endpoint' | 'receivedBytes' | 'lastHandshake'>;

export interface Look<Before> {
  readonly plan: NodePlan;
  readonly paths: readonly PathStatus[];
  /** By interface and public key. */
  readonly tunnels: ReadonlyMap<string, { readonly peers: ReadonlyMap<string, Seen> }>;
  /** Of the last look. */
  readonly before: Before;
  /** Milliseconds. */
  readonly now: number;
  /** The same moment, unix seconds. */
  readonly at: number;
}

export interface TunnelEnd {
  readonly device: NodePlan['interfaces'][number];
  readonly peer: WireguardPeer;
  readonly key: string;
}

/** Where the tunnel of a path leads to; undefined: it is not planned any more. */
export function endOf(plan: NodePlan, { slot, targets }: PathStatus['path']): TunnelEnd | undefined {
  const device = plan.interfaces.find(({ plane }) => plane === slot);
  const peer = device?.peers.find(({ publicKey }) => publicKey === targets[0]?.publicKey);
  return device === undefined || peer === undefined ? undefined : { device, peer, key: endpointKey(device.name, peer.publicKey) };
}

export function seenOf(tunnels: Look<unknown>['tunnels'], { device, peer }: TunnelEnd): Seen | undefined {
  return tunnels.get(device.name)?.peers.get(peer.publicKey);
}

/** Was a handshake made since the path failed? */
export function shakesHands({ lastHandshake }: Seen, { forMs }: PathStatus, at: number): boolean {
  return lastHandshake > at - forMs / 1000;
}
