/**
 * Networks beside nodes (kilo.squat.ai/allowed-location-ips) that cannot be routed, for the conditions of the MeshNodes that name
 * them.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import { KILO_ANNOTATION } from '../core/api/names.js';
import { type Problem, problemText } from '../core/api/problem.js';
import { claimPrefixes } from '../core/mesh/claims.js';
import { NO_SEGMENT, ownSegments, type Segmentation } from '../core/mesh/segments.js';
import { sortCidrs } from '../core/net/cidr.js';

/** By node name; only nodes with a problem. Judged from outside of all segments. */
export function locationProblems(nodes: readonly MeshNode[], mesh: Segmentation): ReadonlyMap<string, Problem> {
  const concerned = nodes.filter(({ spec }) => spec.allowedLocationIPs !== undefined);
  if (concerned.length === 0) return new Map();
  const { segments } = ownSegments(nodes, mesh);
  const { refused } = claimPrefixes({ own: NO_SEGMENT, remote: segments });
  const inVain = refused.filter(({ claim }) => claim.kind === 'location');
  return new Map(
    concerned.flatMap(({ metadata: { name }, spec }): [string, Problem][] => {
      const own = sortCidrs(spec.allowedLocationIPs ?? []);
      const first = inVain.find(({ claim }) => claim.segment.nodes.includes(name) && own.includes(claim.text));
      if (first === undefined) return [];
      const message = `of its Node's annotation ${KILO_ANNOTATION.allowedLocationIPs}, ${problemText(first.problem)}`;
      return [[name, { subject: { kind: 'node', name }, reason: 'AllowedLocationIPs', message }]];
    }),
  );
}
