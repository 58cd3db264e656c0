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
}

/** A plane of ours. `path`: absent where its far end answers no probes. `silent`: and has no tunnel with us, either. */
export function rankPlane(path: WayFacts | undefined, silent: boolean): Rank {
  if (path === undefined) return silent ? RANK.down : RANK.up;
  if (path.state !== 'up') return unproven(path.state);
  const { draining, lanLost, notForwarding } = path.report;
  return draining || lanLost || notForwarding ? RANK.degraded : RANK.up;
}

/** A gateway of our own segment. `hasOwn`: we have tunnels of our own there, too. `forwards`: as we found ourselves. */
export function rankNode(path: WayFacts | undefined, to: { readonly segment: string; readonly hasOwn: boolean; readonly forwards: boolean | undefined }): Rank {
  if (path === undefined) return RANK.up;
  if (path.state !== 'up') return unproven(path.state);
  const { draining, notForwarding, unreachable } = path.report;
  if (unreachable === 'all' || unreachable.includes(hash32(to.segment))) return RANK.down;
  if (to.hasOwn) return RANK.detour;
  return draining || notForwarding || to.forwards === false ? RANK.degraded : RANK.up;
}

function unproven(state: Exclude<PathState, 'up'>): Rank {
  return state === 'new' ? RANK.unknown : RANK.down;
}
