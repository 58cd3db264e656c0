/**
 * Where others hear the far gateways of a node: what NAT makes of an address, which who is behind it does not know.
 *
 * A gateway behind NAT that dials a third one is heard there at an outside address and port, and most NATs keep those for whatever it
 * sends to (RFC 4787, endpoint-independent mapping). So two that are both behind NAT try each other there, as in Kilo
 * (pkg/mesh/mesh.go, discoverNATEndpoints), and each opens its own NAT by trying; failover/places.ts has when.
 *
 * A mapping is that of one UDP socket, so of one plane. A gateway in slot s is heard by the planes s of all others, and we, in slot
 * s, must send to just those: what is heard by others in our slot fits. What is heard of another plane fits where the NAT keeps ports,
 * which is seen: the port is the one that this plane listens on.
 *
 * Whoever tells may be wrong, or lie. WireGuard believes nobody without the right key, so that costs packets to a wrong address.
 */
import type { Heard, MeshNode } from '../api/meshNode.js';
import { addressOf, familyOf } from '../net/cidr.js';
import { formatEndpoint } from '../net/endpoint.js';
import { isPrivate, isSpecial } from '../net/special.js';
import { speaks } from './dialing.js';
import type { Gateway } from './segments.js';

export interface HeardInput {
  readonly self: MeshNode;
  /** Of `self`. */
  readonly slot: number;
  /** Those that are present. */
  readonly nodes: readonly MeshNode[];
}

/** Endpoints at which others hear a gateway, for us: what most hear first, at most four. */
export type HeardAt = (gateway: Pick<Gateway, 'publicKey' | 'port'>) => readonly string[];

export function heardBy({ self, slot, nodes }: HeardInput): HeardAt {
  const byKey = new Map<string, Heard[]>();
  for (const { metadata, spec } of nodes) {
    if (metadata.name === self.metadata.name) continue;
    for (const heard of spec.heard ?? []) {
      const before = byKey.get(heard.publicKey);
      if (before === undefined) byKey.set(heard.publicKey, [heard]);
      else before.push(heard);
    }
  }
  // An address inside somebody's network is of use to those who are heard inside one, too.
  const isInside = (byKey.get(self.spec.publicKey) ?? []).some(({ host }) => isPrivate(host));
  return ({ publicKey, port: base }) => {
    const votes = new Map<string, number>();
    for (const heard of byKey.get(publicKey) ?? []) {
      const address = addressOf(heard.host);
      const port = portFor(heard, slot, base);
      if (address === undefined || port === undefined || isSpecial(address) || (isPrivate(address) && !isInside) || !speaks(self, familyOf(address))) continue;
      const place = formatEndpoint({ address, port });
      votes.set(place, (votes.get(place) ?? 0) + 1);
    }
    return [...votes].toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).slice(0, MAX_PLACES).map(([place]) => place);
  };
}

/** Undefined: nothing is known of the socket of that plane. `base`: what plane 0 listens on. */
function portFor({ plane, port }: Heard, wanted: number, base: number): number | undefined {
  if (plane === wanted) return port;
  return port === base + plane && base + wanted <= MAX_PORT ? base + wanted : undefined;
}

const MAX_PLACES = 4;
const MAX_PORT = 65_535;
