/**
 * Runs tests: `node out/test/run/main.js all | unit | parts | e2e | kernel | fuzz [PATTERN...]`, or `watch [PATTERN...]` for the quick ones
 * again whenever a source changes. A pattern is a regular expression for the path of a test's source. KERNEL in the environment is the
 * version of the kernel that `kernel` runs on.
 *
 * `all` begins with lint. Slow quick tests run beside all others. Everything is run, whatever fails; the summary comes last, and the
 * exit status is 1 if anything failed.
 */
import { spawn } from 'node:child_process';
import { listSources } from '../../tools/lint/source.js';
import { runBounded } from './bounded.js';
import { JEST, runJest } from './jest.js';
import { lanesOf, NEEDS_MORE, type Run, runsOf, type Suite } from './suites.js';
import { type Outcome, summaryText } from './summary.js';

const SUITES: readonly Suite[] = ['unit', 'parts', 'e2e', 'kernel'];
const LINT_MS = 300_000;

process.exitCode = await main(process.argv.slice(2));

async function main([command = '', ...patterns]: readonly string[]): Promise<number> {
  const suites = command === 'all' ? SUITES : [...SUITES, 'fuzz' as const].filter((suite) => suite === command);
  if (command === 'watch') return watch(patterns);
  if (suites.length === 0) {
    process.stderr.write('usage: node out/test/run/main.js all | unit | parts | e2e | kernel | fuzz | watch [PATTERN...]\n');
    return 2;
  }
  const matchers = patterns.map((each) => new RegExp(each));
  const sources = listSources('.').filter((file) => file.endsWith('.test.ts'));
  const runs = suites.flatMap((suite) => runsOf(suite, sources, matchers, process.env['KERNEL']));
  if (runs.length === 0) {
    process.stderr.write(`no test of ${suites.join(', ')} matches ${patterns.join(' ')}\n`);
    return 1;
  }
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  const first = command === 'all' ? [await lint(controller.signal)] : [];
  const inTurn = async (own: readonly Run[], beside: boolean): Promise<readonly Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (const run of own) if (!controller.signal.aborted) outcomes.push(await runJest(run, { beside, signal: controller.signal }));
    return outcomes;
  };
  const { front, beside } = lanesOf(runs);
  for (const { name } of beside) process.stderr.write(`${name} runs beside the others; what it prints comes at its end\n`);
  const outcomes = [...first, ...(await Promise.all([inTurn(beside, true), inTurn(front, false)])).flat()];
  process.stdout.write(`\n${summaryText(outcomes)}`);
  return controller.signal.aborted || outcomes.some(({ failed }) => failed.length > 0) ? 1 : 0;
}

async function lint(signal: AbortSignal): Promise<Outcome> {
  const begin = performance.now();
  const end = await runBounded([process.execPath, 'out/tools/lint/main.js'], { limitMs: LINT_MS, signal });
  const failed = end === undefined ? [] : [`lint ${end}`];
  return { name: 'lint', files: 0, passed: 0, failed, skipped: [], seconds: (performance.now() - begin) / 1000 };
}

/** The compiler and Jest, both watching. Ends with Jest. */
async function watch(patterns: readonly string[]): Promise<number> {
  const compiler = spawn('node_modules/.bin/tsc', ['-b', '--watch', '--preserveWatchOutput'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [program = '', ...options] = JEST;
  const jest = spawn(program, [...options, ...patterns, '--watchAll', '--testPathIgnorePatterns', NEEDS_MORE], { stdio: 'inherit' });
  const code = await new Promise<number>((resolve) => jest.once('close', (status) => resolve(status ?? 1)));
  compiler.kill();
  return code;
}
