/**
 * The endpoints at which other nodes observe a remote gateway: what NAT makes of its address, which a gateway behind NAT does not know.
 *
 * A gateway behind NAT that dials a third one is observed there at an outside address and port, and most NATs keep those for whatever it
 * sends to (RFC 4787, endpoint-independent mapping). So two that are both behind NAT try each other there, as in Kilo
 * (pkg/mesh/mesh.go, discoverNATEndpoints), and each opens its own NAT by trying; tunnels/endpointCandidates.ts says when.
 *
 * A mapping belongs to one UDP socket, so to one plane. The gateways of slot s receive from plane s of all others, and a node in slot s
 * must send to just those: what others in its slot observe fits. What is observed of another plane fits where the NAT keeps ports, which
 * shows: the port is the one that this plane listens on.
 *
 * An observer may be wrong, or lie. WireGuard accepts nothing without the right key, so that costs packets to a wrong address.
 */
import type { ObservedEndpoint, MeshNode } from '../api/meshNode.js';
import { addressOf } from '../net/cidr.js';
import { formatEndpoint } from '../net/endpoint.js';
import { isPrivate, isSpecial } from '../net/special.js';
import { hasFamilyOf } from './dialing.js';
import type { Gateway } from './segments.js';

interface ObservedEndpointsInput {
  readonly self: MeshNode;
  /** Of `self`. */
  readonly slot: number;
  /** Those that are present. */
  readonly nodes: readonly MeshNode[];
}

/** Endpoints for `self` to try, those that most nodes observe first, at most four. */
export type ObservedEndpointsOf = (gateway: Pick<Gateway, 'publicKey' | 'port'>) => readonly string[];

export function observedEndpointsOf({ self, slot, nodes }: ObservedEndpointsInput): ObservedEndpointsOf {
  const byKey = new Map<string, ObservedEndpoint[]>();
  for (const { metadata, spec } of nodes) {
    if (metadata.name === self.metadata.name) continue;
    for (const one of spec.observedEndpoints ?? []) {
      const before = byKey.get(one.publicKey);
      if (before === undefined) byKey.set(one.publicKey, [one]);
      else before.push(one);
    }
  }
  // A private address is of use only to a node that is observed at a private one itself.
  const isInside = (byKey.get(self.spec.publicKey) ?? []).some(({ host }) => isPrivate(host));
  return ({ publicKey, port: base }) => {
    const votes = new Map<string, number>();
    for (const one of byKey.get(publicKey) ?? []) {
      const address = addressOf(one.host);
      const port = portFor(one, slot, base);
      if (
        address === undefined ||
        port === undefined ||
        isSpecial(address) ||
        (isPrivate(address) && !isInside) ||
        !hasFamilyOf(self, address)
      )
        continue;
      const endpoint = formatEndpoint({ address, port });
      votes.set(endpoint, (votes.get(endpoint) ?? 0) + 1);
    }
    return [...votes]
      .toSorted(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
      .slice(0, MAX_ENDPOINTS)
      .map(([endpoint]) => endpoint);
  };
}

/** Undefined: nothing is known of the socket of that plane. `base`: what plane 0 listens on. */
function portFor({ plane, port }: ObservedEndpoint, wanted: number, base: number): number | undefined {
  if (plane === wanted) return port;
  return port === base + plane && base + wanted <= MAX_PORT ? base + wanted : undefined;
}

const MAX_ENDPOINTS = 4;
const MAX_PORT = 65_535;
