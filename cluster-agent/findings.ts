/**
 * What a look at the whole cluster finds: its Service ranges, ranges that overlap, its segments and the nodes in trouble.
 */
import type { Trouble } from './nodeTroubles.js';

export interface Findings {
  readonly services: ServiceRanges;
  /** What is taken for the cluster's Service ranges. */
  readonly serviceCIDRs: readonly string[];
  readonly overlaps: readonly RangeOverlap[];
  readonly segments: readonly PlannedSegment[];
  readonly nodes: ReadonlyMap<string, Trouble>;
}

/** What the ServiceCIDR API (networking.k8s.io/v1, Kubernetes 1.33) says. */
export type ServiceRanges =
  | { readonly kind: 'told'; readonly ranges: readonly string[] }
  /** This cluster is older. */
  | { readonly kind: 'noSuchAPI' }
  /** It does not answer, so what was known before still holds. */
  | { readonly kind: 'silent'; readonly reason: string };

export interface RangeOverlap {
  /** Of spec.wireguardCIDRs. */
  readonly range: string;
  readonly kind: 'pod' | 'service' | 'node';
  readonly other: string;
}

export interface PlannedSegment {
  readonly name: string;
  readonly location: string;
  readonly nodes: number;
  readonly gateways: readonly { readonly slot: number; readonly node: string }[];
}
