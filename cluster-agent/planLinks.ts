/**
 * What the Mesh tells of links: which of them work, by what the gateways of the cluster report, and the condition Linked.
 */
import type { PlannedCondition } from '../core/api/conditions.js';
import type { LinkState } from '../core/api/links.js';
import type { Mesh } from '../core/api/mesh.js';
import type { MeshNode } from '../core/api/meshNode.js';
import type { Peer } from '../core/api/peer.js';
import { type Complaint, problemText } from '../core/api/problem.js';
import { explainLink } from '../core/links/explainLink.js';
import { GRAVEST_STATES } from '../core/links/gravest.js';
import { type RemoteSegment, type Reports, type SegmentLink, segmentLinks } from '../core/links/segmentLinks.js';
import { peerSegments } from '../core/mesh/peerSegments.js';
import { present, type Segment, segmentName, siteName } from '../core/mesh/segments.js';
import { printable } from '../core/text/printable.js';

export interface LinksInput {
  readonly mesh: Pick<Mesh, 'metadata' | 'spec' | 'status'>;
  readonly meshNodes: readonly MeshNode[];
  readonly peers: readonly Peer[];
  readonly reports: Reports;
  /** Nodes that Kubernetes has lost. */
  readonly lost: ReadonlySet<string>;
}

export interface LinksPlan {
  /** Those that do not work first. */
  readonly listed: readonly ListedLink[];
  readonly counts: LinkCounts;
  readonly condition: PlannedCondition;
}

export type ListedLink = NonNullable<NonNullable<Mesh['status']>['links']>[number];
type LinkCounts = Readonly<Record<LinkState, number>>;

/** The Mesh lists so many: all nodes read it. */
const MAX_LISTED = 128;
/** So many segments are expected to have links to each other. In a larger mesh of single nodes, only reported links are known. */
const MAX_EXPECTED = 128;
/** Of a message in the list, UTF-16 code units; with an ellipsis and half a character that a cut leaves as an escape, eight more. */
const LONGEST_MESSAGE = 1_000;

export function planLinks({ mesh, meshNodes, peers, reports, lost }: LinksInput): LinksPlan {
  const segments = mesh.status?.segments ?? [];
  const members = peerSegments(peers).segments.filter(({ kind }) => kind === 'member');
  const expected = expectedOf(meshNodes, mesh, members);
  // A report may be of a moment ago, or of an agent that has ended.
  const known = new Set([...segments, ...members].map(({ name }) => name));
  const linksOf = (some: typeof segments): readonly SegmentLink[] =>
    segmentLinks({ reports, lost, segments: some, expected }).filter(({ to }) => known.has(to));
  const counts: Record<LinkState, number> = { down: 0, degraded: 0, unknown: 0, up: 0 };
  let worst: SegmentLink[] = [];
  // One segment after another: where each node is one, all links together would be too many to hold.
  for (const segment of segments) {
    const links = linksOf([segment]);
    for (const { state } of links) counts[state] += 1;
    worst = [...worst, ...links].toSorted(byState).slice(0, MAX_LISTED);
  }
  const backOf = ({ from, to, member }: SegmentLink): SegmentLink | undefined =>
    member === undefined ? linksOf(segments.filter(({ name }) => name === to)).find((link) => link.to === from) : undefined;
  const words = new Map(members.map(({ name, member, location }) => [name, location === '' ? `${member}` : `${member} (${location})`]));
  const told = worst.map((link) => {
    const ends = { from: ownWords(link.from), to: words.get(link.to) ?? ownWords(link.to) };
    return { link, complaint: link.state === 'up' ? undefined : explainLink(link, backOf(link), ends) };
  });
  return {
    listed: told.map(({ link, complaint }) => listedLink(link, complaint)),
    counts,
    condition: linkedCondition(counts, told[0]?.complaint, mesh.metadata.generation),
  };
}

function expectedOf(
  meshNodes: readonly MeshNode[],
  { spec: { granularity } }: LinksInput['mesh'],
  members: readonly Segment[],
): (segment: string) => readonly RemoteSegment[] {
  const sites = new Map(present(meshNodes).map((node) => [segmentName(node, granularity), siteName(node, granularity)]));
  if (sites.size > MAX_EXPECTED) return () => [];
  const own = [...sites];
  const remote = members.map(({ name, member }): RemoteSegment => ({ name, ...(member === undefined ? {} : { member }) }));
  return (segment) => [...own.filter(([, site]) => site !== sites.get(segment)).map(([name]): RemoteSegment => ({ name })), ...remote];
}

/** What people call a segment of this cluster. */
function ownWords(name: string): string {
  if (name === 'location:') return 'the default location';
  return name.replace(/^(location|node):/, '$1 ');
}

function listedLink({ from, to, member, state, since, reason, planes }: SegmentLink, complaint: Complaint | undefined): ListedLink {
  const used = planes.filter(({ inUse }) => inUse);
  const [rtt, loss] = [most(used.map((plane) => plane.rttMilliseconds)), most(used.map((plane) => plane.lossPercent))];
  const gateways = [...new Map(used.map(({ slot, peer }) => [peer, { slot, peer }])).values()];
  return {
    from,
    to,
    ...(member === undefined ? {} : { member }),
    state,
    ...(since === undefined ? {} : { since }),
    ...(gateways.length === 0 ? {} : { inUse: gateways.slice(0, 16) }),
    ...(rtt === undefined ? {} : { rttMilliseconds: rtt }),
    ...(loss === undefined ? {} : { lossPercent: loss }),
    ...(reason === undefined ? {} : { reason }),
    ...(complaint === undefined ? {} : { message: printable(problemText(complaint), LONGEST_MESSAGE) }),
  };
}

function most(figures: readonly (number | undefined)[]): number | undefined {
  const known = figures.filter((figure) => figure !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Equal ones stay in their order. */
function byState(a: SegmentLink, b: SegmentLink): number {
  return GRAVEST_STATES.indexOf(a.state) - GRAVEST_STATES.indexOf(b.state);
}

/** The worst link is told in full; the others are counted. */
function linkedCondition(counts: LinkCounts, worst: Complaint | undefined, generation = 0): PlannedCondition {
  const { down, degraded, unknown, up } = counts;
  const all = down + degraded + unknown + up;
  const status = down > 0 ? 'False' : unknown > 0 ? 'Unknown' : 'True';
  if (worst === undefined) {
    const message = all === 0 ? 'there is no other segment' : 'all other segments are reached';
    return { type: 'Linked', status, reason: 'Linked', message, observedGeneration: generation };
  }
  const bad = GRAVEST_STATES.filter((state) => state !== 'up' && counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  return {
    type: 'Linked',
    status,
    reason: worst.reason,
    message: `${problemText(worst)} (of ${all} links: ${bad.join(', ')})`,
    observedGeneration: generation,
  };
}
