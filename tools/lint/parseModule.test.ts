import { expect, test } from '@jest/globals';
import { parseModule } from './parseModule.js';

const imports = (text: string): unknown[] =>
  parseModule({ file: 'a/b.ts', text }).imports.map(({ from, names }) => [from, names.join(' ')]);
const exports = (text: string): unknown[] =>
  parseModule({ file: 'a/b.ts', text }).exports.map(({ name, line, usedInside }) => [name, line, usedInside ? 'used' : 'unused']);

test.each([
  ["import { a, type B, c as d } from './x.js';", ['./x.js', 'a B c']],
  ["import type { A } from './x.js';", ['./x.js', 'A']],
  ["import { type A } from './x.js';", ['./x.js', 'A']],
  ["import * as all from 'node:fs';", ['node:fs', '*']],
  ["import one from 'x';", ['x', 'default']],
  ["import './x.js';", ['./x.js', '']],
  ["export { a as b } from './x.js';", ['./x.js', 'a']],
  ["export * from './x.js';", ['./x.js', '*']],
  ["const { a, b: c } = await import('./x.js');", ['./x.js', 'a b']],
  ["(await import('./x.js')).main([]);", ['./x.js', 'main']],
  ["const all = await import('./x.js');", ['./x.js', '*']],
  ["let a: import('./x.js').A;", ['./x.js', 'A']],
])('%s', (text, expected) => {
  expect(imports(text)).toEqual([expected]);
});

test.each([
  ['\nexport function f(): void {}', ['f', 2, 'unused']],
  ['export function f(): void {}\nf();', ['f', 1, 'used']],
  ['export function f(n: number): void { f(n - 1); }', ['f', 1, 'unused']],
  ['export interface A { readonly b: B }\ninterface B { readonly a: A }', ['A', 1, 'used']],
  ['export const a = 1;', ['a', 1, 'unused']],
  ['const a = 1;\nexport { a as b };', ['b', 2, 'unused']],
  ['export default 1;', ['default', 1, 'unused']],
])('%s', (text, expected) => {
  expect(exports(text)).toEqual([expected]);
});

test('each name of a declaration that takes something apart', () => {
  expect(exports('export const { a, b: [c, ...d] } = x, e = 1;').map((each) => (each as string[])[0])).toEqual(['a', 'c', 'd', 'e']);
});

test('texts and comments import nothing', () => {
  expect(imports('// import { a } from "./x.js"\nconst text = `import { b } from "./y.js"`;')).toEqual([]);
});

test('what is no TypeScript is named with its place', () => {
  expect(() => parseModule({ file: 'a/b.ts', text: 'let a;\nlet a;' })).toThrow(/^a\/b\.ts: .*\(2:4\)/);
});
