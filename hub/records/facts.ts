/**
 * What a member's cluster is to the network: its ranges and its nodes, read from its `Mesh` and `MeshNode`s.
 *
 * Everything here was written by the member. It is checked for form here, and for what it may claim where it is used.
 */
import { type MeshNode, meshNodeSchema } from '../../core/api/meshNode.js';
import { type Mesh, type MeshSpec, meshSchema } from '../../core/api/mesh.js';
import type { KubeObject } from '../../core/api/resources.js';
import { believed } from '../../core/mesh/believed.js';
import { sortCidrs } from '../../core/net/cidr.js';
import { aggregate } from '../../core/net/sets.js';

export interface ClusterFacts {
  readonly mesh: MeshSpec;
  /** All sorted, without duplicates. */
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly meshCIDRs: readonly string[];
  /** Sorted by name, reduced to what others need. */
  readonly nodes: readonly MeshNode[];
}

export interface FactsProblem {
  /** `mesh`, `node east-a1`. */
  readonly subject: string;
  readonly reason: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: FactsProblem };

export function readMesh(object: KubeObject): Read<Mesh> {
  const parsed = meshSchema.safeParse(object);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, problem: { subject: 'mesh', reason: 'BadMesh', message: `its Mesh is malformed; correct ${issues(parsed.error)}` } };
}

/** Keeps what others need: conditions, labels and versions of a node change often and concern nobody else, and where it hears others is for its own cluster. */
export function readMeshNode(object: KubeObject): Read<MeshNode> {
  const { name } = object.metadata;
  const parsed = meshNodeSchema.safeParse(object);
  if (!parsed.success) {
    return { ok: false, problem: { subject: `node ${name}`, reason: 'BadMeshNode', message: `its MeshNode is malformed and left out; correct ${issues(parsed.error)}` } };
  }
  const { apiVersion, kind, metadata, spec, status } = parsed.data;
  const { slot, meshAddresses, confirmed } = status ?? {};
  const { heard: _heard, ...needed } = spec;
  return {
    ok: true,
    value: {
      apiVersion,
      kind,
      metadata: { name, ...(metadata.deletionTimestamp !== undefined && { deletionTimestamp: metadata.deletionTimestamp }) },
      spec: needed,
      status: { ...(meshAddresses !== undefined && { meshAddresses }), ...(slot !== undefined && { slot }), ...(confirmed !== undefined && { confirmed }) },
    },
  };
}

export function assembleFacts(mesh: Mesh, nodes: readonly MeshNode[]): ClusterFacts {
  const { spec, status } = mesh;
  const known = believed(nodes);
  return {
    mesh: spec,
    podCIDRs: aggregate([...(status?.podCIDRs ?? []), ...known.flatMap((node) => node.spec.podCIDRs)]),
    serviceCIDRs: sortCidrs([...(status?.serviceCIDRs ?? []), ...(spec.serviceCIDRs ?? [])]),
    meshCIDRs: sortCidrs(spec.wireguardCIDRs),
    nodes: known.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
  };
}

function issues(error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] }): string {
  return error.issues.slice(0, 3).map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`).join('; ');
}
