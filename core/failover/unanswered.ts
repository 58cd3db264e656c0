/**
 * People's peers that are dialled by name, and answer no more: the name may lead elsewhere by now.
 *
 * Tunnels that are probed tell at once. Of these there is only what WireGuard counts: whoever gets data and has none of its own
 * answers by an empty packet after ten seconds (KEEPALIVE_TIMEOUT, WireGuard whitepaper 6.5), so nothing comes from one that
 * was sent to twelve seconds ago only if it is gone. Or if it was sent keepalives, which nobody answers; then a name is asked
 * once too often.
 */
import { endpointKey } from '../host/endpoints.js';
import type { PeerState } from '../host/state.js';
import { endpointAddress } from '../host/text.js';
import type { NodePlan } from '../mesh/plan.js';
import { isPerson } from './sessions.js';

/** Of each such peer, by `endpointKey`: since when it has been sent to without an answer, unix seconds; undefined: it has not. */
export type Tries = ReadonlyMap<string, Tried>;

interface Tried {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly since: number | undefined;
  readonly isGone: boolean;
}

export interface UnansweredInput {
  readonly plan: NodePlan;
  /** To which names lead. */
  readonly addresses: ReadonlySet<string>;
  /** What WireGuard says of its peers, by interface and public key. */
  readonly tunnels: ReadonlyMap<string, { readonly peers: ReadonlyMap<string, Pick<PeerState, 'receivedBytes' | 'sentBytes'>> }>;
  /** Of the last look. */
  readonly before: Tries;
  /** Unix seconds. */
  readonly at: number;
}

/** Is there anybody of whom WireGuard should be asked? */
export function hasNamed(plan: NodePlan, addresses: ReadonlySet<string>): boolean {
  return namedPeers(plan, addresses).length > 0;
}

/** `isNew`: one has gone since the last look. */
export function lookForUnanswered({ plan, addresses, tunnels, before, at }: UnansweredInput): { readonly tries: Tries; readonly isNew: boolean } {
  const tries = new Map<string, Tried>();
  let isNew = false;
  for (const { device, publicKey } of namedPeers(plan, addresses)) {
    const now = tunnels.get(device)?.peers.get(publicKey);
    if (now === undefined) continue;
    const { receivedBytes, sentBytes } = now;
    const key = endpointKey(device, publicKey);
    const last = before.get(key);
    const since = last?.receivedBytes !== receivedBytes ? undefined : (last.since ?? (sentBytes > last.sentBytes ? at : undefined));
    const isGone = since !== undefined && at - since >= PATIENCE_SECONDS;
    tries.set(key, { receivedBytes, sentBytes, since, isGone });
    if (isGone && last?.isGone !== true) isNew = true;
  }
  return { tries, isNew };
}

function namedPeers({ interfaces }: NodePlan, addresses: ReadonlySet<string>): readonly { readonly device: string; readonly publicKey: string }[] {
  if (addresses.size === 0) return [];
  return interfaces.flatMap(({ name, peers }) =>
    peers.filter((peer) => isPerson(peer) && peer.endpoint !== undefined && addresses.has(endpointAddress(peer.endpoint))).map(({ publicKey }) => ({ device: name, publicKey })),
  );
}

/** KEEPALIVE_TIMEOUT, and what looks are apart. */
const PATIENCE_SECONDS = 12;
