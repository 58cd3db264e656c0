/**
 * Links between segments, as one cluster's gateways report them: what of its tunnels means for the traffic of its segments.
 *
 * Traffic of a segment leaves by any of its gateways: one that has no working tunnel passes it on to one that has. So a link works while
 * one tunnel of any gateway does. A link is a direction: what a segment sends. The way back is a link of the far segment.
 *
 * Only nodes that hold a gateway slot speak for a segment, and only for their own.
 */
import type { ReportedLink } from '../api/gatewayReport.js';
import type { LinkReason, LinkState } from '../api/links.js';
import { gravest } from './gravest.js';
import { compareTexts } from '../text/compareTexts.js';

export interface SegmentLink {
  /** The own segment. */
  readonly from: string;
  /** The other member. Absent: `to` is of the own cluster. */
  readonly member?: string;
  /** The remote segment, as the nodes of this cluster name it. */
  readonly to: string;
  readonly state: LinkState;
  /** When the last of its tunnels changed its state, RFC 3339 in UTC, as agents write it; absent: unknown. */
  readonly since?: string;
  /** The tunnel that best says why it is not up. */
  readonly reason?: LinkReason;
  /** Its tunnels, by slot of the far gateway, then by node. */
  readonly planes: readonly LinkPlane[];
}

/** One tunnel, as the gateway `node` reports it. */
export type LinkPlane = Omit<ReportedLink, 'segment' | 'member'> & {
  readonly node: string;
  /** The node is lost: the state is unknown, and only names are kept. */
  readonly lost?: true;
};

/** What the nodes of one cluster report, by node. */
export type Reports = ReadonlyMap<string, readonly ReportedLink[]>;

/** A segment of the reporting cluster. */
export interface LinkSegment {
  readonly name: string;
  /** Nodes that hold a slot of it. */
  readonly gateways: readonly { readonly node: string }[];
}

/** A segment that others should reach, as nodes of the reporting cluster name it. */
export interface RemoteSegment {
  readonly name: string;
  readonly member?: string;
}

interface SegmentLinksInput {
  readonly reports: Reports;
  /** Nodes whose agent is known to be lost: what they said last is no longer known. */
  readonly lost: ReadonlySet<string>;
  readonly segments: readonly LinkSegment[];
  /** Remote segments that a segment should reach, by name of the segment: they have a link even if nobody reports on one. */
  readonly expected?: (segment: string) => readonly RemoteSegment[];
}

/** Sorted by `from`, `member` (the own cluster first) and `to`. */
export function segmentLinks({ reports, lost, segments, expected = () => [] }: SegmentLinksInput): readonly SegmentLink[] {
  return segments
    .toSorted((a, b) => compareTexts(a.name, b.name))
    .flatMap(({ name, gateways }) => {
      const found = new Map<string, { readonly remote: RemoteSegment; readonly planes: LinkPlane[] }>();
      const at = (remote: RemoteSegment): LinkPlane[] => {
        const key = `${remote.member ?? ''}\n${remote.name}`;
        const known = found.get(key) ?? { remote, planes: [] };
        found.set(key, known);
        return known.planes;
      };
      for (const remote of expected(name)) at(remote);
      for (const { node } of gateways)
        for (const link of reports.get(node) ?? []) {
          const remote = { name: link.segment, ...(link.member === undefined ? {} : { member: link.member }) };
          at(remote).push(planeOf(node, link, lost.has(node)));
        }
      return [...found]
        .toSorted(([a], [b]) => compareTexts(a, b))
        .map(([, { remote, planes }]): SegmentLink => linkOf(name, remote, planes.toSorted(bySlot)));
    });
}

function planeOf(node: string, { segment: _segment, member: _member, ...link }: ReportedLink, isLost: boolean): LinkPlane {
  if (!isLost) return { node, ...link };
  const { slot, peer, endpoint, since } = link;
  return { node, slot, peer, ...(endpoint === undefined ? {} : { endpoint }), state: 'unknown', inUse: false, since, lost: true };
}

function linkOf(from: string, { name, member }: RemoteSegment, planes: readonly LinkPlane[]): SegmentLink {
  const known = planes.filter(({ state }) => state !== 'unknown');
  const since = known
    .map((plane) => plane.since)
    .toSorted(compareTexts)
    .at(-1);
  const reason = gravest(known.flatMap((plane) => plane.reason ?? []));
  return {
    from,
    ...(member === undefined ? {} : { member }),
    to: name,
    state: stateOf(known),
    ...(since === undefined ? {} : { since }),
    ...(reason === undefined ? {} : { reason }),
    planes,
  };
}

/** A tunnel that is not known yet decides nothing: the others do. */
function stateOf(known: readonly LinkPlane[]): LinkState {
  if (known.length === 0) return 'unknown';
  const working = known.filter(({ state }) => state === 'up');
  if (working.length === 0) return 'down';
  return working.length === known.length && working.every(({ reason }) => reason === undefined) ? 'up' : 'degraded';
}

function bySlot(a: LinkPlane, b: LinkPlane): number {
  return a.slot - b.slot || compareTexts(a.node, b.node);
}
