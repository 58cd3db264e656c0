/**
 * What is translated on its way out of the mesh, and what never is.
 *
 * As Kilo has it (pkg/mesh/routes.go, Rules): pods, and people's peers at the node they enter by, take that node's address
 * towards anything that no prefix of the mesh holds. Unlike Kilo, a network of the own location is translated to only for
 * senders of the mesh, not for what passes between two such networks.
 */
import { type Cidr, formatCidr } from '../net/cidr.js';
import { aggregate, subtract } from '../net/sets.js';
import type { Claims } from './claims.js';
import type { Nat } from './plan.js';
import type { Segment } from './segments.js';

export interface NatInput {
  /** The node's own segment. */
  readonly own: Segment;
  readonly claims: Claims;
  /** What only ways to own nodes lead to (detours.ts): to there, too, pods take the node's address. */
  readonly reserved: readonly Cidr[];
  /** Of this node; empty where another network plugin translates for its pods. */
  readonly podCIDRs: readonly string[];
  /** Whether peers enter the mesh here. */
  readonly gateway: boolean;
}

/** Undefined: nothing is translated here. */
export function planNat({ own, claims, reserved, podCIDRs, gateway }: NatInput): Nat | undefined {
  const granted = [...claims.prefixes.values()].flat();
  const people = gateway ? granted.filter(({ segment }) => segment.kind === 'person').map(({ text }) => text) : [];
  const from = aggregate([...podCIDRs, ...people]);
  const location = aggregate(claims.ownLocationIPs);
  if (from.length === 0 && location.length === 0) return undefined;
  const known = granted.flatMap(({ kind, cidr, text }) => (kind === 'own' || reserved.length === 0 ? [text] : subtract(cidr, reserved).map(formatCidr)));
  return { from, known: aggregate([...own.allowedIPs, ...known]), location };
}
