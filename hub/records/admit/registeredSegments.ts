/**
 * The segments of a member that are registered in others: by name order, as many of each kind as others take.
 */
import type { MeshNode } from '../../../core/api/meshNode.js';
import type { Problem } from '../../../core/api/problem.js';
import { ownSegments, type Segment } from '../../../core/mesh/segments.js';
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
  return { segments: [...locations, ...singleNodes], problems };
}
