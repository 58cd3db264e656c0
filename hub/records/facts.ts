/**
 * Facts about a member's network: its ranges and nodes, read from its `Mesh` and `MeshNode`s.
 *
 * The member writes them, so it is not trusted. Their form is checked here, and what of them is believed in admit/.
 */
import { type Mesh, meshSchema } from '../../core/api/mesh.js';
import { type MeshNode, meshNodeSchema } from '../../core/api/meshNode.js';
import type { Problem } from '../../core/api/problem.js';
import type { KubeObject } from '../../core/api/resources.js';
import type { Result } from '../../core/runtime/result.js';

export type Read<T> = Result<T, Problem>;

export function readMesh(object: KubeObject): Read<Mesh> {
  const parsed = meshSchema.safeParse(object);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    error: { subject: { kind: 'mesh' }, reason: 'BadMesh', message: `its Mesh is malformed; correct ${issues(parsed.error)}` },
  };
}

/**
 * Keeps what other members need. Conditions, labels and versions of a node change often and concern only its own cluster, as do
 * the endpoints that it observes.
 */
export function readMeshNode(object: KubeObject): Read<MeshNode> {
  const { name } = object.metadata;
  const parsed = meshNodeSchema.safeParse(object);
  if (!parsed.success) return badMeshNode(name, `correct ${issues(parsed.error)}`);
  if (!NODE_NAME.test(name) || object.metadata.namespace !== undefined) return badMeshNode(name, 'it has the name of no node');
  const { apiVersion, kind, metadata, spec, status } = parsed.data;
  const { slot, meshAddresses, verified, assignedPods } = status ?? {};
  const { observedEndpoints: _observed, ...needed } = spec;
  return {
    ok: true,
    value: {
      apiVersion,
      kind,
      metadata: { name, ...(metadata.deletionTimestamp !== undefined && { deletionTimestamp: metadata.deletionTimestamp }) },
      spec: needed,
      status: {
        ...(meshAddresses !== undefined && { meshAddresses }),
        ...(slot !== undefined && { slot }),
        ...(verified !== undefined && { verified }),
        ...(assignedPods !== undefined && { assignedPods }),
      },
    },
  };
}

/** RFC 1123 subdomain, as of every Node. */
const NODE_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function badMeshNode(name: unknown, why: string): Read<never> {
  const subject = { kind: 'node', name: typeof name === 'string' ? name.slice(0, 253) : '' } as const;
  return { ok: false, error: { subject, reason: 'BadMeshNode', message: `its MeshNode is malformed and left out; ${why}` } };
}

function issues(error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] }): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`)
    .join('; ');
}
