/**
 * Starts Jest on what was compiled, and reads from its report what passed, failed and was skipped.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Bounds, runBounded } from './bounded.js';
import type { Run } from './suites.js';
import type { Outcome } from './summary.js';

export const JEST = [
  ...[process.execPath, '--enable-source-maps', '--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  'node_modules/jest/bin/jest.js',
];
const IN_WORLD = [process.execPath, 'out/test/lab/main.js', 'in-world', '--'];
const inKernel = (version: string): string[] => [process.execPath, 'out/test/vm/main.js', 'in-kernel', version, '--'];

/** sched(7), SCHED_IDLE: whoever else wants a processor gets it at once. */
const WHEN_IDLE = ['chrt', '--idle', '0'];
/** For one test that gets only what others leave. */
const PATIENCE_MS = 180_000;

/** The part that we read of what `jest --json` writes. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

interface How {
  /** On what others leave of the processors; what it prints comes when it has ended. */
  readonly beside: boolean;
  readonly signal: AbortSignal;
}

/** Runs the tests with our output, in the repository's root. Never rejects: a Jest that crashes or takes too long has failed. */
export async function runJest(run: Run, { beside, signal }: How): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'kilofed-tests-'));
  const file = join(folder, 'report.json');
  const argv = [
    ...(beside ? WHEN_IDLE : []),
    ...(run.inWorld ? IN_WORLD : []),
    ...(run.kernel === undefined ? [] : inKernel(run.kernel)),
    ...JEST,
    ...(run.inBand ? ['--runInBand', '--forceExit'] : []),
    ...(beside ? ['--testTimeout', String(PATIENCE_MS)] : []),
    ...['--json', '--outputFile', file, '--testMatch', ...run.files.map(compiled)],
  ];
  const begin = performance.now();
  const end = await runQuietly(argv, { limitMs: run.limit * 60_000, signal }, beside ? join(folder, 'output') : undefined);
  const seconds = (performance.now() - begin) / 1000;
  const counted = countTests(readReport(file));
  rmSync(folder, { recursive: true });
  // Jest may fail for reasons that no test has, and a report may be from before it crashed.
  const failed = end === undefined || counted.failed.length > 0 ? counted.failed : [`jest ${end}`];
  return { ...counted, failed, name: run.name, files: run.files.length, seconds };
}

/** With its output in a file until it has ended, so that it is not mixed with that of others; or with ours where there is none. */
async function runQuietly(argv: readonly string[], bounds: Bounds, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return runBounded(argv, bounds);
  const output = openSync(file, 'w');
  const end = await runBounded(argv, { ...bounds, output });
  closeSync(output);
  process.stderr.write(readFileSync(file));
  return end;
}

function compiled(source: string): string {
  return resolve('out', source.replace(/\.ts$/, '.js'));
}

/** Tests by name; a file that could not even be loaded counts as one that failed. */
export function countTests(report: Report | undefined): Pick<Outcome, 'passed' | 'failed' | 'skipped'> {
  const counted = { passed: 0, failed: [] as string[], skipped: [] as string[] };
  for (const { name, status, assertionResults } of report?.testResults ?? []) {
    for (const test of assertionResults) {
      if (test.status === 'passed') counted.passed += 1;
      else if (test.status === 'failed') counted.failed.push(test.fullName);
      else counted.skipped.push(test.fullName);
    }
    const silent = !assertionResults.some((test) => test.status === 'failed');
    if (status === 'failed' && silent) counted.failed.push(`${name} as a whole`);
  }
  return counted;
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
