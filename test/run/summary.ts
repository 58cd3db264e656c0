/**
 * What is printed after the tests: a line for each run, what failed and what was skipped by name, and the sums on the last line.
 */
import { renderTable } from '../../core/render/table.js';

export interface Outcome {
  readonly name: string;
  /** Test files. */
  readonly files: number;
  readonly passed: number;
  /** By name; also what is not a test, such as a file that could not be loaded. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly seconds: number;
}

export function summaryText(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((each) =>
    [each.name, each.files, each.passed, each.failed.length, each.skipped.length, each.seconds.toFixed(1)].map(String),
  );
  const sum = (count: (outcome: Outcome) => number): number => outcomes.reduce((total, each) => total + count(each), 0);
  return [
    renderTable(['SUITE', 'FILES', 'PASSED', 'FAILED', 'SKIPPED', 'SECONDS'], rows),
    ...namesOf('skipped', outcomes, (each) => each.skipped),
    ...namesOf('failed', outcomes, (each) => each.failed),
    '',
    `${sum((each) => each.passed)} passed, ${sum((each) => each.failed.length)} failed, ${sum((each) => each.skipped.length)} skipped`,
    '',
  ].join('\n');
}

function namesOf(title: string, outcomes: readonly Outcome[], names: (outcome: Outcome) => readonly string[]): string[] {
  const lines = outcomes.flatMap((each) => names(each).map((name) => `  ${each.name}: ${name}`));
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}
