/**
 * A problem: something that is not as it should be, for people. Every program reports its problems in this one form; decisions
 * look at `subject` and `reason`, and only here is any of it made text.
 */
import { printable } from '../text/printable.js';
import type { Reason } from './reasons.js';

export interface Problem {
  readonly subject: Subject;
  readonly reason: Reason;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it; absent where the message says it, or where nothing can be done but wait. */
  readonly remedy?: string;
  /** Id of the member that the subject is in, where a hub says it; absent: the reporter's own cluster, or the hub itself. */
  readonly cluster?: string;
}

/** What is wrong with a subject that whoever reports it knows. */
export type Complaint = Omit<Problem, 'subject' | 'cluster'>;

export type Subject =
  | { readonly kind: 'mesh' | 'member' | 'queue' }
  /** A service's name is `namespace/name`. */
  | { readonly kind: 'node' | 'peer' | 'gateway' | 'segment' | 'service'; readonly name: string }
  /** The link between the problem's cluster and another member. */
  | { readonly kind: 'pair'; readonly other: string }
  /** Any other object, by its Kubernetes kind and its key (`objectKey`). */
  | { readonly kind: 'object'; readonly type: string; readonly key: string };

/** `mesh`, `node east-a1`, `pair west`, `service demo/web`, `EndpointSlice demo/web-1`; printable. */
export function subjectText(subject: Subject): string {
  return printable(describe(subject));
}

function describe(subject: Subject): string {
  switch (subject.kind) {
    case 'mesh':
    case 'member':
    case 'queue':
      return subject.kind;
    case 'pair':
      return `pair ${subject.other}`;
    case 'object':
      return `${subject.type} ${subject.key}`;
    default:
      return `${subject.kind} ${subject.name}`;
  }
}

/** What is wrong and what to do, as one text; printable. */
export function problemText({ message, remedy }: Pick<Complaint, 'message' | 'remedy'>): string {
  return printable(remedy === undefined ? message : `${message}: ${remedy}`);
}

/** Sorted by subject and reason, each once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [sortKey(problem), problem]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, problem]) => problem);
}

function sortKey(problem: Problem): string {
  return [problem.cluster ?? '', subjectText(problem.subject), problem.reason, problemText(problem)].join('\n');
}
