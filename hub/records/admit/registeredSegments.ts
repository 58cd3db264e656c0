/**
 * The segments of a member that are registered in others: by name order, as many of each kind as others take.
 */
import type { MeshNode } from '../../../core/api/meshNode.js';
import type { Problem } from '../../../core/api/problem.js';
import { ownSegments, type Segment } from '../../../core/mesh/segments.js';
import { sortCidrs } from '../../../core/net/cidr.js';
import type { ClusterFacts } from './clusterFacts.js';
import { LIMIT } from './limits.js';

interface RegisteredSegments {
  readonly segments: readonly Segment[];
  readonly problems: readonly Problem[];
}

/** With endpoints that `dialers` can use. */
export function registeredSegments(facts: ClusterFacts, dialers: readonly MeshNode[] = []): RegisteredSegments {
  const { segments, problems } = ownSegments(facts.nodes, facts.mesh, dialers);
  const locations = segments.filter(({ node }) => node === undefined).slice(0, LIMIT.locations);
  const singleNodes = segments.filter(({ node }) => node !== undefined).slice(0, LIMIT.singleNodes);
  return { segments: withServices([...locations, ...singleNodes], facts.routedServiceCIDRs), problems };
}

/** A prefix lies behind one segment only: that of Services behind the first that has a gateway, the same for all others. */
function withServices(segments: readonly Segment[], services: readonly string[]): readonly Segment[] {
  const holder = services.length === 0 ? undefined : segments.find(({ gateways }) => gateways.length > 0);
  return holder === undefined
    ? segments
    : segments.map((each) => (each === holder ? { ...each, allowedIPs: sortCidrs([...each.allowedIPs, ...services]) } : each));
}
