/**
 * EndpointMemory: for every peer of every interface, the configured endpoint that was last written.
 *
 * WireGuard follows a peer that roams. So an endpoint that differs from the configured one is no error, and setting the configured one
 * would cut off a peer behind NAT. It is set only when the configuration has changed, or when the session is dead: the last endpoint is no
 * better a guess then, and a peer behind NAT that lives comes back by itself. Tunnels that are probed are judged sooner
 * (tunnels/deadTunnel.ts).
 */
import type { NodePlan } from '../mesh/plan.js';
import type { Change } from './change.js';
import type { PeerState } from './state.js';
import { canonicalEndpoint } from './text.js';

/** Key: `endpointKey`; value: the configured endpoint. */
export type EndpointMemory = ReadonlyMap<string, string>;

/** REJECT_AFTER_TIME (WireGuard whitepaper 6.1): a session older than this carries nothing. */
export const SESSION_SECONDS = 180;

export function endpointKey(interfaceName: string, publicKey: string): string {
  return `${interfaceName} ${publicKey}`;
}

/** Whether the configured endpoint of a peer must be set. `prior`: as remembered; absent: this host was not ours before. */
export function endpointMustBeWritten(configured: string, observed: PeerState, prior: string | undefined, at: number): boolean {
  if (observed.endpoint === undefined) return true;
  if (observed.endpoint === configured) return false;
  // One that has roamed and has no session yet is about to get one.
  if (prior !== undefined && (prior !== configured || observed.lastHandshake === 0)) return prior !== configured;
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
