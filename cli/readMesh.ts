/**
 * The mesh of one cluster as its API server has it, for commands that work without a hub.
 */
import type { Result } from '../core/runtime/result.js';
import type { ZodType } from 'zod';
import { type Mesh, meshSchema } from '../core/api/mesh.js';
import { type MeshNode, meshNodeSchema } from '../core/api/meshNode.js';
import { type Peer, peerSchema } from '../core/api/peer.js';
import { apiVersion, type KubeObject, type Resource, RESOURCE } from '../core/api/resources.js';
import { listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure, KubeResult } from '../kube/wire/client.js';
import type { Cli } from './cli.js';
import type { ClusterFlags } from './findKubeconfig.js';
import { withCluster } from './withCluster.js';

export interface MeshObjects {
  readonly mesh: Mesh;
  readonly nodes: readonly MeshNode[];
  readonly peers: readonly Peer[];
}

/** The error says what went wrong and what to do. */
export type MeshAnswer = Result<MeshObjects>;

export async function readMesh(flags: ClusterFlags, cli: Pick<Cli, 'err' | 'kubeconfigs' | 'environment'>): Promise<MeshAnswer> {
  return withCluster(flags, cli, readAll);
}

async function readAll(client: KubeClient): Promise<MeshAnswer> {
  const [meshes, nodes, peers] = await Promise.all([
    list<Mesh>(client, RESOURCE.mesh, meshSchema),
    list<MeshNode>(client, RESOURCE.meshNode, meshNodeSchema),
    list<Peer>(client, RESOURCE.peer, peerSchema),
  ]);
  if (!meshes.ok) return refuse(whyNot(client.server, meshes.error));
  if (!nodes.ok) return refuse(whyNot(client.server, nodes.error));
  if (!peers.ok) return refuse(whyNot(client.server, peers.error));
  const mesh = meshes.value.find(({ metadata }) => metadata.name === 'default');
  if (mesh === undefined) return refuse(`${client.server} has no Mesh named default: is this a cluster with Kilofed (--context)?`);
  return { ok: true, value: { mesh, nodes: nodes.value, peers: peers.value } };
}

/** What does not parse is left out, as the agents do. */
async function list<T>(client: KubeClient, resource: Resource, schema: ZodType<T>): Promise<KubeResult<readonly T[]>> {
  const listed = await listObjects<KubeObject>(client, resource);
  if (!listed.ok) return listed;
  // The items of a list do not say their own kind.
  const type = { apiVersion: apiVersion(resource), kind: resource.kind };
  return { ok: true, value: listed.value.flatMap((object) => schema.safeParse({ ...object, ...type }).data ?? []) };
}

function whyNot(server: string, error: KubeFailure): string {
  if (error.kind === 'notFound') return `${server} does not know the kinds of Kilofed: is this a cluster with Kilofed (--context)?`;
  if (error.kind === 'forbidden') return `${server} does not let you read meshes, meshnodes and peers: ${error.message}`;
  if (error.kind === 'unauthorized') return `${server}: ${error.message}. Renew or correct the kubeconfig.`;
  return `${server}: ${error.message}. Is it up, and the cluster that you mean (--context)?`;
}

function refuse(error: string): MeshAnswer {
  return { ok: false, error };
}
