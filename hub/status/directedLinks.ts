/**
 * The links of the federation by the names that its members give their segments. Nodes of other members call a segment by its label.
 */
import type { SegmentLink } from '../../core/links/segmentLinks.js';
import { ownSegments } from '../../core/mesh/segments.js';
import type { Federation } from '../federation/federation.js';
import type { Links } from '../links/links.js';
import type { ClusterFacts } from '../records/admit/clusterFacts.js';
import { segmentToken } from '../pairs/segmentToken.js';

export interface DirectedLink {
  /** A segment of the member whose gateways report, by its own name: `location:lyon`. */
  readonly from: string;
  readonly to: string;
  readonly link: SegmentLink;
}

export interface LinkSources {
  readonly federation: Federation;
  readonly links: Links;
}

/** From one member to another, sorted by `from`. */
export function directedLinks(from: string, to: string, { federation, links }: LinkSources): DirectedLink[] {
  const facts = federation.known(to)?.records.facts();
  const names = facts === undefined ? NO_NAMES : namesOf(facts);
  return links.between(from, to).map((link) => {
    const token = link.to.slice(to.length + 1);
    return { from: link.from, to: names.get(token) ?? token, link };
  });
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();
const known = new WeakMap<ClusterFacts, ReadonlyMap<string, string>>();

/** Names of segments by their labels. */
function namesOf(facts: ClusterFacts): ReadonlyMap<string, string> {
  const found = known.get(facts) ?? new Map(ownSegments(facts.nodes, facts.mesh).segments.map((each) => [segmentToken(each), each.name]));
  known.set(facts, found);
  return found;
}
