/**
 * Everything that `make lint` checks: `node out/tools/lint/main.js [PART...]`, in the repository's root. All parts are run, whatever
 * they find; the exit status is 1 if any found something.
 */
import { spawnSync } from 'node:child_process';
import { generatedFiles } from '../generate/generate.js';
import { checkBorders } from './checkBorders.js';
import { checkCircles } from './checkCircles.js';
import { checkExports } from './checkExports.js';
import { checkGenerated } from './checkGenerated.js';
import { checkLineLength } from './checkLineLength.js';
import { describeFinding, type Finding } from './finding.js';
import { type Module, parseModule } from './parseModule.js';
import { ALLOWED_EXPORTS, BORDERS, ENTRIES } from './rules.js';
import { readSources, type Source } from './source.js';

interface Part {
  readonly name: string;
  /** How much was found, after it has been printed. */
  run(): number;
}

/** Tools of others, which print what they find themselves. */
const TOOL_MS = 300_000;
const tool = (name: string, ...args: readonly string[]): Part => ({
  name,
  run: () => (spawnSync(`node_modules/.bin/${name}`, args, { stdio: 'inherit', timeout: TOOL_MS }).status === 0 ? 0 : 1),
});

const own = (name: string, check: () => readonly Finding[]): Part => ({
  name,
  run: () => {
    const findings = check();
    process.stdout.write(findings.map((each) => `${describeFinding(each)}\n`).join(''));
    return findings.length;
  },
});

function parts(sources: readonly Source[], modules: readonly Module[]): readonly Part[] {
  return [
    tool('oxfmt', '--check', '.'),
    tool('oxlint', '--type-aware', '--deny-warnings'),
    own('lines', () => checkLineLength(sources)),
    own('borders', () => checkBorders(modules, BORDERS)),
    own('circles', () => checkCircles(modules)),
    own('generated', () => checkGenerated(generatedFiles())),
    own('exports', () => checkExports(modules, { entries: ENTRIES, allowed: ALLOWED_EXPORTS })),
  ];
}

function main(names: readonly string[]): number {
  const begin = performance.now();
  const sources = readSources('.');
  const modules = sources.map(parseModule);
  const lines = [`read ${sources.length} sources in ${secondsSince(begin)} s`];
  let status = 0;
  for (const part of parts(sources, modules).filter(({ name }) => names.length === 0 || names.includes(name))) {
    const start = performance.now();
    const found = part.run();
    if (found > 0) status = 1;
    lines.push(`${part.name}: ${found === 0 ? 'good' : `${found} found`}, ${secondsSince(start)} s`);
  }
  process.stdout.write(`\nlint: ${lines.join('; ')}\n`);
  return status;
}

function secondsSince(begin: number): string {
  return ((performance.now() - begin) / 1000).toFixed(1);
}

process.exitCode = main(process.argv.slice(2));
