/**
 * What changed in a member's records, as far as anybody has to look again.
 */
import type { ClusterFacts } from './facts.js';

export type Change =
  /** Nodes, gateways, endpoints or CIDRs. */
  | { readonly kind: 'facts'; readonly before: ClusterFacts | undefined; readonly after: ClusterFacts | undefined }
  /** A Service came, went or changed; `exported`: it was or is an exported one. */
  | { readonly kind: 'service'; readonly service: string; readonly exported: boolean }
  /** The endpoints of an exported Service. */
  | { readonly kind: 'slices'; readonly service: string }
  | { readonly kind: 'namespace'; readonly namespace: string }
  /** A Peer of ours, made from the member `source`. */
  | { readonly kind: 'ownPeer'; readonly source: string }
  /** A Peer of somebody else's, whose name may be in our way. */
  | { readonly kind: 'foreignPeer' }
  /** A mirror of `service`, or a ServiceImport in its place. */
  | { readonly kind: 'mirror'; readonly service: string }
  | { readonly kind: 'serviceExport'; readonly service: string };
