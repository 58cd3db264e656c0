/**
 * Whether two members can be linked: not while an address of one means something else in the other.
 *
 * Service ranges of different members may be equal, since ClusterIPs are not routed between members. Pod and mesh addresses are, so they
 * must not lie in any range of the other member.
 */
import { firstOverlap } from '../net/sets.js';

export interface ClusterRanges {
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly meshCIDRs: readonly string[];
}

interface Conflict {
  /** What overlaps, in `a` and in `b`. */
  readonly kinds: readonly [RangeKind, RangeKind];
  readonly ranges: readonly [string, string];
}

type RangeKind = 'pod' | 'service' | 'mesh';

const FIELD = { pod: 'podCIDRs', service: 'serviceCIDRs', mesh: 'meshCIDRs' } as const;
const PAIRS: readonly (readonly [RangeKind, RangeKind])[] = [
  ['pod', 'pod'],
  ['mesh', 'mesh'],
  ['pod', 'mesh'],
  ['mesh', 'pod'],
  ['pod', 'service'],
  ['service', 'pod'],
  ['mesh', 'service'],
  ['service', 'mesh'],
];

/** Every kind of overlap between two members, one example each; empty: they can be linked. */
export function clusterConflicts(a: ClusterRanges, b: ClusterRanges): Conflict[] {
  return PAIRS.flatMap(([kindA, kindB]) => {
    const overlap = firstOverlap(a[FIELD[kindA]], b[FIELD[kindB]]);
    return overlap === undefined ? [] : [{ kinds: [kindA, kindB], ranges: [overlap.a, overlap.b] } satisfies Conflict];
  });
}
