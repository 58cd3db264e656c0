/**
 * What the cluster-agent keeps of the objects it follows: little enough that a node's heartbeats change nothing.
 */
import { type MeshNode, meshNodeSchema } from '../core/api/meshNode.js';
import { type Mesh, meshSchema } from '../core/api/mesh.js';
import type { KubeObject } from '../core/api/resources.js';
import { sortCidrs } from '../core/net/cidr.js';

export interface NodeFacts {
  readonly name: string;
  readonly uid: string;
  readonly podCIDRs: readonly string[];
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export function nodeFacts(object: KubeObject): NodeFacts {
  const { spec } = object as KubeObject & { readonly spec?: { readonly podCIDRs?: readonly string[]; readonly podCIDR?: string } };
  const podCIDRs = spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR]);
  return { name: object.metadata.name, uid: object.metadata.uid ?? '', podCIDRs: sortCidrs(podCIDRs) };
}

export function checkMesh(object: KubeObject): Checked<Mesh> {
  return toChecked(meshSchema.safeParse(object));
}

export function checkMeshNode(object: KubeObject): Checked<MeshNode> {
  return toChecked(meshNodeSchema.safeParse(object));
}

/** `ServiceCIDR` (networking.k8s.io/v1): its ranges. */
export function serviceRanges(object: KubeObject): readonly string[] {
  const { spec } = object as KubeObject & { readonly spec?: { readonly cidrs?: readonly string[] } };
  return sortCidrs(spec?.cidrs ?? []);
}

function toChecked<T>(parsed: { readonly success: true; readonly data: T } | { readonly success: false; readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] } }): Checked<T> {
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, reason: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
}
