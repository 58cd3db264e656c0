/**
 * Links between members, as gateways report them: what of each segment's traffic to another member gets there.
 *
 * What decides in a member is what its own gateways report: another member could say anything of them. Reports of the far side are for
 * words alone. What stands of a member's Peers says which links there should be, so that a gateway that reports nothing is not taken for
 * one that has nothing to report.
 */
import { LABEL } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';
import { type LinkSegment, type RemoteSegment, type SegmentLink, segmentLinks } from '../../core/links/segmentLinks.js';
import { ownSegments } from '../../core/mesh/segments.js';
import { createWhileSame, type WhileSame } from '../../core/memory/whileSame.js';
import type { Federation } from '../federation/federation.js';
import type { Member } from '../members/member.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';

export interface Links {
  /**
   * From each segment of the importer with a gateway to each segment of the exporter that is registered there, sorted by `from` and `to`.
   * The same array while nothing of it changes. Empty: the importer is not known, or no Peer of the exporter stands there.
   */
  between(importer: string, exporter: string): readonly SegmentLink[];
}

export function createLinks({ federation }: { readonly federation: Pick<Federation, 'known'> }): Links {
  /** By importer, then by exporter. */
  const kept = new Map<string, Map<string, WhileSame<readonly SegmentLink[]>>>();
  const segmentsOf = createSegments();

  function find(importer: Member, exporter: string): readonly SegmentLink[] {
    const { records } = importer;
    const facts = records.facts();
    const expected = registered(records.peersOf(exporter), exporter);
    if (facts === undefined || expected.length === 0) return [];
    return segmentLinks({
      reports: importer.reportsWithheld() === undefined ? records.linksTo(exporter) : new Map(),
      lost: records.lostNodes(),
      segments: segmentsOf(facts),
      expected: () => expected,
      // Nodes may still report on what was withdrawn a moment ago.
    }).filter(({ to }) => expected.some(({ name }) => name === to));
  }

  function between(importerId: string, exporter: string): readonly SegmentLink[] {
    const importer = federation.known(importerId);
    if (importer === undefined) {
      kept.delete(importerId);
      return NONE;
    }
    const { records } = importer;
    const ofImporter = kept.get(importerId) ?? new Map<string, WhileSame<readonly SegmentLink[]>>();
    kept.set(importerId, ofImporter);
    const ofPair = ofImporter.get(exporter) ?? createWhileSame<readonly SegmentLink[]>();
    ofImporter.set(exporter, ofPair);
    return ofPair.get(
      [
        records,
        records.facts(),
        records.linksTo(exporter),
        records.lostNodes(),
        records.heldBy(exporter),
        importer.reportsWithheld()?.kind,
      ],
      () => find(importer, exporter),
    );
  }

  return { between };
}

const NONE: readonly SegmentLink[] = [];

/** The segments of a member that its Peers stand for, by the names that nodes give them (core/mesh/peerSegments.ts). */
function registered(peers: readonly KubeObject[], member: string): readonly RemoteSegment[] {
  const tokens = new Set(peers.flatMap(({ metadata }) => metadata.labels?.[LABEL.segment] ?? []));
  return [...tokens].toSorted().map((token) => ({ name: `${member}/${token}`, member }));
}

function createSegments(): (facts: ClusterFacts) => readonly LinkSegment[] {
  const known = new WeakMap<ClusterFacts, readonly LinkSegment[]>();
  return (facts) => {
    const found =
      known.get(facts) ??
      ownSegments(facts.nodes, facts.mesh).segments.map(({ name, gateways }) => ({
        name,
        gateways: gateways.map((gateway) => ({ node: gateway.name })),
      }));
    known.set(facts, found);
    return found;
  };
}
