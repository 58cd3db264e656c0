/**
 * The routes for a segment's prefixes: around the addresses that the mesh itself depends on, and around those where tunnels to the segment
 * end.
 *
 * The address that a tunnel or an encapsulated packet is sent to must be reached without the mesh: a route to it through the mesh would
 * send the tunnel into itself. Kilo leaves out a prefix that is exactly such an address (pkg/mesh/routes.go). A wider prefix is routed
 * around such addresses: 10.0.0.0/8 without 10.0.0.1 is 24 prefixes.
 *
 * The addresses of the API server are reserved. A Peer with a network around them would cut every agent off from the very object that has
 * to be corrected. Only nodes of the own cluster may have one of them behind the mesh.
 *
 * A network plugin has routes of metric 0 for the pods of all nodes of the cluster, even for those that it cannot reach. A longer prefix
 * beats any metric, so beside a plugin each network of the cluster is routed as its two halves.
 */
import { type Cidr, compareCidrs, contains, formatCidr, overlaps, widthOf } from '../net/cidr.js';
import { halves, subtract, within } from '../net/sets.js';
import type { Claim, Claims } from './claims.js';
import type { Ends } from './peerEndpoints.js';

interface Surroundings {
  /** Addresses and networks that are reached without the mesh. */
  readonly underlay: () => readonly Cidr[];
  /** Addresses that only routes to the cluster's own nodes may contain. */
  readonly reserved: readonly Cidr[];
  /** By segment: what its own prefixes alone leave out. */
  readonly ends: ReadonlyMap<string, Ends>;
  /** Whether a network plugin has routes for the cluster's networks, which ours must beat. */
  readonly outbid: boolean;
}

interface Destinations {
  /** Of routes, in address order. */
  readonly routed: readonly string[];
  /** Of guards without a route, in address order. */
  readonly refused: readonly string[];
}

/** By segment name. */
export function routable(claims: Claims, { underlay, reserved, ends, outbid }: Surroundings): ReadonlyMap<string, Destinations> {
  if (claims.prefixes.size === 0) return new Map();
  const spared = underlay().toSorted(compareCidrs);
  const others = [...spared, ...reserved].toSorted(compareCidrs);
  return new Map(
    [...claims.prefixes].map(([segment, granted]) => {
      const { addresses, guarded } = ends.get(segment) ?? NO_ENDS;
      return [
        segment,
        {
          routed: granted.flatMap((claim) =>
            claim.kind === 'own'
              ? around(claim, outbid, { spared, ends: [], claims })
              : around(claim, false, { spared: others, ends: addresses, claims }),
          ),
          refused: (guarded ? addresses : [])
            .filter((end) => claims.covering(end)[0]?.segment.name === segment && !others.some((each) => overlaps(each, end)))
            .toSorted(compareCidrs)
            .map(formatCidr),
        },
      ];
    }),
  );
}

const NO_ENDS: Ends = { addresses: [], guarded: false };

interface Around {
  /** In address order. */
  readonly spared: readonly Cidr[];
  readonly ends: readonly Cidr[];
  readonly claims: Claims;
}

function around(claim: Claim, halved: boolean, { spared, ends, claims }: Around): string[] {
  const holes = [...within(claim.cidr, spared, (each) => each), ...ends.filter((end) => contains(claim.cidr, end))];
  const isDivided = halved && claim.cidr.length < widthOf(claim.cidr.family);
  if (holes.length === 0 && !isDivided) return [claim.text];
  const parts = isDivided ? halves(claim.cidr) : [claim.cidr];
  // A piece may be as narrow as another segment's prefix inside the claim, and would take its packets.
  return parts
    .flatMap((part) => subtract(part, holes))
    .filter((piece) => claims.covering(piece)[0] === claim)
    .map(formatCidr);
}
