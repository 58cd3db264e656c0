/**
 * Problems of a member's objects, by object. A member may have any number of bad objects, so some are named, by name order, and the
 * rest counted.
 */
import type { Problem } from '../../core/api/problem.js';
import type { Reason } from '../../core/api/reasons.js';
import { firstByName } from '../../core/text/firstByName.js';

export interface ObjectProblems {
  /** Replaces the problems of an object. `key` is any text that is its own. */
  set(key: string, problems: readonly Problem[]): void;
  /** For each reason, the first few and how many more there are. */
  list(): readonly Problem[];
}

/** Objects that are named for one reason. */
const NAMED = 20;

export function createObjectProblems(): ObjectProblems {
  const byKey = new Map<string, readonly Problem[]>();
  let listed: readonly Problem[] | undefined;
  return {
    set(key, problems) {
      if (problems.length === 0 && !byKey.has(key)) return;
      if (problems.length === 0) byKey.delete(key);
      else byKey.set(key, problems);
      listed = undefined;
    },
    list: () => (listed ??= summary(byKey)),
  };
}

function summary(byKey: ReadonlyMap<string, readonly Problem[]>): Problem[] {
  const byReason = new Map<Reason, (readonly [key: string, problem: Problem])[]>();
  for (const [key, problems] of byKey) {
    for (const problem of problems) {
      const same = byReason.get(problem.reason);
      if (same === undefined) byReason.set(problem.reason, [[key, problem]]);
      else same.push([key, problem]);
    }
  }
  return [...byReason].flatMap(([reason, all]) => {
    const { kept } = firstByName(all, NAMED, ([key]) => key);
    const named = kept.map(([, problem]) => problem);
    const more = all.length - named.length;
    return more === 0 ? named : [...named, { subject: { kind: 'member' }, reason, message: `the same holds for ${more} more objects` }];
  });
}
