/**
 * Can two members be linked? Not while an address of one could mean something else in the other.
 *
 * Service ranges of different members may be equal: nobody routes to another member's ClusterIPs. But pods and mesh addresses
 * are routed, so they must not lie in anything of the other's.
 */
import { firstOverlap } from '../net/sets.js';

export interface ClusterRanges {
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly meshCIDRs: readonly string[];
}

export interface Conflict {
  /** What overlaps, in `a` and in `b`. */
  readonly kinds: readonly [RangeKind, RangeKind];
  readonly ranges: readonly [string, string];
}

export type RangeKind = 'pod' | 'service' | 'mesh';

const FIELD = { pod: 'podCIDRs', service: 'serviceCIDRs', mesh: 'meshCIDRs' } as const;
const PAIRS: readonly (readonly [RangeKind, RangeKind])[] = [
  ['pod', 'pod'], ['mesh', 'mesh'], ['pod', 'mesh'], ['mesh', 'pod'], ['pod', 'service'], ['service', 'pod'], ['mesh', 'service'], ['service', 'mesh'],
];

/** Every kind of overlap between two members, one example each; empty: they can be linked. */
export function clusterConflicts(a: ClusterRanges, b: ClusterRanges): Conflict[] {
  return PAIRS.flatMap(([kindA, kindB]) => {
    const overlap = firstOverlap(a[FIELD[kindA]], b[FIELD[kindB]]);
    return overlap === undefined ? [] : [{ kinds: [kindA, kindB], ranges: [overlap.a, overlap.b] } satisfies Conflict];
  });
}
