/**
 * The input of a node's plan: the cluster's objects, already validated, and DNS answers.
 */
import type { MeshNode } from '../api/meshNode.js';
import type { MeshSpec } from '../api/meshSpec.js';
import type { Exported } from '../api/nodePolicy.js';
import type { Peer } from '../api/peer.js';

export interface MeshInput {
  /** The node whose plan is wanted. */
  readonly node: string;
  readonly mesh: MeshSpec;
  readonly nodes: readonly MeshNode[];
  readonly peers: readonly Peer[];
  /** Addresses of the DNS names among the endpoints. A name that is missing gives a peer without an endpoint, and a problem. */
  readonly resolved: Readonly<Record<string, string>>;
  /** What the node's NodePolicy lists; absent: nothing is known to be exported. */
  readonly exported?: readonly Exported[] | undefined;
  /** Addresses of the API server. */
  readonly apiServers?: readonly string[] | undefined;
  /** MTU of the device that holds the node's internal address, bytes. */
  readonly underlayMtu: number;
  /** The smallest MTU on the paths to gateways, by the host's devices and routes, bytes; absent: unknown. */
  readonly pathMtu?: number | undefined;
}
