/**
 * Changes of a member's records that need a reconcile.
 */
import type { ClusterFacts } from './admit/clusterFacts.js';

interface Dated {
  /** When it was changed in the member, by the member's clocks, in milliseconds since 1970. Absent: nobody says. */
  readonly at?: number;
}

export type Change =
  /** Nodes, gateways, endpoints or CIDRs. */
  | { readonly kind: 'facts'; readonly before: ClusterFacts | undefined; readonly after: ClusterFacts | undefined }
  /** A Service was added, changed or deleted. `exported`: it was exported before or is now. */
  | ({ readonly kind: 'service'; readonly service: string; readonly exported: boolean } & Dated)
  /** The endpoints of an exported Service. */
  | ({ readonly kind: 'slices'; readonly service: string } & Dated)
  | { readonly kind: 'namespace'; readonly namespace: string }
  /** A Peer of ours, made from the member `source`. */
  | { readonly kind: 'ownPeer'; readonly source: string }
  /** A Peer that is not ours, and whose name we may need. */
  | { readonly kind: 'foreignPeer' }
  /** A mirror of `service`, or a foreign ServiceImport of that name. */
  | { readonly kind: 'mirror'; readonly service: string }
  | { readonly kind: 'serviceExport'; readonly service: string }
  /** States of its tunnels to the member `to`. */
  | { readonly kind: 'links'; readonly to: string };
