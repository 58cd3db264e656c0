/**
 * What the checks of failing tunnels share: which tunnels fail, which peer they lead to, and what WireGuard counts of it.
 */
import type { PathStatus } from '../failover/effects.js';
import { endpointKey } from '../host/endpoints.js';
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';
import { pathName, type ProbePath } from '../mesh/probing.js';
import type { PeerCounters, TunnelCounters } from './check.js';

export interface FailingTunnel extends PathStatus {
  readonly path: ProbePath & { readonly kind: 'tunnel' };
}

export function isFailing(status: PathStatus): status is FailingTunnel {
  return status.path.kind === 'tunnel' && status.state === 'down';
}

/** Whether the far gateway answers by another path than this tunnel. */
export function answersByAlternate({ path }: FailingTunnel, paths: readonly PathStatus[]): boolean {
  const alternate = pathName({ ...path, kind: 'alternate' });
  return paths.some((other) => other.state === 'up' && other.path.name === alternate);
}

export interface Tunnel {
  readonly device: NodePlan['interfaces'][number];
  readonly peer: WireguardPeer;
  /** Its `endpointKey`. */
  readonly key: string;
}

/** Undefined: it is not planned any more. */
export function tunnelOf(plan: NodePlan, { slot, targets }: PathStatus['path']): Tunnel | undefined {
  const device = plan.interfaces.find(({ plane }) => plane === slot);
  const peer = device?.peers.find(({ publicKey }) => publicKey === targets[0]?.publicKey);
  return device === undefined || peer === undefined ? undefined : { device, peer, key: endpointKey(device.name, peer.publicKey) };
}

export function countersOf(counters: TunnelCounters, { device, peer }: Tunnel): PeerCounters | undefined {
  return counters.get(device.name)?.peers.get(peer.publicKey);
}

/** Whether there was a handshake since the path failed. `at`: unix seconds. */
export function hadHandshake({ lastHandshake }: PeerCounters, { forMs }: PathStatus, at: number): boolean {
  return lastHandshake > at - forMs / 1000;
}
