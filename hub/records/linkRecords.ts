/**
 * What gateways of a member report of their tunnels to other members. Tunnels inside the member concern nobody else and are not kept.
 *
 * The member writes it, so it is read by schema and bounded. What it says decides about that member alone (hub/links).
 */
import { gatewayReportSchema, type ReportedLink } from '../../core/api/gatewayReport.js';
import type { Reports } from '../../core/links/segmentLinks.js';
import { groupByName } from '../../core/mesh/groupByName.js';
import { clusterName } from '../../core/observed/metadata.js';
import { readObject } from '../../core/observed/readObject.js';
import { checkedFeed } from './checkedFeed.js';
import { type Feed, setOrDelete } from './feed.js';
import { type Kept, kept, malformed } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';

type NodeReport = readonly ReportedLink[];

interface LinkRecords {
  readonly feed: Feed<Kept<NodeReport>>;
  /** On tunnels to one member. The same map while nothing of it changes. */
  of(member: string): Reports;
  /** What a node reports means something else than before. */
  reconsider(node: string): void;
  /** Nodes that report, sorted. */
  reporters(): readonly string[];
}

/** `changed`: the states of tunnels to this member are others than before. Figures alone are no change. */
export function createLinkRecords(changed: (member: string) => void, problems: ObjectProblems): LinkRecords {
  const all = new Map<string, NodeReport>();
  /** By member; made when it is asked for. */
  const known = new Map<string, Reports>();

  function set(node: string, current: NodeReport | undefined): void {
    const [before, after] = [byMember(all.get(node)), byMember(current)];
    setOrDelete(all, node, current);
    for (const member of new Set([...before.keys(), ...after.keys()])) {
      known.delete(member);
      if (statesOf(before.get(member)) !== statesOf(after.get(member))) changed(member);
    }
  }

  return {
    feed: checkedFeed('gatewayReport', problems, { project: projectReport, changed: set }),
    of(member) {
      const found = known.get(member) ?? reportsOn(member, all);
      known.set(member, found);
      return found;
    },
    reconsider: (node) => new Set(all.get(node)?.map(({ member = '' }) => member)).forEach(changed),
    reporters: () => [...all.keys()].toSorted(),
  };
}

function projectReport(object: unknown): Kept<NodeReport> {
  const read = readObject(gatewayReportSchema, object);
  const named = readObject(clusterName, object);
  if (!read.ok || !named.ok) return kept<NodeReport>(undefined, malformed('gatewayReport', object, read.ok ? 'its name' : read.error));
  return kept(read.value.spec.links.filter(({ member }) => member !== undefined));
}

function byMember(report: NodeReport = []): ReadonlyMap<string, NodeReport> {
  return new Map(groupByName(report, ({ member = '' }) => member));
}

function reportsOn(member: string, all: Reports): Reports {
  return new Map(
    [...all].flatMap(([node, links]) => {
      const ours = links.filter((link) => link.member === member);
      return ours.length === 0 ? [] : [[node, ours] as const];
    }),
  );
}

/** All but figures and times. */
function statesOf(links: readonly ReportedLink[] = []): string {
  return JSON.stringify(
    links.map(({ segment, slot, peer, endpoint, state, inUse, reason }) => [segment, slot, peer, endpoint, state, inUse, reason]),
  );
}
