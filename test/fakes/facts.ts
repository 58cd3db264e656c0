/**
 * Clusters as the hub knows them, written in one line each.
 */
import type { MeshNode } from '../../core/api/meshNode.js';
import { meshSpecSchema, type MeshSpec } from '../../core/api/mesh.js';
import { assembleFacts, type ClusterFacts } from '../../hub/records/facts.js';

export interface NodeSketch {
  readonly name: string;
  readonly pods?: readonly string[];
  readonly internal?: readonly string[];
  readonly location?: string;
  readonly endpoint?: string;
  readonly mesh?: readonly string[];
  readonly slot?: number;
  readonly keepalive?: number;
  readonly locationIPs?: readonly string[];
}

export function meshNode(sketch: NodeSketch): MeshNode {
  return {
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name: sketch.name },
    spec: {
      publicKey: `key-of-${sketch.name}`,
      endpoints: sketch.endpoint === undefined ? [] : [{ host: sketch.endpoint, port: 51820 }],
      internalIPs: [...(sketch.internal ?? [])],
      podCIDRs: [...(sketch.pods ?? [])],
      ...(sketch.locationIPs !== undefined && { allowedLocationIPs: [...sketch.locationIPs] }),
      location: sketch.location ?? '',
      gateway: 'auto',
      persistentKeepalive: sketch.keepalive ?? 0,
    },
    status: { meshAddresses: [...(sketch.mesh ?? [])], ...(sketch.slot !== undefined && { slot: sketch.slot }) },
  };
}

export function clusterFacts(nodes: readonly NodeSketch[], ranges: { readonly mesh?: readonly string[]; readonly services?: readonly string[]; readonly granularity?: MeshSpec['granularity'] } = {}): ClusterFacts {
  const spec = meshSpecSchema.parse({ wireguardCIDRs: ranges.mesh ?? ['10.4.0.0/24'], granularity: ranges.granularity });
  return assembleFacts(
    { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec, status: { serviceCIDRs: [...(ranges.services ?? [])] } },
    nodes.map(meshNode),
  );
}
