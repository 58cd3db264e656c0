/**
 * NAT at the borders of the mesh.
 *
 * As in Kilo (pkg/mesh/routes.go, Rules), pods and external peers take the address of the node where they leave the mesh. Inside the mesh
 * everyone keeps their address. Unlike in Kilo, traffic to a network of the own location is translated only where its sender belongs to the
 * mesh, not between two such networks.
 */
import { type Cidr, formatCidr } from '../net/cidr.js';
import { aggregate, subtract } from '../net/sets.js';
import type { Claims } from './claims.js';
import type { Nat } from './plan.js';
import type { Segment } from './segments.js';

interface NatInput {
  /** The node's own segment. */
  readonly own: Segment;
  readonly claims: Claims;
  /** Addresses that only own nodes may have (detours.ts); pods take the node's address towards them, too. */
  readonly reserved: readonly Cidr[];
  /** Of this node; empty where a network plugin does this for its pods. */
  readonly podCIDRs: readonly string[];
  /** Whether peers enter the mesh here. */
  readonly gateway: boolean;
}

/** Undefined: nothing is translated here. */
export function planNat({ own, claims, reserved, podCIDRs, gateway }: NatInput): Nat | undefined {
  const granted = [...claims.prefixes.values()].flat();
  const external = gateway ? granted.filter(({ segment }) => segment.kind === 'externalPeer').map(({ text }) => text) : [];
  const from = aggregate([...podCIDRs, ...external]);
  const location = aggregate(claims.ownLocationIPs);
  if (from.length === 0 && location.length === 0) return undefined;
  const known = granted.flatMap(({ kind, cidr, text }) =>
    kind === 'own' || reserved.length === 0 ? [text] : subtract(cidr, reserved).map(formatCidr),
  );
  return { from, known: aggregate([...own.allowedIPs, ...known]), location };
}
