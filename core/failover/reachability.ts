/**
 * Which remote segments none of this node's own tunnels reaches, as its report lists them.
 */
import { hash32 } from '../net/hash.js';
import type { PathTable } from './pathTable.js';
import { tunnelSegments, unreachedSegments } from './verdicts.js';

interface Reachability {
  /** Segments of external peers that have no tunnel with us (their tunnels are not probed). Whether these are others than before. */
  setUnreachable(segments: readonly string[]): boolean;
  /** Whether `segment` is one of those. */
  isUnreachable(segment: string): boolean;
  /** A tunnel came up or went down. */
  invalidate(): void;
  /**
   * `hash32` of their names. Every answer carries them, so they are worked out once per change. One that is also the hash of a segment that
   * is reached is left out: whoever may name a segment could have it taken for another.
   */
  unreachable(): readonly number[];
}

export function createReachability(table: PathTable): Reachability {
  let external: ReadonlySet<string> = new Set();
  let known: readonly number[] | undefined;
  return {
    setUnreachable(segments) {
      const changed = segments.length !== external.size || segments.some((segment) => !external.has(segment));
      external = new Set(segments);
      known = undefined;
      return changed;
    },
    isUnreachable: (segment) => external.has(segment),
    invalidate() {
      known = undefined;
    },
    unreachable() {
      if (known !== undefined) return known;
      const unreached = new Set([...unreachedSegments(table), ...external]);
      const reached = new Set(tunnelSegments(table).flatMap((segment) => (unreached.has(segment) ? [] : [hash32(segment)])));
      return (known = [...unreached].map(hash32).filter((hash) => !reached.has(hash)));
    },
  };
}
