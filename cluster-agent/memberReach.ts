/**
 * Which segments of other members this cluster reaches, damped as the hub does it (core/links/damping.ts): for the readiness of their
 * endpoints here.
 */
import { isDeepStrictEqual } from 'node:util';
import type { LinkState } from '../core/api/links.js';
import { beginDamping, damp, type DampedLink, DAMPING } from '../core/links/damping.js';
import { type RemoteSegment, type SegmentLink, segmentLinks } from '../core/links/segmentLinks.js';
import { trafficState } from '../core/links/trafficState.js';
import { groupByName } from '../core/mesh/groupByName.js';
import { peerSegments } from '../core/mesh/peerSegments.js';
import type { SegmentReach } from '../core/services/cutOff.js';
import type { LinksInput } from './planLinks.js';

export interface MemberReach {
  /** After how many milliseconds to follow again whatever happens; undefined: nothing is awaited. */
  follow(input: LinksInput): number | undefined;
  /**
   * Of the segments of each member, but for members of whose links something is not known yet. The same map while no segment changes.
   * Undefined: nothing was followed yet.
   */
  reach(): Reach | undefined;
}

/** By member. */
export type Reach = ReadonlyMap<string, readonly SegmentReach[]>;

interface MemberReachDeps {
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
}

export function createMemberReach({ now }: MemberReachDeps): MemberReach {
  let links: ReadonlyMap<string, DampedLink> = new Map();
  let reach: Reach | undefined;
  let startedAt: number | undefined;
  /** Segments of which something was known once. */
  const known = new Set<SegmentName>();

  return {
    follow(input) {
      const at = now();
      startedAt ??= at;
      const decidedAt = startedAt + DAMPING.newMs;
      const remote = peerSegments(input.peers).segments.flatMap(({ name, member, allowedIPs }) =>
        member === undefined ? [] : [{ name, member, allowedIPs }],
      );
      const states = statesOf(input, remote);
      const due: number[] = [];
      links = new Map(
        remote.map(({ name }) => {
          const [before, state] = [links.get(name), states.get(name) ?? 'unknown'];
          const { link, next } = before === undefined ? beginDamping(state, at) : damp(before, state, at);
          if (next !== Number.POSITIVE_INFINITY) due.push(next);
          return [name, link];
        }),
      );
      for (const [name, state] of states) if (state !== 'unknown') known.add(name);
      const isOpen = (name: SegmentName): boolean => at < decidedAt && !known.has(name);
      if (remote.some(({ name }) => isOpen(name))) due.push(decidedAt);
      const found: Reach = new Map(
        groupByName(remote, ({ member }) => member)
          .filter(([, segments]) => !segments.some(({ name }) => isOpen(name)))
          .map(([member, segments]) => [
            member,
            segments.map(({ name, allowedIPs }) => ({ allowedIPs, reached: links.get(name)?.counts !== 'down' })),
          ]),
      );
      if (reach === undefined || !isDeepStrictEqual(found, reach)) reach = found;
      return due.length === 0 ? undefined : Math.max(1, Math.min(...due) - at);
    },
    reach: () => reach,
  };
}

type SegmentName = string;

/** Of all links of this cluster to a segment. */
function statesOf(
  { mesh, reports, lost }: LinksInput,
  remote: readonly RemoteSegment[],
): ReadonlyMap<SegmentName, Exclude<LinkState, 'degraded'>> {
  const names = new Set(remote.map(({ name }) => name));
  const found = new Map<SegmentName, Pick<SegmentLink, 'state' | 'planes'>[]>();
  for (const segment of mesh.status?.segments ?? [])
    for (const link of segmentLinks({ reports, lost, segments: [segment], expected: () => remote })) {
      if (!names.has(link.to)) continue;
      const known = found.get(link.to);
      if (known === undefined) found.set(link.to, [link]);
      else known.push(link);
    }
  return new Map([...found].map(([name, links]) => [name, trafficState(links)]));
}
