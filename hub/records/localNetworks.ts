/**
 * The networks that a cluster's nodes are on, with all their hosts.
 */
import { sortCidrs } from '../../core/net/cidr.js';
import type { ClusterFacts } from './facts.js';

export function localNetworks(facts: ClusterFacts): string[] {
  return sortCidrs(facts.nodes.flatMap((node) => node.spec.internalIPs));
}
