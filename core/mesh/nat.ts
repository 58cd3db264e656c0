/**
 * NAT at the borders of the mesh, and none inside of it.
 *
 * As in Kilo (pkg/mesh/routes.go, Rules), pods and external peers take the address of the node where they leave the mesh. Inside the mesh
 * everyone keeps their address. Unlike in Kilo, traffic to a network of the own location is translated only where its sender belongs to the
 * mesh, not between two such networks.
 *
 * Network plugins translate, too: what leaves their pod network, and what enters it from elsewhere (flannel's --ip-masq, on by default in
 * k3s and RKE2). That the mesh is no elsewhere they cannot know, so their rules are forestalled.
 */
import type { MeshNode } from '../api/meshNode.js';
import { type Cidr, contains, formatCidr } from '../net/cidr.js';
import { aggregate, subtract } from '../net/sets.js';
import type { Claim, Claims } from './claims.js';
import type { LocalNetwork } from './localNetworks.js';
import type { KeptSources, Nat } from './plan.js';
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
  const known = granted.flatMap((claim) => (reserved.length === 0 ? [claim.text] : without(claim, reserved)));
  return { from, known: aggregate([...own.allowedIPs, ...known]), location };
}

interface KeptInput {
  /** All of the own cluster. */
  readonly nodes: readonly MeshNode[];
  /** Networks that the own location's nodes stand in. */
  readonly near: () => readonly LocalNetwork[];
  readonly claims: Claims;
  readonly reserved: readonly Cidr[];
}

/**
 * Between whom a network plugin's rules translate nobody. Nodes of the own location are not among them: packets between them and pods of
 * other nodes go over the underlay, which may drop pods' addresses.
 */
export function planKept({ nodes, near, claims, reserved }: KeptInput): KeptSources {
  const lans = near().map(({ network }) => network);
  const granted = [...claims.prefixes.values()].flat();
  return {
    pods: aggregate(nodes.flatMap(({ spec }) => spec.podCIDRs)),
    // In a network around the nodes' own, that one is still the nodes' own.
    remote: aggregate(granted.flatMap((claim) => without(claim, [...reserved, ...lans.filter((lan) => contains(claim.cidr, lan))]))),
  };
}

/** What the own cluster's nodes hold they keep. */
function without({ kind, cidr }: Claim, holes: readonly Cidr[]): readonly string[] {
  return (kind === 'own' ? [cidr] : subtract(cidr, holes)).map(formatCidr);
}
