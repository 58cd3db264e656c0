/**
 * Networks beside nodes (kilo.squat.ai/allowed-location-ips) that nobody can be given a route to, for the conditions of the
 * MeshNodes that name them.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import { KILO_ANNOTATION } from '../core/api/names.js';
import { claimPrefixes, describeClaim } from '../core/mesh/claims.js';
import { ownSegments, type Segment, type Segmentation } from '../core/mesh/segments.js';
import type { Trouble } from './nodeTroubles.js';

/** By node name; nodes without trouble are left out. As a node in none of the segments would see it. */
export function locationTroubles(nodes: readonly MeshNode[], mesh: Segmentation): ReadonlyMap<string, Trouble> {
  const concerned = nodes.filter(({ spec }) => spec.allowedLocationIPs !== undefined);
  if (concerned.length === 0) return new Map();
  const { segments } = ownSegments(nodes, mesh);
  const { problems } = claimPrefixes({ own: NOBODY, remote: segments, internalIPs: [] });
  return new Map(concerned.flatMap(({ metadata: { name }, spec }): [string, Trouble][] => {
    const segment = segments.find((each) => each.nodes.includes(name));
    const refused = (spec.allowedLocationIPs ?? []).flatMap((text) =>
      problems.filter(({ subject, message }) => subject === `segment ${segment?.name}` && message.startsWith(`${describeClaim('location', text)} `)),
    );
    const [first] = refused;
    if (first === undefined) return [];
    return [[name, { reason: 'AllowedLocationIPs', message: `of its Node's annotation ${KILO_ANNOTATION.allowedLocationIPs}, ${first.message}` }]];
  }));
}

const NOBODY: Segment = { name: '', kind: 'own', location: '', nodes: [], gateways: [], allowedIPs: [], locationIPs: [] };
