/**
 * The declarations of all sources as one list: one per id. Which of two wins is decided by their origins' names, never by
 * the order they were read in, so that every hub and every restart chooses the same.
 */
import type { Declaration, SourceProblem, SourceRead } from './declaration.js';

export function mergeDeclarations(reads: readonly SourceRead[]): SourceRead {
  const declarations: Declaration[] = [];
  const problems: SourceProblem[] = reads.flatMap((read) => read.problems);
  const all = reads.flatMap((read) => read.declarations).toSorted(byIdThenOrigin);
  for (const declaration of all) {
    const first = declarations.at(-1);
    if (first?.id !== declaration.id) {
      declarations.push(declaration);
      continue;
    }
    problems.push({
      cluster: declaration.id,
      origin: declaration.origin,
      reason: 'Duplicate',
      message: `${declaration.origin} declares "${declaration.id}" again; ${first.origin} is used. Remove one of them, or give it another id`,
    });
  }
  return {
    complete: reads.every((read) => read.complete),
    declarations,
    problems: problems.toSorted((a, b) => compare(a.origin, b.origin) || compare(a.message, b.message)),
  };
}

function byIdThenOrigin(a: Declaration, b: Declaration): number {
  return compare(a.id, b.id) || compare(a.origin, b.origin);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
