/**
 * The worked examples of CONTRIBUTING.md, followed to the letter on a copy of the sources: they apply, compile, and their tests pass.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from './pages.js';
import { changed, readExamples } from './workedExamples.js';

const EXAMPLES = readExamples();
const LEFT_OUT = new Set(['.git', 'node_modules', 'out', 'dist']);
/** Compiling everything takes seconds, on a busy machine a minute. */
const PATIENCE_MS = 300_000;

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'kilofed-contributing-'));
  for (const name of readdirSync(ROOT).filter((each) => !LEFT_OUT.has(each)))
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
}, PATIENCE_MS);

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

function run(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', timeout: PATIENCE_MS });
  return status === 0 ? '' : `${stdout}${stderr}`;
}

test('there are four', () => {
  expect(EXAMPLES).toHaveLength(4);
});

test.each(EXAMPLES.map(({ title, steps }) => [title, steps] as const))('%s: every step applies', (_title, steps) => {
  expect(steps.length).toBeGreaterThan(2);
  for (const { file, isNew, blocks } of steps) {
    const path = join(copy, file);
    expect([file, existsSync(path)]).toEqual([file, !isNew]);
    if (isNew) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${blocks[0]?.join('\n')}\n`);
      continue;
    }
    for (const block of blocks) {
      const after = changed(readFileSync(path, 'utf8'), block);
      expect([file, block, after === undefined ? 'not found' : 'applies']).toEqual([file, block, 'applies']);
      if (after !== undefined) writeFileSync(path, after);
    }
  }
});

test(
  'together they compile, and their tests pass',
  () => {
    expect(run(['node_modules/typescript/bin/tsc', '-b'])).toBe('');
    const tests = EXAMPLES.flatMap(({ steps }) => steps.map(({ file }) => file)).filter((file) => file.endsWith('.test.ts'));
    const compiled = tests.map((file) => `out/${file.replace(/ts$/, 'js')}`);
    expect(run(['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runTestsByPath', ...compiled])).toBe('');
  },
  PATIENCE_MS,
);
