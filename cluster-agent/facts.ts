/**
 * What the cluster-agent keeps of the objects it follows: little enough that a node's heartbeats change nothing.
 */
import { type MeshNode, meshNodeSchema } from '../core/api/meshNode.js';
import { type Mesh, meshSchema } from '../core/api/mesh.js';
import { type Peer, peerSchema } from '../core/api/peer.js';
import type { NodeFacts as NodeObject } from '../core/host/discover.js';
import { KILO_GROUP } from '../core/api/names.js';
import type { Condition, KubeObject } from '../core/api/resources.js';
import { addressOf, singleAddress, sortCidrs } from '../core/net/cidr.js';

/** Of a Node. */
export interface NodeFacts {
  readonly name: string;
  readonly podCIDRs: readonly string[];
  /** Its InternalIPs, as single addresses. */
  readonly internalCIDRs: readonly string[];
  /** What of it MeshNodes are checked against. */
  readonly object: NodeObject;
  /** Kubernetes has heard nothing of it for a while (the node controller's grace period, 50 s unless set otherwise). */
  readonly lost: boolean;
}

/** Of a Peer: also of one that nobody can use, since its own status is where that is told. */
export interface PeerFacts {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<KubeObject['metadata'], 'name' | 'generation' | 'resourceVersion' | 'deletionTimestamp'>;
  readonly status?: { readonly conditions?: readonly Condition[] };
  readonly checked: Checked<Peer>;
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

interface Node extends KubeObject {
  readonly spec?: { readonly podCIDRs?: readonly string[]; readonly podCIDR?: string };
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export function nodeFacts(object: KubeObject): NodeFacts {
  const { metadata, spec, status } = object as Node;
  const addresses = (status?.addresses ?? []).filter(({ type, address }) => type === 'InternalIP' && addressOf(address) !== undefined);
  return {
    name: metadata.name,
    podCIDRs: sortCidrs(spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])),
    internalCIDRs: sortCidrs(addresses.map(({ address }) => singleAddress(address))),
    object: nodeObject(object),
    lost: (status?.conditions ?? []).some(({ type, status: state }) => type === 'Ready' && state === 'Unknown'),
  };
}

/** As an agent reads it; of the annotations those that mean something to it, for others change all the time. */
function nodeObject({ metadata: { name, labels, annotations = {} }, spec = {}, status }: Node): NodeObject {
  return {
    metadata: { name, labels: { ...labels }, annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith(`${KILO_GROUP}/`))) },
    spec: { ...(spec.podCIDR === undefined ? {} : { podCIDR: spec.podCIDR }), ...(spec.podCIDRs === undefined ? {} : { podCIDRs: [...spec.podCIDRs] }) },
    status: { addresses: (status?.addresses ?? []).map(({ type, address }) => ({ type, address })) },
  };
}

export function checkMesh(object: KubeObject): Checked<Mesh> {
  return toChecked(meshSchema.safeParse(object));
}

export function checkMeshNode(object: KubeObject): Checked<MeshNode> {
  return toChecked(meshNodeSchema.safeParse(object));
}

export function peerFacts(object: KubeObject): PeerFacts {
  const { apiVersion, kind, metadata: { name, generation, resourceVersion, deletionTimestamp }, status } = object as KubeObject & Pick<PeerFacts, 'status'>;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(generation === undefined ? {} : { generation }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    ...(status === undefined ? {} : { status }),
    checked: toChecked(peerSchema.omit({ status: true }).safeParse(object)),
  };
}

/** `ServiceCIDR` (networking.k8s.io/v1): its ranges. */
export function serviceRanges(object: KubeObject): readonly string[] {
  const { spec } = object as KubeObject & { readonly spec?: { readonly cidrs?: readonly string[] } };
  return sortCidrs(spec?.cidrs ?? []);
}

type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] } };

function toChecked<T>(parsed: Parsed<T>): Checked<T> {
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, reason: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
}
