/**
 * Where this gateway hears the far ends of its tunnels, and what of that it tells others (mesh/heard.ts has what they make of it).
 */
import { type Heard, MAX_HEARD, type MeshNode } from '../api/meshNode.js';
import type { NodePlan } from '../mesh/plan.js';
import { parseEndpoint } from '../net/endpoint.js';
import { isSpecial } from '../net/special.js';
import { SESSION_SECONDS } from './endpoints.js';
import type { HostState, PeerState } from './state.js';
import { canonicalEndpoint } from './text.js';

export interface HearInput {
  readonly plan: NodePlan;
  /** What WireGuard says of its peers, by interface and public key. */
  readonly wireguard: ReadonlyMap<string, { readonly peers: ReadonlyMap<string, Pick<PeerState, 'endpoint' | 'lastHandshake'>> }>;
  /** Unix seconds of that. */
  readonly at: HostState['at'];
}

/** Gateways with a live session that are heard elsewhere than at the endpoint that is wanted. People's machines are dialled by nobody. */
export function hear({ plan: { role, interfaces }, wireguard, at }: HearInput): readonly Heard[] {
  if (role.kind !== 'gateway') return [];
  return interfaces.flatMap(({ name, peers }) => peers.flatMap(({ owner, publicKey, endpoint }): Heard[] => {
    const state = wireguard.get(name)?.peers.get(publicKey);
    if (state?.endpoint === undefined || !owner.startsWith('gateway ') || at - state.lastHandshake >= SESSION_SECONDS) return [];
    if (endpoint !== undefined && state.endpoint === canonicalEndpoint(endpoint)) return [];
    const place = parseEndpoint(state.endpoint);
    // The far end has us on the interface of our own slot.
    return place === undefined || isSpecial(place.address) ? [] : [{ publicKey, plane: role.slot, host: place.address, port: place.port }];
  }));
}

/**
 * Of what `self` hears, what it tells: all that fewer than two others tell, so that a gateway that moves costs two writes and not one by
 * everybody who hears it. Where more have begun at the same time, the first two by name go on.
 */
export function worthTelling(found: readonly Heard[], self: string, nodes: readonly MeshNode[]): readonly Heard[] {
  if (found.length === 0) return [];
  const tellers = new Map<string, string[]>();
  for (const { metadata, spec } of nodes) {
    if (metadata.deletionTimestamp !== undefined) continue;
    for (const heard of spec.heard ?? []) tellers.set(textOf(heard), [...(tellers.get(textOf(heard)) ?? []), metadata.name]);
  }
  return found.filter((heard) => {
    const names = tellers.get(textOf(heard)) ?? [];
    const rivals = names.includes(self) ? names.filter((name) => name < self) : names;
    return rivals.length < TELLERS;
  }).toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1)).slice(0, MAX_HEARD);
}

export function textOf({ publicKey, plane, host, port }: Heard): string {
  return `${publicKey} ${plane} ${host} ${port}`;
}

const TELLERS = 2;
