/**
 * Which of its prefixes a segment gets routes for: all but the addresses that the mesh itself stands on.
 *
 * The address that a tunnel or a VXLAN packet is sent to must be reached without the mesh; a route to it through the mesh would
 * send the tunnel into itself. Kilo leaves out a prefix that is exactly such an address (pkg/mesh/routes.go). A wider one that
 * contains some is routed around them: 10.0.0.0/8 without 10.0.0.1 is 24 prefixes.
 *
 * What nobody else may take from us are the addresses of the API server: a Peer with a network around them would cut every
 * agent off from the object that could be corrected. A node of the own cluster may have one of them, behind the mesh.
 *
 * A network plugin that we are added to has routes of its own for the pods of all nodes of the cluster, of metric 0, also to where it
 * cannot send. The longer prefix wins over any metric, so there each network of the cluster is routed as its two halves.
 */
import { type Cidr, compareCidrs, contains, formatCidr, lastOf, widthOf } from '../net/cidr.js';
import { halves, subtract } from '../net/sets.js';
import type { Claim, Claims } from './claims.js';

export interface Surroundings {
  /** Addresses and networks that are reached without the mesh. */
  readonly underlay: readonly Cidr[];
  /** Those that only a way to the cluster's own nodes may lead to through the mesh. */
  readonly reserved: readonly Cidr[];
  /** Whether routes of somebody else for the cluster's networks are to be outbid. */
  readonly outbid: boolean;
}

/** Segment name to the destinations of its routes, in address order. */
export function routable(claims: Claims, { underlay, reserved, outbid }: Surroundings): ReadonlyMap<string, readonly string[]> {
  const spared = underlay.toSorted(compareCidrs);
  const others = [...underlay, ...reserved].toSorted(compareCidrs);
  return new Map([...claims.prefixes].map(([segment, granted]) => [segment, granted.flatMap((claim) => around(claim, outbid && claim.kind === 'own', { spared: claim.kind === 'own' ? spared : others, claims }))]));
}

function around(claim: Claim, halved: boolean, { spared, claims }: { readonly spared: readonly Cidr[]; readonly claims: Claims }): string[] {
  const holes = within(claim.cidr, spared);
  const isDivided = halved && claim.cidr.length < widthOf(claim.cidr.family);
  if (holes.length === 0 && !isDivided) return [claim.text];
  const parts = isDivided ? halves(claim.cidr) : [claim.cidr];
  // A piece may be as narrow as somebody's own prefix inside the claim; there it would take that one's packets.
  return parts.flatMap((part) => subtract(part, holes)).filter((piece) => claims.index.covering(piece)[0] === claim).map(formatCidr);
}

function within(network: Cidr, sorted: readonly Cidr[]): Cidr[] {
  const found: Cidr[] = [];
  for (let at = firstNotBefore(network, sorted); at < sorted.length; at += 1) {
    const address = sorted[at] as Cidr;
    if (address.family !== network.family || address.first > lastOf(network)) break;
    if (contains(network, address)) found.push(address);
  }
  return found;
}

function firstNotBefore(network: Cidr, sorted: readonly Cidr[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle] as Cidr;
    if (at.family < network.family || (at.family === network.family && at.first < network.first)) low = middle + 1;
    else high = middle;
  }
  return low;
}
