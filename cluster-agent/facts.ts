/**
 * What the cluster-agent keeps of the objects it follows: little enough that a node's heartbeats change nothing.
 */
import type { Result } from '../core/runtime/result.js';
import { type MeshNode, meshNodeSchema } from '../core/api/meshNode.js';
import { gatewayReportSchema, type ReportedLink } from '../core/api/gatewayReport.js';
import { type Mesh, meshSchema } from '../core/api/mesh.js';
import { type NodePolicy, nodePolicySchema } from '../core/api/nodePolicy.js';
import { type Peer, peerSchema } from '../core/api/peer.js';
import type { NodeObject } from '../core/host/discover.js';
import { ANNOTATION, KILO_ANNOTATION } from '../core/api/names.js';
import type { Condition, KubeObject } from '../core/api/resources.js';
import { addressOf, singleAddress, sortCidrs } from '../core/net/cidr.js';

/** Of a Node. */
export interface NodeFacts {
  readonly name: string;
  readonly uid?: string;
  /** As it says them. */
  readonly podCIDRs: readonly string[];
  /** Its annotation kilofed.io/pod-cidrs. */
  readonly saidPodCIDRs?: string;
  /** Its InternalIPs, as single addresses. */
  readonly internalCIDRs: readonly string[];
  /** The part that MeshNodes are verified against. */
  readonly object: NodeObject;
  /** Kubernetes has lost contact with its kubelet (after the node controller's grace period, 50 s unless set otherwise). */
  readonly lost: boolean;
}

/** Of a Peer: also of a malformed one, whose status says so. */
export interface PeerFacts {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<KubeObject['metadata'], 'name' | 'generation' | 'resourceVersion' | 'deletionTimestamp'>;
  readonly status?: { readonly conditions?: readonly Condition[] };
  readonly checked: Result<Peer>;
}

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
  const saidPodCIDRs = metadata.annotations?.[ANNOTATION.podCIDRs];
  return {
    name: metadata.name,
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    podCIDRs: sortCidrs(spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])),
    ...(saidPodCIDRs === undefined ? {} : { saidPodCIDRs }),
    internalCIDRs: sortCidrs(addresses.map(({ address }) => singleAddress(address))),
    object: nodeObject(object),
    lost: (status?.conditions ?? []).some(({ type, status: state }) => type === 'Ready' && state === 'Unknown'),
  };
}

const MEANINGFUL: ReadonlySet<string> = new Set([...Object.values(KILO_ANNOTATION), ANNOTATION.gateway]);

/** As a node-agent reads it, with the annotations that it uses: others change all the time. */
function nodeObject({ metadata: { name, labels, annotations = {} }, spec = {}, status }: Node): NodeObject {
  return {
    metadata: {
      name,
      labels: { ...labels },
      annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => MEANINGFUL.has(key))),
    },
    spec: {
      ...(spec.podCIDR === undefined ? {} : { podCIDR: spec.podCIDR }),
      ...(spec.podCIDRs === undefined ? {} : { podCIDRs: [...spec.podCIDRs] }),
    },
    status: { addresses: (status?.addresses ?? []).map(({ type, address }) => ({ type, address })) },
  };
}

export function checkMesh(object: KubeObject): Result<Mesh> {
  return toResult(meshSchema.safeParse(object));
}

export function checkMeshNode(object: KubeObject): Result<MeshNode> {
  return toResult(meshNodeSchema.safeParse(object));
}

export function checkNodePolicy(object: KubeObject): Result<NodePolicy> {
  return toResult(nodePolicySchema.safeParse(object));
}

/** What a gateway says of its tunnels: `most` of them, those that do not work first, then those to other members. */
export function checkReport(object: KubeObject, most: number): Result<readonly ReportedLink[]> {
  const checked = toResult(gatewayReportSchema.safeParse(object));
  if (!checked.ok) return checked;
  const { links } = checked.value.spec;
  const weight = ({ state, member }: ReportedLink): number => (state === 'up' ? 2 : 0) + (member === undefined ? 1 : 0);
  return { ok: true, value: links.length <= most ? links : links.toSorted((a, b) => weight(a) - weight(b)).slice(0, most) };
}

export function peerFacts(object: KubeObject): PeerFacts {
  const {
    apiVersion,
    kind,
    metadata: { name, generation, resourceVersion, deletionTimestamp },
    status,
  } = object as KubeObject & Pick<PeerFacts, 'status'>;
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
    checked: toResult(peerSchema.omit({ status: true }).safeParse(object)),
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

function toResult<T>(parsed: Parsed<T>): Result<T> {
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, error: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
}
