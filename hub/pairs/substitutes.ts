/**
 * Mesh addresses in the place of addresses of nodes.
 *
 * A tunnel's own packets must not be routed into it, so the own address of a gateway is not, nor is a public one, or one that the target
 * has itself. A pod on the host's network listens on all addresses of the host, unless it was told otherwise, and the node's mesh address
 * is one that no other node has. A member cannot name mesh addresses as endpoints. The hub puts them in the place of addresses of the
 * same node.
 */
import { underlayAddressesOf } from '../../core/mesh/segments.js';
import { familyOf, singleAddress } from '../../core/net/cidr.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';

/** By address of a node that is not routed. `routed`: CIDRs that are, with those of mesh addresses. */
export function findSubstitutes({ nodes }: Pick<ClusterFacts, 'nodes'>, routed: ReadonlySet<string>): ReadonlyMap<string, string> {
  const substitutes = new Map<string, string>();
  const several = new Set<string>();
  for (const node of nodes) {
    for (const address of underlayAddressesOf(node)) {
      const substitute = node.status?.meshAddresses?.find(
        (each) => familyOf(each) === familyOf(address) && routed.has(singleAddress(each)),
      );
      // Two nodes in different networks may have one address: nobody knows which of them is meant.
      if (substitutes.has(address)) several.add(address);
      if (substitute !== undefined && !routed.has(singleAddress(address))) substitutes.set(address, substitute);
    }
  }
  for (const address of several) substitutes.delete(address);
  return substitutes;
}
