/**
 * What the planner finds in the whole cluster: Service ranges, overlapping ranges, segments, and nodes with problems.
 */
import type { Problem } from '../core/api/problem.js';

export interface Findings {
  readonly services: ServiceRanges;
  /** The Service ranges that the plan uses. */
  readonly serviceCIDRs: readonly string[];
  readonly overlaps: readonly RangeOverlap[];
  readonly segments: readonly PlannedSegment[];
  /** With what other members may reach. */
  readonly exports: readonly Problem[];
  readonly nodes: ReadonlyMap<string, Problem>;
}

/** What the ServiceCIDR API (networking.k8s.io/v1, Kubernetes 1.33) says. */
export type ServiceRanges =
  | { readonly kind: 'known'; readonly ranges: readonly string[] }
  /** The cluster is older. */
  | { readonly kind: 'unsupported' }
  /** It does not answer: what was known before still holds. */
  | { readonly kind: 'unavailable'; readonly reason: string };

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
