/**
 * EndpointMemory: for every peer of every interface, the endpoint that was wanted when we last wrote one.
 *
 * WireGuard follows a peer that roams. An endpoint that differs from the wanted one is therefore no error, and writing
 * the wanted one over it would cut off a peer behind NAT. It is written only when what is wanted has changed, or when the
 * session is dead: where it was last alive is then no better a guess than what is wanted, and a peer that is alive behind NAT
 * comes back by itself. Tunnels that are probed are judged sooner (failover/silence.ts).
 */
import type { NodePlan } from '../mesh/plan.js';
import type { Change } from './change.js';
import type { PeerState } from './state.js';
import { canonicalEndpoint } from './text.js';

/** Key: `endpointKey`; value: the wanted endpoint. */
export type EndpointMemory = ReadonlyMap<string, string>;

/** REJECT_AFTER_TIME (WireGuard whitepaper 6.1): a session older than this carries nothing. */
export const SESSION_SECONDS = 180;

export function endpointKey(interfaceName: string, publicKey: string): string {
  return `${interfaceName} ${publicKey}`;
}

/** Whether the wanted endpoint of a peer must be written. `prior`: as remembered; absent: this host was not ours before. */
export function endpointMustBeWritten(wanted: string, observed: PeerState, prior: string | undefined, at: number): boolean {
  if (observed.endpoint === undefined) return true;
  if (observed.endpoint === wanted) return false;
  // One that has been heard from elsewhere, and has no session yet, is about to get one.
  if (prior !== undefined && (prior !== wanted || observed.lastHandshake === 0)) return prior !== wanted;
  return observed.lastHandshake === 0 || at - observed.lastHandshake >= SESSION_SECONDS;
}

/** The memory after `desired` was applied; the endpoints among `failed` were not written. */
export function rememberEndpoints(desired: NodePlan, prior: EndpointMemory, failed: readonly Change[]): EndpointMemory {
  const unwritten = new Set(
    failed.filter((change) => change.kind === 'peer.set').map((change) => endpointKey(change.interface, change.publicKey)),
  );
  const memory = new Map<string, string>();
  for (const { name, peers } of desired.interfaces) {
    for (const peer of peers) {
      const key = endpointKey(name, peer.publicKey);
      const value = unwritten.has(key) || peer.endpoint === undefined ? prior.get(key) : canonicalEndpoint(peer.endpoint);
      if (value !== undefined) memory.set(key, value);
    }
  }
  return memory;
}
