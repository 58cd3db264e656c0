/**
 * Which people's peers have no tunnel with this gateway just now.
 *
 * A laptop dials one gateway, and the others have it as a peer all the same, with nowhere to send to. Where one that dials in
 * has made no handshake of late, its traffic is better off by a gateway with which it has. WireGuard makes one every 120 s while
 * there is traffic (REKEY_AFTER_TIME), and is content with its last for 180.
 */
import type { NodePlan } from '../mesh/plan.js';

/** Unix seconds of the latest handshake by interface and public key; 0: never. */
export type Handshakes = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Names of segments. `at`: unix seconds. */
export function silentPeople(plan: NodePlan, handshakes: Handshakes, at: number): readonly string[] {
  return plan.interfaces.flatMap(({ name, peers }) =>
    peers
      .filter(({ owner, endpoint, publicKey }) => owner.startsWith(PERSON) && endpoint === undefined && at - (handshakes.get(name)?.get(publicKey) ?? 0) > RECENT_SECONDS)
      .map(({ owner }) => `peer:${owner.slice(PERSON.length)}`));
}

/** Of a peer's `owner`. */
const PERSON = 'peer ';
const RECENT_SECONDS = 135;
