/**
 * What the links of a member to one remote segment mean for traffic to it, from anywhere in the member.
 */
import type { LinkState } from '../api/links.js';
import type { SegmentLink } from './segmentLinks.js';

/**
 * up: traffic of some segment gets there. down: that of none does, as all of them say. unknown: nobody says, of some.
 *
 * A link whose far agents are gone carries traffic: WireGuard answers, and only probes go without an answer. So it is while agents are
 * replaced.
 */
export function trafficState(links: readonly Pick<SegmentLink, 'state' | 'planes'>[]): Exclude<LinkState, 'degraded'> {
  if (links.some(isCarrying)) return 'up';
  return links.length > 0 && links.every(({ state }) => state === 'down') ? 'down' : 'unknown';
}

function isCarrying({ state, planes }: Pick<SegmentLink, 'state' | 'planes'>): boolean {
  return state === 'up' || state === 'degraded' || planes.some((plane) => plane.state === 'down' && plane.reason === 'AgentGone');
}
