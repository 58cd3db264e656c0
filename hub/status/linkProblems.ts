/**
 * Links that should work and do not, as problems: one for each pair of members, with what both ends say.
 *
 * Reports of a member that the hub cannot read now are of the past and say nothing; that it cannot read them is the member's own problem.
 */
import type { LinkState } from '../../core/api/links.js';
import type { Complaint, Problem } from '../../core/api/problem.js';
import { explainLink, type LinkSide } from '../../core/links/explainLink.js';
import { someOf } from '../records/admit/limits.js';
import { type DirectedLink, directedLinks, type LinkSources } from './directedLinks.js';

export function linkProblems(sources: LinkSources): Problem[] {
  const ids = sources.federation.ids().filter((id) => sources.federation.known(id) !== undefined);
  const pairs = ids.flatMap((one, index) =>
    ids.slice(index + 1).flatMap((other): PairLinks[] => {
      const [there, back] = [fresh(one, other, sources), fresh(other, one, sources)];
      return there.length + back.length === 0 ? [] : [{ pair: [one, other], complaint: pairComplaint([one, other], there, back) }];
    }),
  );
  return [...ids.flatMap((id) => withheldReports(id, sources)), ...oncePerCause(pairs)];
}

type Pair = readonly [one: string, other: string];

/** A pair that should talk. Undefined: it does. */
interface PairLinks {
  readonly pair: Pair;
  readonly complaint: Complaint | undefined;
}

/** A member that is cut off from so many others, and from all, is one problem and not one for each pair. */
const CUT_OFF = 3;

function oncePerCause(pairs: readonly PairLinks[]): Problem[] {
  const problems: Problem[] = [];
  const told = new Set<PairLinks>();
  for (const { id, of } of cutOff(pairs)) {
    const [first, ...others] = of.filter((each) => !told.has(each));
    if (first?.complaint === undefined) continue;
    const too = others.length === 0 ? '' : `; the same holds for ${someOf(others.map(({ pair }) => otherOf(pair, id)))}`;
    problems.push({ cluster: id, subject: { kind: 'member' }, ...first.complaint, message: `${first.complaint.message}${too}` });
    of.forEach((each) => told.add(each));
  }
  const rest = pairs.flatMap((each): Problem[] => {
    const [cluster, other] = each.pair;
    return told.has(each) || each.complaint === undefined ? [] : [{ cluster, subject: { kind: 'pair', other }, ...each.complaint }];
  });
  return [...problems, ...rest];
}

/** Members of which all pairs are down, with their pairs; those with the most first. */
function cutOff(pairs: readonly PairLinks[]): readonly { readonly id: string; readonly of: readonly PairLinks[] }[] {
  return [...byMember(pairs)]
    .flatMap(([id, of]) => (of.length >= CUT_OFF && of.every(({ complaint }) => complaint?.reason === 'LinkDown') ? [{ id, of }] : []))
    .toSorted((a, b) => b.of.length - a.of.length || (a.id < b.id ? -1 : 1));
}

function byMember(pairs: readonly PairLinks[]): ReadonlyMap<string, readonly PairLinks[]> {
  const groups = new Map<string, PairLinks[]>();
  for (const each of pairs)
    for (const id of each.pair) {
      const group = groups.get(id);
      if (group === undefined) groups.set(id, [each]);
      else group.push(each);
    }
  return groups;
}

function otherOf([one, other]: Pair, id: string): string {
  return one === id ? other : one;
}

function withheldReports(id: string, { federation }: LinkSources): Problem[] {
  const failure = federation.known(id)?.reportsWithheld();
  if (failure === undefined) return [];
  const file = failure.kind === 'notFound' ? 'manifests/crds' : 'manifests/member.yaml';
  return [
    {
      cluster: id,
      subject: { kind: 'member' },
      reason: 'LinkUnknown',
      message: `what its gateways report of their tunnels cannot be read, so nobody knows whether they work (${failure.message})`,
      remedy: `apply ${file} of this version there`,
    },
  ];
}

/** What is known now of the links from one to another. Empty: nothing. */
function fresh(from: string, to: string, sources: LinkSources): readonly DirectedLink[] {
  const member = sources.federation.known(from);
  const isRead = member?.state().kind === 'ready' && member.reportsWithheld() === undefined;
  return isRead ? directedLinks(from, to, sources) : [];
}

function pairComplaint(pair: Pair, there: readonly DirectedLink[], back: readonly DirectedLink[]): Complaint | undefined {
  if ([...there, ...back].every(({ link }) => link.state === 'up')) return undefined;
  const [way, wayBack] = [asOne(there), asOne(back)];
  if (way !== 'mixed' && wayBack !== 'mixed') return explain(pair, way, wayBack);
  return severalComplaints(segmentComplaints(pair, there, back));
}

/** All links from one to the other as one, unless some of them work and others do not. Undefined: there is none. */
function asOne(links: readonly DirectedLink[]): LinkSide | 'mixed' | undefined {
  if (links.length === 0) return undefined;
  const state = stateOfAll(new Set(links.map(({ link }) => link.state)));
  return state === 'mixed' ? state : { state, planes: links.flatMap(({ link }) => link.planes) };
}

function stateOfAll(states: ReadonlySet<LinkState>): LinkState | 'mixed' {
  const [works, fails] = [states.has('up') || states.has('degraded'), states.has('down') || states.has('unknown')];
  if (works && fails) return 'mixed';
  if (works) return states.has('degraded') ? 'degraded' : 'up';
  return states.has('down') ? 'down' : 'unknown';
}

/** Of a way that works, what the other end says of the way back. */
function explain([one, other]: Pair, there: LinkSide | undefined, back: LinkSide | undefined): Complaint | undefined {
  const said = there === undefined ? undefined : explainLink(there, back, { from: one, to: other });
  return said ?? (back === undefined ? undefined : explainLink(back, there, { from: other, to: one }));
}

function segmentComplaints([one, other]: Pair, there: readonly DirectedLink[], back: readonly DirectedLink[]): Complaint[] {
  const ways = new Map<string, { readonly segments: Pair; there?: LinkSide; back?: LinkSide }>();
  const at = (segments: Pair): { there?: LinkSide; back?: LinkSide } => {
    const key = segments.join('\n');
    const known = ways.get(key) ?? { segments };
    ways.set(key, known);
    return known;
  };
  for (const { from, to, link } of there) at([from, to]).there = link;
  for (const { from, to, link } of back) at([to, from]).back = link;
  return [...ways.values()].flatMap((way) => {
    const [near, far] = way.segments;
    return explain([segmentOf(near, one), segmentOf(far, other)], way.there, way.back) ?? [];
  });
}

/** `location:lyon` of `east` -> `location lyon of east`. */
function segmentOf(name: string, member: string): string {
  const [kind = '', label = ''] = name.split(/:(.*)/s, 2);
  return label === '' ? `${kind === 'location' ? 'the default location' : name} of ${member}` : `${kind} ${label} of ${member}`;
}

const BY_WEIGHT = ['LinkDown', 'LinkUnknown', 'LinkDegraded'];
/** Pairs of segments that are told of; the rest is counted. */
const TOLD = 3;

/** The gravest gives reason and remedy. */
function severalComplaints(complaints: readonly Complaint[]): Complaint | undefined {
  const sorted = complaints.toSorted((a, b) => BY_WEIGHT.indexOf(a.reason) - BY_WEIGHT.indexOf(b.reason));
  const [first] = sorted;
  return (
    first && {
      ...first,
      message: someOf(
        sorted.map(({ message }) => message),
        TOLD,
      ),
    }
  );
}
