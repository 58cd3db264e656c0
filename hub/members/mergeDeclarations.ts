/**
 * Merges the declarations of all sources into one list with one entry for each id, and not more than the hub takes.
 *
 * A newcomer displaces nobody: of duplicates, and where there are too many, files win over Secrets and older Secrets over younger ones,
 * by the time that the home cluster says. So every hub and every restart chooses the same, whatever the order of reading.
 */
import { type Problem, sortProblems } from '../../core/api/problem.js';
import type { Declaration, SourceRead } from './declaration.js';
import { compareTexts } from '../../core/text/compareTexts.js';

interface Merged extends SourceRead {
  /** Ids that are declared and left out, since there are too many. Nothing of theirs is touched. */
  readonly leftOut: readonly string[];
}

/** Each has a connection, watches and a queue. */
const MAX_MEMBERS = 1000;
const NAMES_SHOWN = 10;
const NOBODY: ReadonlySet<string> = new Set();

/** `standing`: ids of members that run already. They stay. */
export function mergeDeclarations(reads: readonly SourceRead[], standing: ReadonlySet<string> = NOBODY, most = MAX_MEMBERS): Merged {
  const problems: Problem[] = reads.flatMap((read) => read.problems);
  const byId = new Map<string, Declaration>();
  for (const declaration of reads.flatMap((read) => read.declarations).toSorted(bySeniority)) {
    const first = byId.get(declaration.id);
    if (first === undefined) byId.set(declaration.id, declaration);
    else problems.push(duplicate(declaration, first));
  }
  // Stable, so by seniority otherwise.
  const all = [...byId.values()].toSorted((a, b) => Number(standing.has(b.id)) - Number(standing.has(a.id)));
  const leftOut = all
    .slice(most)
    .map(({ id }) => id)
    .toSorted();
  if (leftOut.length > 0) problems.push(tooMany(leftOut, most));
  return {
    complete: reads.every((read) => read.complete),
    partial: reads.some((read) => read.partial === true),
    declarations: all.slice(0, most).toSorted((a, b) => compareTexts(a.id, b.id)),
    leftOut,
    problems: sortProblems(problems),
  };
}

function duplicate({ id, origin }: Declaration, first: Declaration): Problem {
  return {
    cluster: id,
    subject: { kind: 'member' },
    reason: 'Duplicate',
    message: `${origin} declares "${id}" again; ${first.origin} is used`,
    remedy: 'remove one of them, or give it another id',
  };
}

function tooMany(leftOut: readonly string[], most: number): Problem {
  const more = leftOut.length > NAMES_SHOWN ? ` and ${leftOut.length - NAMES_SHOWN} more` : '';
  return {
    subject: { kind: 'member' },
    reason: 'TooManyMembers',
    message: `more than ${most} members are declared: the youngest are left out: ${leftOut.slice(0, NAMES_SHOWN).join(', ')}${more}`,
    remedy: 'remove Secrets and files that declare members no longer',
  };
}

function bySeniority(a: Declaration, b: Declaration): number {
  return compareTexts(rank(a), rank(b)) || compareTexts(a.origin, b.origin);
}

/** Texts in RFC 3339 sort by time. What has none is young. */
function rank({ place }: Declaration): string {
  return place.kind === 'file' ? '' : (place.created ?? '~');
}
