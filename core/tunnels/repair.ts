/**
 * TunnelRepair: what a check wants done about a tunnel, and what that changes on the host.
 */
import type { Change } from '../host/change.js';
import type { HostState } from '../host/state.js';
import type { NodePlan } from '../mesh/plan.js';

export type TunnelRepair = HostRepair | AgentRepair;

/** A change of WireGuard's state on this host. */
export type HostRepair =
  /** Deletes the peer and sets it again: it has a new session then. */
  | { readonly kind: 'recreatePeer'; readonly plane: number; readonly publicKey: string }
  /** Deletes the plane's interface; the next pass makes it again. */
  | { readonly kind: 'recreateInterface'; readonly plane: number }
  /** Sends to the configured endpoint again. */
  | { readonly kind: 'resetEndpoint'; readonly plane: number; readonly publicKey: string }
  /** Recreates the peer at another endpoint. */
  | { readonly kind: 'tryCandidate'; readonly plane: number; readonly publicKey: string; readonly endpoint: string };

/** Something for another part of the agent to do. */
type AgentRepair =
  /** Asks DNS again for the endpoints that are names. */
  | { readonly kind: 'resolveNames' }
  /** Tells the segment peers that this gateway does not reach these segments, all of them; none: it reaches all. */
  | { readonly kind: 'reportUnreachable'; readonly segments: readonly string[] }
  /** Reads the host and publishes the endpoints that are observed now. */
  | { readonly kind: 'publishEndpoints' };

/**
 * The changes that carry out `repair`. None where the plan does not know the tunnel any more, and none that would cut off external
 * peers: they have no other plane.
 */
export function repairChanges(repair: HostRepair, plan: NodePlan, { wireguard }: Pick<HostState, 'wireguard'>): readonly Change[] {
  const device = plan.interfaces.find(({ plane }) => plane === repair.plane);
  if (device === undefined) return [];
  if (repair.kind === 'recreateInterface')
    return device.peers.some(({ owner }) => owner.kind === 'peer') ? [] : [{ kind: 'link.delete', name: device.name }];
  const peer = device.peers.find(({ publicKey }) => publicKey === repair.publicKey);
  if (peer === undefined) return [];
  if (repair.kind === 'resetEndpoint')
    return peer.endpoint === undefined
      ? []
      : [{ kind: 'peer.set', interface: device.name, publicKey: peer.publicKey, endpoint: peer.endpoint }];
  const { owner: _owner, segment: _segment, observedEndpoints, ...rest } = peer;
  const current = wireguard.get(device.name)?.peers.get(peer.publicKey)?.endpoint;
  // A peer that dials in can only be reached where it is now, and so can one behind NAT.
  const reachable = observedEndpoints === undefined ? (peer.endpoint ?? current) : (current ?? peer.endpoint);
  const endpoint = repair.kind === 'tryCandidate' ? repair.endpoint : reachable;
  // A new peer has no dead session, so its handshake starts at once instead of after five seconds (REKEY_TIMEOUT).
  return [
    { kind: 'peer.delete', interface: device.name, publicKey: peer.publicKey },
    { kind: 'peer.set', interface: device.name, ...rest, ...(endpoint === undefined ? {} : { endpoint }) },
  ];
}
