/**
 * Who may send probes to this node: the nodes of its own cluster, and those of other members that a tunnel leads to.
 *
 * A node probes gateways that need not know it: through a gateway of its own, it asks one of another location or member. So a sender is
 * known by its address. In the own cluster all mesh addresses come from one range, which no pod is in. Of a member only a node has a prefix
 * of one address; its pods share theirs.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import { formatCidr, sortCidrs, widthOf } from '../net/cidr.js';
import type { Claims } from './claims.js';
import type { ProbeSenders } from './probing.js';

/** The own cluster first, then other members by name. */
export function probeSenders({ wireguardCIDRs }: Pick<MeshSpec, 'wireguardCIDRs'>, claims: Claims): readonly ProbeSenders[] {
  const members = new Map<string, string[]>();
  for (const { segment, cidr } of [...claims.prefixes.values()].flat()) {
    if (segment.member === undefined || cidr.length < widthOf(cidr.family)) continue;
    const known = members.get(segment.member);
    if (known === undefined) members.set(segment.member, [formatCidr(cidr)]);
    else known.push(formatCidr(cidr));
  }
  return [
    { prefixes: sortCidrs(wireguardCIDRs) },
    ...[...members]
      .map(([member, prefixes]) => ({ member, prefixes: sortCidrs(prefixes) }))
      .toSorted((a, b) => (a.member < b.member ? -1 : 1)),
  ];
}
