/**
 * Which people's peers have no tunnel with this gateway just now.
 *
 * A person's machine is set up for one gateway, and the others have it as a peer all the same: with nowhere to send to where it
 * dials in, and with handshakes that it does not answer where it has an endpoint. Its traffic is better off by the gateway that
 * it knows. WireGuard makes a handshake every 120 s while there is traffic (REKEY_AFTER_TIME), and is content with its last for
 * 180. One that could be dialled and is not is no silent one: nobody has tried.
 */
import type { NodePlan, WireguardPeer } from '../mesh/plan.js';

/** What WireGuard says of its peers, by interface and public key. `lastHandshake`: unix seconds, 0: never. */
export type Tunnels = ReadonlyMap<string, { readonly peers: ReadonlyMap<string, { readonly lastHandshake: number; readonly sentBytes: number }> }>;

export interface Sessions {
  /** Names of segments. */
  readonly silent: readonly string[];
  /** Bytes sent to each peer without a recent handshake, by interface and key; and whether more went since the look before. */
  readonly tried: ReadonlyMap<string, { readonly sentBytes: number; readonly more: boolean }>;
}

export const NO_SESSIONS: Sessions = { silent: [], tried: new Map() };

/** `before`: of the last look, a second or more ago. `at`: unix seconds. */
export function lookAtSessions(plan: NodePlan, tunnels: Tunnels, before: Sessions, at: number): Sessions {
  const silent: string[] = [];
  const tried = new Map<string, { readonly sentBytes: number; readonly more: boolean }>();
  for (const { name, peers } of plan.interfaces) {
    for (const peer of peers.filter(isPerson)) {
      const state = tunnels.get(name)?.peers.get(peer.publicKey);
      if (at - (state?.lastHandshake ?? 0) <= RECENT_SECONDS) continue;
      const key = `${name} ${peer.publicKey}`;
      const last = before.tried.get(key);
      const sentBytes = state?.sentBytes ?? 0;
      tried.set(key, { sentBytes, more: last !== undefined && (last.more || sentBytes > last.sentBytes) });
      // A handshake that has only just begun may still be answered, so what was tried counts from the next look on.
      if (peer.endpoint === undefined || last?.more === true) silent.push(segmentOf(peer));
    }
  }
  return { silent, tried };
}

/** Is there somebody who may know another gateway only? */
export function hasPeople({ groups }: NodePlan): boolean {
  return groups.some(({ segment, candidates }) => segment.startsWith('peer:') && candidates.length > 1);
}

export function isPerson({ owner }: WireguardPeer): boolean {
  return owner.startsWith(PERSON);
}

function segmentOf({ owner }: WireguardPeer): string {
  return `peer:${owner.slice(PERSON.length)}`;
}

/** Of a peer's `owner`. */
const PERSON = 'peer ';
const RECENT_SECONDS = 135;
