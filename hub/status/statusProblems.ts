/**
 * Every problem of the federation, each told once: those that the parts of the hub report, and each member, pair, import or queue that is
 * not as it should be and of which nobody says why. If there is none, every pair of members that should talk does.
 */
import { type Problem, problemText, sortProblems } from '../../core/api/problem.js';
import { groupByName } from '../../core/mesh/groupByName.js';
import type { FederationStatus } from '../../core/api/status.js';
import { formatKey } from '../controllers/keys.js';
import type { Outcome, Outcomes } from '../controllers/outcomes.js';
import type { Member } from '../members/member.js';
import type { LinkSources } from './directedLinks.js';
import { linkProblems } from './linkProblems.js';

interface ProblemSources extends LinkSources {
  readonly outcomes: Outcomes;
  /** Of what declares members, and of targets. */
  readonly sourceProblems: readonly Problem[];
  /** Of the queue. */
  readonly degraded: string | undefined;
  readonly pairs: FederationStatus['pairs'];
  readonly services: FederationStatus['services'];
}

export function statusProblems(sources: ProblemSources): FederationStatus['problems'] {
  const members = sources.federation.ids().flatMap((id) => sources.federation.member(id) ?? []);
  const reported = [
    ...sources.sourceProblems,
    ...members.flatMap((member) => problemsOfMember(member, sources.federation.isGone(member.id))),
    // Where a pair of members is refused, so are all imports: the pair tells it.
    ...sources.outcomes.problems().filter(({ reason }) => reason !== 'ClustersNotLinked'),
    ...linkProblems(sources),
  ];
  const blocked = blockedMembers(members);
  const all = [
    ...reported,
    ...(sources.degraded === undefined ? [] : [{ subject: { kind: 'queue' }, reason: 'Degraded', message: sources.degraded } as const]),
    ...(members.length === 0 ? [NO_MEMBERS] : []),
    ...oncePerReason(pairProblems(blocked, sources)),
    ...oncePerReason(importProblems(blocked, sources)),
  ];
  return sortProblems(firstOfEach(sortProblems(all))).map((problem) => ({
    ...(problem.cluster !== undefined && { cluster: problem.cluster }),
    subject: problem.subject,
    reason: problem.reason,
    message: problemText(problem),
  }));
}

const NO_MEMBERS: Problem = {
  subject: { kind: 'member' },
  reason: 'NoMembers',
  message: 'no member is declared',
  remedy: 'a member is a Secret in the namespace of the hub, labelled kilofed.io/cluster=ID, with a kubeconfig under the key "kubeconfig"',
};

const REASON_OF_STATE = { connecting: 'Connecting', unreachable: 'Unreachable', refused: 'Refused' } as const;
const REMEDY_OF_STATE = {
  connecting: 'if it stays so, check that the hub can reach its API server',
  unreachable: 'check the network and the API server; what was mirrored from it stays for its time to live',
} as const;
const REMEDY_WHEN_WITHDRAWN = 'check the network and the API server';

function problemsOfMember(member: Member, withdrawn: boolean): Problem[] {
  const state = member.state();
  const problems = [...member.problems(), ...(member.synced() ? member.records.problems() : [])];
  // A failure that has a reason of its own is told once.
  const isTold = state.kind === 'connecting' && problems.some(({ message }) => message === state.reason);
  if (state.kind !== 'ready' && !isTold) {
    const remedy = state.kind === 'refused' ? undefined : withdrawn ? REMEDY_WHEN_WITHDRAWN : REMEDY_OF_STATE[state.kind];
    problems.push({
      subject: { kind: 'member' },
      reason: REASON_OF_STATE[state.kind],
      message: state.reason,
      ...(remedy !== undefined && { remedy }),
    });
  }
  return problems.map((problem) => ({ ...problem, cluster: member.id }));
}

/** Members that nothing can be done with, each for a reason that is told: what depends on them waits for that. */
function blockedMembers(members: readonly Member[]): ReadonlySet<string> {
  return new Set(
    members.flatMap(({ id, state, lease, records }) =>
      state().kind === 'ready' && lease().kind !== 'waiting' && records.facts() !== undefined ? [] : [id],
    ),
  );
}

/** Pairs that are not linked, and nobody says why. The same pair is one problem from both ends. */
function pairProblems(blocked: ReadonlySet<string>, { pairs, outcomes }: ProblemSources): Problem[] {
  return pairs.flatMap(({ from, to, state, reason = 'they are not linked yet' }): Problem[] => {
    if (state === 'linked' || blocked.has(from) || blocked.has(to)) return [];
    const outcome = outcomes.get(to, formatKey({ kind: 'peers', source: from }));
    // A hub that has just started looks at no pair before it has read its members, or waited for them.
    if (tells(outcome) || (outcome === undefined && blocked.size > 0)) return [];
    const [one = '', other = ''] = [from, to].toSorted();
    return [{ cluster: one, subject: { kind: 'pair', other }, reason: state === 'refused' ? 'Refused' : 'Pending', message: reason }];
  });
}

/** Imports that are not there, and nobody says why: not they, nor their members and pairs. */
function importProblems(blocked: ReadonlySet<string>, { services, pairs, outcomes }: ProblemSources): Problem[] {
  const unlinked = new Set(pairs.flatMap(({ from, to, state }) => (state === 'linked' ? [] : [`${from} ${to}`])));
  return services.flatMap(({ namespace, name, exporters, importers }) =>
    importers.flatMap(({ cluster, state, reason = 'it is not mirrored here yet' }): Problem[] => {
      if (state === 'mirrored' || blocked.has(cluster)) return [];
      const service = `${namespace}/${name}`;
      const waits = exporters.some((exporter) => blocked.has(exporter.cluster) || unlinked.has(`${exporter.cluster} ${cluster}`));
      if (waits || tells(outcomes.get(cluster, formatKey({ kind: 'service', service })))) return [];
      return [
        { cluster, subject: { kind: 'service', name: service }, reason: state === 'refused' ? 'Refused' : 'Pending', message: reason },
      ];
    }),
  );
}

function tells(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && outcome.problems.length + (outcome.awaits?.length ?? 0) > 0;
}

/** What is said in the same words of several things in one member is said once. */
function oncePerReason(problems: readonly Problem[]): Problem[] {
  const groups = groupByName(sortProblems(problems), ({ cluster, reason, message }) => JSON.stringify([cluster, reason, message]));
  return groups.flatMap(([, [first, ...others]]) => {
    if (first === undefined || others.length === 0) return first ?? [];
    return [{ ...first, message: `${first.message}; the same holds for ${others.length} more` }];
  });
}

/** Problems of one member that are shown for one reason. */
const SHOWN = 50;

/** One member can have any number of problems, and must not hide those of others: of each member and reason the first, and a number. */
function firstOfEach(problems: readonly Problem[]): Problem[] {
  return groupByName(problems, ({ cluster = '', reason }) => `${cluster} ${reason}`).flatMap(([, group]) => {
    const [first] = group;
    if (first === undefined || group.length <= SHOWN) return group;
    const message = `the same holds for ${group.length - SHOWN} more`;
    const { cluster, reason } = first;
    return [...group.slice(0, SHOWN), { ...(cluster !== undefined && { cluster }), subject: { kind: 'member' }, reason, message }];
  });
}
