/**
 * Which nodes of a member may be its gateways.
 */
import type { MeshSpec } from '../../../core/api/meshSpec.js';
import type { MeshNode } from '../../../core/api/meshNode.js';
import { firstPlane } from '../../../core/mesh/segments.js';

/** Where every node is a segment, each is its own gateway; otherwise those with a slot that a plane has. */
export function mayBeGateway({ status }: MeshNode, mesh: MeshSpec): boolean {
  return mesh.granularity !== 'location' || (status?.slot !== undefined && status.slot >= firstPlane(mesh) && status.slot < mesh.planes);
}
