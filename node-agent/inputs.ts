/**
 * ClusterInputs: what the agent knows of its cluster, every object checked against its schema on its own, so that a bad
 * one costs only itself.
 */
import type { Result } from '../core/runtime/result.js';
import * as z from 'zod';
import type { Mesh } from '../core/api/mesh.js';
import { nodesMeshSchema } from '../core/api/meshSpec.js';
import { meshNodeSchema, type MeshNode } from '../core/api/meshNode.js';
import { type Exported, type NodePolicy, nodePolicySchema } from '../core/api/nodePolicy.js';
import { peerSchema, type Peer } from '../core/api/peer.js';
import { HUB_MANAGER, LABEL } from '../core/api/names.js';
import { nodeSchema, type NodeObject } from '../core/host/discover.js';
import { boundedPeers } from '../core/mesh/boundedPeers.js';
import { verifiedNodes } from '../core/mesh/verified.js';

export interface ClusterInputs {
  /** The Mesh `default`. */
  readonly mesh: Mesh | undefined;
  /** Our own Node. */
  readonly node: NodeObject | undefined;
  readonly meshNodes: readonly MeshNode[];
  readonly peers: readonly Peer[];
  /** What other members may reach on our node. */
  readonly exported: readonly Exported[];
}

/** The error: of which object, and what is wrong with it. */
export type Checked<T> = Result<T, { readonly name: string; readonly reason: string }>;

const named = z.object({ metadata: z.object({ name: z.string() }) });

function check<T>(schema: z.ZodType<T>, object: unknown): Checked<T> {
  const parsed = schema.safeParse(object);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issue = parsed.error.issues[0];
  const identity = named.safeParse(object);
  // Zod's messages never quote the value, which may be a preshared key.
  return {
    ok: false,
    error: {
      name: identity.success ? identity.data.metadata.name : '',
      reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
    },
  };
}

/** Without what changes when somebody writes its status: that is nothing to plan for. */
const plannedMesh = nodesMeshSchema.transform(({ metadata: { resourceVersion: _version, ...metadata }, ...mesh }): Mesh => ({
  ...mesh,
  metadata,
}));
export const checkMesh = (object: unknown): Checked<Mesh> => check(plannedMesh, object);
export const checkMeshNode = (object: unknown): Checked<MeshNode> => check(meshNodeSchema, object);
/** Likewise. */
const plannedPeer = peerSchema
  .omit({ status: true })
  .transform(({ metadata: { resourceVersion: _version, ...metadata }, ...peer }): Peer => ({ ...peer, metadata }));
export const checkPeer = (object: unknown): Checked<Peer> => check(plannedPeer, object);
export const checkNodePolicy = (object: unknown): Checked<NodePolicy> => check(nodePolicySchema, object);
export const checkNode = (object: unknown): Checked<NodeObject> => check(nodeSchema, object);

/** DNS names among the endpoints, sorted. */
export function endpointNames(inputs: ClusterInputs): readonly string[] {
  const hosts = [
    ...inputs.meshNodes.flatMap((node) => node.spec.endpoints.map((endpoint) => endpoint.host)),
    ...boundedPeers(inputs.peers).peers.flatMap((peer) => peer.spec.endpoint?.dnsOrIP.dns ?? []),
  ];
  return [...new Set(hosts.filter((host) => !isAddress(host)))].toSorted();
}

/** The gateways that tunnels lead to, here and in other members, by public key: where each may be dialled. External peers are none. */
export function gatewayAddresses(
  { meshNodes, peers }: ClusterInputs,
  resolved: Readonly<Record<string, string>>,
): ReadonlyMap<string, readonly string[]> {
  return new Map([
    ...verifiedNodes(meshNodes)
      .filter(({ status }) => status?.slot !== undefined)
      .map(
        ({ spec }) =>
          [
            spec.publicKey,
            addresses(
              spec.endpoints.map(({ host }) => host),
              resolved,
            ),
          ] as const,
      ),
    ...peers
      .filter(({ metadata }) => metadata.labels?.[LABEL.managedBy] === HUB_MANAGER)
      .map(
        ({ spec: { publicKey, endpoint } }) => [publicKey, addresses([endpoint?.dnsOrIP.ip ?? endpoint?.dnsOrIP.dns], resolved)] as const,
      ),
  ]);
}

function addresses(hosts: readonly (string | undefined)[], resolved: Readonly<Record<string, string>>): readonly string[] {
  return [
    ...new Set(
      hosts
        .map((host) => (host === undefined || isAddress(host) ? host : Object.hasOwn(resolved, host) ? resolved[host] : undefined))
        .filter((address) => address !== undefined),
    ),
  ];
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}
