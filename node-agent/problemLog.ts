/**
 * Logs each problem once, and again only after it changed.
 */
import { type Problem, problemText, subjectText } from '../core/api/problem.js';
import type { Log } from '../core/runtime/log.js';

export interface ProblemLog {
  /** All problems of one kind that there are now. */
  tell(about: string, problems: readonly Problem[]): void;
}

export function createProblemLog(log: Log): ProblemLog {
  /** What was told last, by `about`. */
  const told = new Map<string, string>();
  return {
    tell(about, problems) {
      const text = JSON.stringify(problems);
      if (told.get(about) === text || (problems.length === 0 && !told.has(about))) return;
      told.set(about, text);
      for (const problem of problems) {
        log.warn('A part of the mesh is left out', {
          subject: subjectText(problem.subject),
          reason: problem.reason,
          explanation: problemText(problem),
        });
      }
      if (problems.length === 0) log.info('All earlier problems are gone', { about });
    },
  };
}
