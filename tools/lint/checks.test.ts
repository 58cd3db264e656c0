import { describe, expect, test } from '@jest/globals';
import { checkBorders } from './checkBorders.js';
import { checkCircles } from './checkCircles.js';
import { checkExports } from './checkExports.js';
import { checkLineLength } from './checkLineLength.js';
import { describeFinding, type Finding } from './finding.js';
import { findCircles } from './findCircles.js';
import { type Module, parseModule } from './parseModule.js';

const texts = (findings: readonly Finding[]): string[] => findings.map(describeFinding);
const modules = (files: Readonly<Record<string, string>>): Module[] =>
  Object.entries(files).map(([file, text]) => parseModule({ file, text }));

describe('line length', () => {
  const check = (text: string): string[] => texts(checkLineLength([{ file: 'a.ts', text }]));

  test('140 columns are good, 141 are not', () => {
    expect(check('word '.repeat(28))).toEqual([]);
    expect(check(`\n${'word '.repeat(28)}!`)).toEqual(['a.ts:2: 141 columns: break it at 140']);
  });

  test('one long word cannot be broken', () => {
    expect(check(`// https://${'x'.repeat(200)}`)).toEqual([]);
    expect(check(`const url = 'https://${'x'.repeat(200)}' + 'more';`)).toHaveLength(1);
  });
});

describe('borders', () => {
  const borders = [
    { folder: 'core', folders: ['core'], packages: ['zod'] },
    { folder: 'hub', folders: ['core', 'hub', 'cli/flags.ts'], packages: ['node:'] },
    { folder: 'hub/records', folders: [], packages: [] },
  ];
  const check = (file: string, from: string): string[] => texts(checkBorders(modules({ [file]: `import { x } from '${from}';` }), borders));

  test.each([
    ['core/a/x.ts', '../b/y.js'],
    ['core/x.ts', 'zod'],
    ['core/x.ts', 'zod/v4'],
    ['core/x.test.ts', 'node:fs'],
    ['test/x.ts', '../hub/hub.js'],
    ['hub/x.ts', 'node:fs'],
    ['hub/x.ts', '../cli/flags.js'],
    ['hub/records/x.ts', './y.js'],
  ])('%s may import %s', (file, from) => {
    expect(check(file, from)).toEqual([]);
  });

  test.each([
    ['core/x.ts', '../hub/y.js', 'core/x.ts:1: core may not import hub/y.ts (tools/lint/rules.ts)'],
    ['core/x.ts', 'node:fs', 'core/x.ts:1: core may not import node:fs (tools/lint/rules.ts)'],
    ['core/x.ts', 'zodiac', 'core/x.ts:1: core may not import zodiac (tools/lint/rules.ts)'],
    ['core/x.ts', '../core2/x.js', 'core/x.ts:1: core may not import core2/x.ts (tools/lint/rules.ts)'],
    ['core/x.ts', '../test/fakes/x.js', 'core/x.ts:1: core may not import test/fakes/x.ts (tools/lint/rules.ts)'],
    ['hub/x.ts', '../cli/main.js', 'hub/x.ts:1: hub may not import cli/main.ts (tools/lint/rules.ts)'],
    ['hub/records/x.ts', '../members/y.js', 'hub/records/x.ts:1: hub/records may not import hub/members/y.ts (tools/lint/rules.ts)'],
    ['new/x.ts', './y.js', 'new/x.ts: its folder has no border: say in tools/lint/rules.ts what it may import'],
  ])('%s may not import %s', (file, from, finding) => {
    expect(check(file, from)).toEqual([finding]);
  });
});

describe('circles', () => {
  const graph = (edges: Readonly<Record<string, string>>): Map<string, string[]> =>
    new Map(Object.entries(edges).map(([from, to]) => [from, to.split(' ')]));

  test.each([
    [{ a: 'b c', b: 'd', c: 'd' }, []],
    [{ a: 'a' }, []],
    [{ a: 'b', b: 'a' }, ['a b']],
    [{ a: 'b', b: 'c', c: 'd b', d: 'e', e: 'd' }, ['b c', 'd e']],
    [{ a: 'b', b: 'c', c: 'a', d: 'a' }, ['a b c']],
  ])('of %j', (edges, circles) => {
    expect(findCircles(graph(edges as unknown as Record<string, string>)).map((each) => each.join(' '))).toEqual(circles);
  });

  test('between files, types and tests included', () => {
    const files = { 'a/x.ts': "import './y.js';", 'a/y.ts': "import type { X } from './x.js';", 'a/x.test.ts': "import './x.js';" };
    expect(texts(checkCircles(modules(files)))).toEqual([
      'a/x.ts:1: imports a/y.ts: a/x.ts -> a/y.ts, in a circle of files: a/x.ts, a/y.ts',
      'a/y.ts:1: imports a/x.ts: a/y.ts -> a/x.ts, in a circle of files: a/x.ts, a/y.ts',
    ]);
  });

  test('between folders of tests there may be some, between their files not', () => {
    const files = { 'test/a/x.ts': "import '../b/y.js';", 'test/b/y.ts': '', 'test/b/z.ts': "import '../a/x.js';" };
    expect(checkCircles(modules(files))).toEqual([]);
    expect(checkCircles(modules({ ...files, 'test/b/y.ts': "import '../a/x.js';" }))).toHaveLength(2);
  });

  test('between folders, one of which may lie in the other', () => {
    const files = { 'a/x.ts': "import './b/x.js';\nimport './b/y.js';", 'a/b/x.ts': '', 'a/b/y.ts': "import '../z.js';", 'a/z.ts': '' };
    expect(texts(checkCircles(modules(files)))).toEqual([
      'a/x.ts:1: imports a/b/x.ts and 1 more: a -> a/b, in a circle of folders: a, a/b',
      'a/b/y.ts:1: imports a/z.ts: a/b -> a, in a circle of folders: a, a/b',
    ]);
  });
});

describe('exports', () => {
  const check = (files: Readonly<Record<string, string>>, allowed: readonly string[] = []): string[] =>
    texts(
      checkExports(modules({ 'main.ts': "import { f } from './x.js';\nf();", ...files }), {
        entries: ['main.ts'],
        allowed: allowed.map((name) => ({ file: 'x.ts', name, reason: 'why' })),
      }),
    );
  const F = 'export function f(): void {}\n';

  test('what another file that ships uses is good', () => {
    expect(check({ 'x.ts': F })).toEqual([]);
  });

  test.each([
    ['nobody', { 'x.ts': `${F}export const a = 1;` }, ['x.ts:2: nobody uses a: remove it']],
    [
      'tests',
      { 'x.ts': `${F}export const a = 1;`, 'x.test.ts': "import { a } from './x.js';" },
      ['x.ts:2: only tests use a: use it or remove it'],
    ],
    ['the same file', { 'x.ts': `${F}export const a = 1;\nf(a);` }, ['x.ts:2: only this file uses a: drop the export']],
    ['the same file and tests', { 'x.ts': `${F}export const a = 1;\nf(a);`, 'test/x.ts': "import { a } from '../x.js';" }, []],
    ['a test, of a test', { 'x.ts': F, 'test/x.ts': 'export const a = 1;', 'a.test.ts': "import { a } from './test/x.js';" }, []],
    ['nobody, of a test', { 'x.ts': F, 'test/x.ts': 'export const a = 1;' }, ['test/x.ts:1: nobody uses a: remove it']],
    ['nobody, of a whole file', { 'x.ts': F, 'y.ts': '' }, ['y.ts: no program loads this file: use it, remove it, or move it to test/']],
  ])('that are used by %s', (_, files, findings) => {
    expect(check(files as unknown as Record<string, string>)).toEqual(findings);
  });

  test('what no program loads does not count', () => {
    const files = {
      'x.ts': `${F}export const a = 1;`,
      'y.ts': "import { a } from './x.js';\nimport './z.js';",
      'z.ts': "import './y.js';",
    };
    expect(check(files)).toEqual([
      'x.ts:2: nobody uses a: remove it',
      'y.ts: no program loads this file: use it, remove it, or move it to test/',
      'z.ts: no program loads this file: use it, remove it, or move it to test/',
    ]);
  });

  test('an exception excuses, and is a finding when it no longer does', () => {
    expect(check({ 'x.ts': `${F}export const a = 1;` }, ['a'])).toEqual([]);
    expect(check({ 'x.ts': F }, ['f', 'b'])).toEqual([
      'x.ts: f needs no exception any more: take it out of tools/lint/rules.ts',
      'x.ts: b needs no exception any more: take it out of tools/lint/rules.ts',
    ]);
  });
});
