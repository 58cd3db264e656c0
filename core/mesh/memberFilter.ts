/**
 * What other members may reach at this node (Mesh.spec.fromMembers; docs/decisions/0029-the-destinations-node-judges.md).
 *
 * Packets are a member's by their source: the ranges that its Peers were granted, without what others hold inside of them. So a range that
 * somebody claims around the own cluster's addresses never makes the own cluster's packets a member's.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { MeshNode } from '../api/meshNode.js';
import type { Exported } from '../api/nodePolicy.js';
import { addressOf, type Cidr, contains, formatCidr } from '../net/cidr.js';
import { aggregate, aggregateCidrs, subtract } from '../net/sets.js';
import type { Claim, Claims } from './claims.js';
import type { ExportedEndpoint, Firewall, MemberAccess, MemberFilter } from './plan.js';
import { nodePrefixes, type Segment } from './segments.js';

interface FilterInput {
  readonly mesh: Pick<MeshSpec, 'fromMembers' | 'fromMembersMode'>;
  readonly self: MeshNode;
  /** All of the own cluster. */
  readonly nodes: readonly MeshNode[];
  readonly remote: readonly Segment[];
  readonly claims: Claims;
  /** Addresses that are never a member's. */
  readonly reserved: readonly Cidr[];
  /** On this node. */
  readonly exported: readonly Exported[] | undefined;
}

/** Nothing where there is no other member. */
export function planMemberFilter({ mesh, self, nodes, remote, claims, reserved, exported = [] }: FilterInput): Pick<Firewall, 'members'> {
  if (!remote.some(({ member }) => member !== undefined)) return {};
  const own = nodes.flatMap(nodePrefixes).map(({ cidr }) => cidr);
  const ranges = rangesOf(remote, claims, [...own, ...reserved]);
  if (mesh.fromMembers === 'all') return { members: EVERYTHING };
  const mine = nodePrefixes(self).map(({ cidr }) => cidr);
  const open = mesh.fromMembers === 'none' ? [] : exported;
  const members: MemberFilter = {
    audit: mesh.fromMembersMode === 'audit',
    members: [...ranges]
      .map(([name, list]): MemberAccess => ({
        name,
        ranges: list,
        exported: endpointsOf(open.filter(({ members: to }) => to?.includes(name) === true)),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    exported: endpointsOf(open.filter(({ members: to }) => to === undefined)),
    open: mesh.fromMembers === 'pods' ? aggregate(nodes.flatMap(({ spec }) => spec.podCIDRs)) : [],
    elsewhere: without(aggregateCidrs(own), mine),
  };
  return { members };
}

/** Its rules match nobody. They keep connections tracked: one that nobody saw begin could not be cut when the Mesh says less. */
const EVERYTHING: MemberFilter = { audit: false, members: [], exported: [], open: [], elsewhere: [] };

/** By member. A claim that another holder has inside of it is left without that. */
function rangesOf(remote: readonly Segment[], claims: Claims, others: readonly Cidr[]): ReadonlyMap<string, readonly string[]> {
  const holes = new Map<Claim, Cidr[]>();
  const cut = (hole: Cidr, owner: string | undefined): void => {
    for (const around of claims.covering(hole)) {
      if (around.segment.member === undefined || around.segment.member === owner) continue;
      const known = holes.get(around);
      if (known === undefined) holes.set(around, [hole]);
      else known.push(hole);
    }
  };
  for (const claim of [...claims.prefixes.values()].flat()) cut(claim.cidr, claim.segment.member);
  for (const hole of others) cut(hole, undefined);
  const ranges = new Map<string, string[]>();
  for (const { name, member } of remote) {
    if (member === undefined) continue;
    const left = (claims.prefixes.get(name) ?? []).flatMap((claim) => subtract(claim.cidr, holes.get(claim) ?? []).map(formatCidr));
    const known = ranges.get(member);
    if (known === undefined) ranges.set(member, left);
    else known.push(...left);
  }
  return new Map([...ranges].map(([member, list]) => [member, aggregate(list)]));
}

/** Sorted; addresses that are none are left out. */
function endpointsOf(exported: readonly Exported[]): readonly ExportedEndpoint[] {
  const all = exported.flatMap(({ addresses, ports }) =>
    addresses
      .map(addressOf)
      .filter((address) => address !== undefined)
      .flatMap((address) => ports.map(({ protocol, port }): ExportedEndpoint => `${address} ${protocol} ${port}`)),
  );
  return [...new Set(all)].toSorted();
}

function without(networks: readonly Cidr[], holes: readonly Cidr[]): readonly string[] {
  return networks.flatMap((network) => {
    const inside = holes.filter((hole) => contains(network, hole) || contains(hole, network));
    return inside.length === 0 ? [formatCidr(network)] : subtract(network, inside).map(formatCidr);
  });
}
