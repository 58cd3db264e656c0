/**
 * Clusters made up for planner tests: nodes as an agent and the cluster-agent would leave them, and the Peers a hub would
 * write for them elsewhere.
 */
import { ANNOTATION, HUB_MANAGER, LABEL } from '../../core/api/names.js';
import { type MeshNode } from '../../core/api/meshNode.js';
import { meshSpecSchema, type MeshSpec } from '../../core/api/meshSpec.js';
import { type Peer } from '../../core/api/peer.js';
import { assignMeshAddresses } from '../../core/mesh/addresses.js';
import { ownSegments, type Segmentation } from '../../core/mesh/segments.js';
import { assignSlots } from '../../core/mesh/slots.js';

export interface NodeSketch {
  readonly name: string;
  readonly location?: string;
  /** With prefix length; null: none. */
  readonly internalIP?: string | null;
  /** Of the other family, with prefix length. */
  readonly secondIP?: string;
  readonly podCIDR: string;
  /** Of the other family. */
  readonly secondPods?: string;
  /** A host; null: it can only dial; absent: its internal address. */
  readonly endpoint?: string | null;
  readonly gateway?: MeshNode['spec']['gateway'];
  readonly locationIPs?: readonly string[];
}

export const defaults: MeshSpec = meshSpecSchema.parse({});

/** 44 characters that differ by name; no real key, but shaped like one. */
export function fakeKey(name: string): string {
  return Buffer.from(name.padEnd(32, '.').slice(0, 32)).toString('base64');
}

/** Nodes with addresses and slots assigned, as after the cluster-agent's pass. `meshCIDR` may be two, with a comma between. */
export function cluster(sketches: readonly NodeSketch[], meshCIDR: string, mesh: MeshSpec = defaults): MeshNode[] {
  const bare = sketches.map(({ name, location, internalIP, secondIP, podCIDR, secondPods, endpoint, gateway, locationIPs }): MeshNode => ({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      publicKey: fakeKey(name),
      endpoints: endpoint === null ? [] : [{ host: endpoint ?? internalIP?.split('/')[0] ?? '198.51.100.1', port: mesh.port }],
      internalIPs: [internalIP ?? undefined, secondIP].filter((each) => each !== undefined),
      podCIDRs: [podCIDR, secondPods].filter((each) => each !== undefined),
      location: location ?? '',
      ...(locationIPs === undefined ? {} : { allowedLocationIPs: [...locationIPs] }),
      gateway: gateway ?? 'auto',
      persistentKeepalive: 0,
    },
  }));
  return settled(bare, meshCIDR, mesh);
}

/** What the cluster-agent's pass makes of nodes, some of which may have addresses and slots already. */
export function settled(nodes: readonly MeshNode[], meshCIDR: string, mesh: MeshSpec): MeshNode[] {
  const { addresses } = assignMeshAddresses(nodes, meshCIDR.split(','));
  const slots = assignSlots(nodes, mesh);
  return nodes.map((node) => {
    const slot = slots.get(node.metadata.name);
    return { ...node, status: { meshAddresses: [...(addresses.get(node.metadata.name) ?? [])], ...(slot === undefined ? {} : { slot }) } };
  });
}

/**
 * The Peers that stand for `nodes` of member `id` in another cluster. As the hub does it, without the internal addresses
 * that tunnels end at. `mesh` may be the number of planes of one with granularity `location`.
 */
export function asPeers(id: string, nodes: readonly MeshNode[], mesh: number | Segmentation): Peer[] {
  const segmentation = typeof mesh === 'number' ? { granularity: 'location' as const, planes: mesh } : mesh;
  const ends = new Set(nodes.flatMap(({ spec }) => spec.endpoints.map(({ host }) => `${host}/32`)));
  return ownSegments(nodes, segmentation).segments.flatMap((segment) =>
    segment.gateways.map((gateway): Peer => ({
      apiVersion: 'kilo.squat.ai/v1alpha1',
      kind: 'Peer',
      metadata: {
        name: `${id}-${segment.name.replace(':', '-')}-${gateway.slot}`,
        labels: {
          [LABEL.managedBy]: HUB_MANAGER,
          [LABEL.cluster]: id,
          [LABEL.segment]: segment.name.replace(':', '-'),
          [LABEL.location]: segment.location,
        },
        annotations: { [ANNOTATION.slot]: String(gateway.slot), [ANNOTATION.planes]: String(segmentation.planes) },
      },
      spec: {
        publicKey: gateway.publicKey,
        allowedIPs: segment.allowedIPs.filter((each) => !ends.has(each)),
        ...(gateway.host === undefined ? {} : { endpoint: { dnsOrIP: { ip: gateway.host }, port: gateway.port } }),
      },
    })),
  );
}

/** The Peer of a laptop or router outside all members. */
export function externalPeer(name: string, spec: Partial<Peer['spec']> = {}): Peer {
  return {
    apiVersion: 'kilo.squat.ai/v1alpha1',
    kind: 'Peer',
    metadata: { name },
    spec: { allowedIPs: ['10.9.0.1/32'], publicKey: fakeKey(name), ...spec },
  };
}
