import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { lanesOf, NEEDS_MORE, runsOf } from './suites.js';

const FILES = [
  'core/a.test.ts',
  'hub/b.test.ts',
  'test/apiserver/c.test.ts',
  'test/e2e/leaks.test.ts',
  'test/e2e/lab.test.ts',
  'test/kernel/f.test.ts',
  'test/run/d.test.ts',
];

test('`make e2e` runs every end-to-end test', () => {
  const there = readdirSync('test/e2e')
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/e2e/${file}`);
  expect(there.length).toBeGreaterThan(10);
  const run = runsOf('e2e', there, []);
  expect(run.flatMap(({ files }) => files).toSorted()).toEqual(there.toSorted());
  expect(run.every(({ inWorld, files }) => inWorld && files.length === 1)).toBe(true);
});

test('`make test` and .ci/run run all suites', () => {
  const [, recipe] = /^test: .*\n\t(.*)$/m.exec(readFileSync('Makefile', 'utf8')) ?? [];
  expect(recipe).toMatch(/^@?node out\/test\/run\/main.js all /);
  expect(readFileSync('.ci/run', 'utf8')).toContain('exec make test\n');
});

test('each test is of one suite', () => {
  expect(runsOf('unit', FILES, []).map(({ files }) => files)).toEqual([['core/a.test.ts', 'hub/b.test.ts', 'test/run/d.test.ts']]);
  expect(runsOf('parts', FILES, []).map(({ files }) => files)).toEqual([['test/apiserver/c.test.ts']]);
  expect(runsOf('e2e', FILES, []).map(({ name }) => name)).toEqual(['e2e/leaks', 'e2e/lab']);
  expect(runsOf('kernel', FILES, []).map(({ files }) => files)).toEqual([['test/kernel/f.test.ts']]);
  expect(FILES.filter((file) => !new RegExp(NEEDS_MORE).test(file))).toEqual(runsOf('unit', FILES, [])[0]?.files);
});

test('patterns choose among the tests of a suite', () => {
  expect(runsOf('unit', FILES, [/core/, /run/]).flatMap(({ files }) => files)).toEqual(['core/a.test.ts', 'test/run/d.test.ts']);
  expect(runsOf('e2e', FILES, [/lab/]).map(({ name }) => name)).toEqual(['e2e/lab']);
  expect(runsOf('parts', FILES, [/core/])).toEqual([]);
});

test('tests on a kernel of their own say which, and run beside the others', () => {
  expect(runsOf('kernel', FILES, [])).toMatchObject([{ name: 'kernel/6.1', kernel: '6.1', patient: true }]);
  expect(runsOf('kernel', FILES, [], '5.10')).toMatchObject([{ name: 'kernel/5.10', kernel: '5.10' }]);
});

test('what takes long and has no clock runs beside all others, and in front where it is alone', () => {
  const [unit = [], parts = [], e2e = []] = (['unit', 'parts', 'e2e'] as const).map((suite) =>
    runsOf(suite, [...FILES, 'test/fuzz/e.test.ts'], []),
  );
  const [quick, slow] = unit;
  expect(slow?.files).toEqual(['test/fuzz/e.test.ts']);
  expect(lanesOf([...unit, ...parts, ...e2e])).toEqual({ front: [quick, ...parts, ...e2e], beside: [slow] });
  expect(lanesOf([slow!])).toEqual({ front: [slow], beside: [] });
  expect(lanesOf(e2e)).toEqual({ front: e2e, beside: [] });
});
