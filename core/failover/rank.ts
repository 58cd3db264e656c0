/**
 * How good a way to a segment is, from the state of its path and from what the gateway at its end says of itself.
 */
import { hash32 } from '../net/hash.js';
import { RANK, type Rank } from './choose.js';
import type { Report } from './message.js';
import type { PathState } from './path.js';

export interface WayFacts {
  readonly state: PathState;
  /** Of the gateway that the path leads to. */
  readonly report: Report;
  readonly answeredAt: number;
}

/** A plane of ours. `path`: absent where its far end answers no probes. `silent`: and has no tunnel with us, either. */
export function rankPlane(path: WayFacts | undefined, silent: boolean): Rank {
  if (path === undefined) return silent ? RANK.down : RANK.up;
  if (path.state !== 'up') return unproven(path.state);
  const { draining, lanLost, notForwarding } = path.report;
  return draining || lanLost || notForwarding ? RANK.degraded : RANK.up;
}

export interface NodeWay {
  readonly segment: string;
  /** When the last of our own tunnels there was lost; absent: there are none. Infinite: one works. Minus infinite: none was ever seen to. */
  readonly lostAt: number | undefined;
  /** As we found ourselves. */
  readonly forwards: boolean | undefined;
}

/**
 * A gateway of our own segment. One that we have tunnels beside is asked again after these are lost: what is lost to us may be
 * lost to it, which it finds at about the same time, and if each believed the other's last word both would send in a circle.
 */
export function rankNode(path: WayFacts | undefined, to: NodeWay): Rank {
  if (path === undefined) return RANK.up;
  if (path.state !== 'up') return unproven(path.state);
  const { draining, notForwarding, unreachable } = path.report;
  if (unreachable === 'all' || unreachable.includes(hash32(to.segment))) return RANK.down;
  if (to.lostAt !== undefined) return path.answeredAt > to.lostAt + SETTLED_MS ? RANK.detour : RANK.down;
  return draining || notForwarding || to.forwards === false ? RANK.degraded : RANK.up;
}

/** By then a gateway that lost the same far end has found so, too. */
const SETTLED_MS = 250;

function unproven(state: Exclude<PathState, 'up'>): Rank {
  return state === 'new' ? RANK.unknown : RANK.down;
}
