/**
 * Clusters as the hub knows them, written in one line each.
 */
import type { MeshNode } from '../../core/api/meshNode.js';
import { meshSpecSchema, type MeshSpec } from '../../core/api/meshSpec.js';
import { createCidrIndex } from '../../core/net/cidrIndex.js';
import type { Ownership } from '../../hub/pairs/ownership.js';
import type { PairInput } from '../../hub/pairs/routablePrefixes.js';
import { targetNetworks } from '../../hub/pairs/targetNetworks.js';
import { createAdmission } from '../../hub/records/admit/admitFacts.js';
import type { ClusterFacts } from '../../hub/records/admit/clusterFacts.js';
import { holdingsOf, type PeerClaims } from '../../hub/records/peerClaims.js';

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

function meshNode(sketch: NodeSketch): MeshNode {
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

export function clusterFacts(
  nodes: readonly NodeSketch[],
  ranges: {
    readonly mesh?: readonly string[];
    readonly services?: readonly string[];
    readonly granularity?: MeshSpec['granularity'];
    readonly routed?: readonly string[];
  } = {},
): ClusterFacts {
  const spec = meshSpecSchema.parse({ wireguardCIDRs: ranges.mesh ?? ['10.4.0.0/24'], granularity: ranges.granularity });
  return createAdmission(ranges.routed === undefined ? NO_TERMS : { ...NO_TERMS, services: ranges.routed })(
    {
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'Mesh',
      metadata: { name: 'default' },
      spec,
      status: { serviceCIDRs: [...(ranges.services ?? [])] },
    },
    nodes.map(meshNode),
  ).facts;
}

/** Nothing is declared for the member. */
export const NO_TERMS = { allowed: undefined, reserved: [], place: 'test' } as const;

/** Nobody else claims anything. */
export const UNCONTESTED: Ownership = { prefix: () => undefined, key: () => undefined, endpoint: () => undefined };

/** A member that Peers are planned for, with what people's Peers hold there. */
export function targetMember(id: string, facts: ClusterFacts, people: readonly PeerClaims[] = []): PairInput['target'] {
  return { id, facts, networks: targetNetworks({ facts, people: holdingsOf(people) }) };
}

/** No member's API server has an address that is known. */
export const NO_API_SERVERS = createCidrIndex<string>([]);
