/**
 * What a node's plan is computed from: the cluster's own objects, already validated, and DNS answers.
 */
import type { MeshNode } from '../api/meshNode.js';
import type { MeshSpec } from '../api/mesh.js';
import type { Peer } from '../api/peer.js';

export interface MeshInput {
  /** The node whose plan is wanted. */
  readonly node: string;
  readonly mesh: MeshSpec;
  readonly nodes: readonly MeshNode[];
  readonly peers: readonly Peer[];
  /** Addresses of the DNS names among the endpoints; a name without one gives a peer without endpoint and a problem. */
  readonly resolved: Readonly<Record<string, string>>;
  /** Addresses of the API server. */
  readonly apiServers?: readonly string[] | undefined;
  /** MTU of the device that holds the node's internal address. */
  readonly underlayMtu: number;
  /** The smallest on the ways to gateways, as the host's devices and routes have it; absent: none is known. */
  readonly pathMtu?: number | undefined;
}
