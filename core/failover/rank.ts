/**
 * How good each path to a segment is, from the state of the path that is probed for it and from what the gateway at its end reports.
 */
import { hash32 } from '../net/hash.js';
import { RANK, type Rank, type RankedPath } from './choose.js';
import type { SegmentPath } from './config.js';
import type { PathTable } from './pathTable.js';
import type { PathState } from './probedPath.js';
import type { Report } from './report.js';
import { forwards, lostAt } from './verdicts.js';

interface RankInput {
  readonly table: PathTable;
  /** Whether the segment is an external peer's that has no tunnel with us. */
  isUnreachable(segment: string): boolean;
}

export function rankPaths(
  { table, isUnreachable }: RankInput,
  segment: string,
  paths: readonly SegmentPath[],
  now: number,
): readonly RankedPath[] {
  const lost = lostAt(table, paths);
  return paths.map((path) => {
    const tracked = table.get(path.probe);
    const facts = tracked && { state: tracked.probed.state(), report: tracked.report, answeredAt: tracked.probed.answeredAt() };
    const rank =
      path.kind === 'plane'
        ? rankPlane(facts, isUnreachable(segment))
        : rankNode(facts, { segment, lostAt: lost, forwards: tracked && forwards(table, path.node, now) });
    return {
      name: path.name,
      rank,
      ...(tracked === undefined
        ? {}
        : {
            fresh: tracked.probed.isFresh(now),
            answeredAt: tracked.probed.answeredAt(),
            silentSince: tracked.probed.silentSince(now),
            backSince: tracked.probed.backSince(),
          }),
      ...(lost !== undefined && path.kind === 'node' ? { viaSibling: true } : {}),
    };
  });
}

export interface PathFacts {
  readonly state: PathState;
  /** Of the gateway that the path leads to. */
  readonly report: Report;
  readonly answeredAt: number;
}

/** A plane of ours. `path`: undefined where its far end answers no probes. `isUnreachable`: and has no tunnel with us, either. */
export function rankPlane(path: PathFacts | undefined, isUnreachable: boolean): Rank {
  if (path === undefined) return isUnreachable ? RANK.down : RANK.up;
  if (path.state !== 'up') return unproven(path.state);
  const { draining, lanLost, notForwarding } = path.report;
  if (notForwarding) return RANK.blocked;
  return lanLost ? RANK.isolated : draining ? RANK.degraded : RANK.up;
}

export interface ViaNode {
  readonly segment: string;
  /** See `lostAt` in verdicts.ts. */
  readonly lostAt: number | undefined;
  /** As we found ourselves. */
  readonly forwards: boolean | undefined;
}

/**
 * A gateway of our own segment. Where we have tunnels of our own beside it, its answers count only from some time after these were lost:
 * what is lost to us may be lost to it, which it finds at about the same time, and if each believed the other's last report, both would
 * send in a circle.
 */
export function rankNode(path: PathFacts | undefined, to: ViaNode): Rank {
  if (path === undefined) return RANK.up;
  if (path.state !== 'up') return unproven(path.state);
  const { draining, notForwarding, unreachable } = path.report;
  if (unreachable === 'all' || unreachable.includes(hash32(to.segment))) return RANK.down;
  if (to.lostAt !== undefined) return path.answeredAt > to.lostAt + SETTLED_MS ? RANK.detour : RANK.down;
  if (notForwarding || to.forwards === false) return RANK.blocked;
  return draining ? RANK.degraded : RANK.up;
}

/** By then a gateway that lost the same far end has found so, too. */
const SETTLED_MS = 250;

function unproven(state: Exclude<PathState, 'up'>): Rank {
  return state === 'new' ? RANK.unknown : RANK.down;
}
