/**
 * Every file of what we ship is loaded by a program, and each of its exports is used by another that is.
 *
 * What only tests use is dead weight, or a planner that nobody has wired in: its test is green and it has no effect. What only its own
 * file uses needs no `export`, unless a test looks at it.
 */
import type { Finding } from './finding.js';
import type { Module } from './parseModule.js';
import { isForTests, resolveImport } from './resolveImport.js';

export interface Allowed {
  readonly file: string;
  readonly name: string;
  readonly reason: string;
}

interface Exceptions {
  /** What is started, not imported. */
  readonly entries: readonly string[];
  readonly allowed: readonly Allowed[];
}

/** An exception that is none any more is a finding, too. */
export function checkExports(modules: readonly Module[], { entries, allowed }: Exceptions): readonly Finding[] {
  const loaded = reachable(modules, entries);
  const shipped = usesOf(modules.filter(({ file }) => loaded.has(file)));
  const tests = usesOf(modules.filter(({ file }) => isForTests(file)));
  const unused = modules.flatMap(({ file, exports }) =>
    exports.flatMap(({ name, line, usedInside }) => {
      const tested = isUsed(tests, file, name);
      if (isUsed(shipped, file, name) || (tested && (usedInside || isForTests(file)))) return [];
      if (usedInside) return [{ file, line, name, message: `only this file uses ${name}: drop the export` }];
      return [{ file, line, name, message: tested ? `only tests use ${name}: use it or remove it` : `nobody uses ${name}: remove it` }];
    }),
  );
  const isExcused = (finding: { readonly file: string; readonly name: string }, { file, name }: Allowed): boolean =>
    finding.file === file && finding.name === name;
  return [
    ...unused.filter((finding) => !allowed.some((each) => isExcused(finding, each))),
    ...allowed
      .filter((each) => !unused.some((finding) => isExcused(finding, each)))
      .map(({ file, name }) => ({ file, message: `${name} needs no exception any more: take it out of tools/lint/rules.ts` })),
    ...modules
      .filter(({ file }) => !isForTests(file) && !loaded.has(file))
      .map(({ file }) => ({ file, message: 'no program loads this file: use it, remove it, or move it to test/' })),
  ];
}

/** What programs load that start from `entries`, which are among it. */
function reachable(modules: readonly Module[], entries: readonly string[]): ReadonlySet<string> {
  const imports = new Map(modules.map((module) => [module.file, module.imports]));
  const found = new Set(entries);
  for (const file of found) {
    for (const { from } of imports.get(file) ?? []) {
      const target = resolveImport(file, from);
      if (target !== undefined) found.add(target);
    }
  }
  return found;
}

/** By file, the names that others import from it; `*` for all. */
function usesOf(modules: readonly Module[]): ReadonlyMap<string, ReadonlySet<string>> {
  const uses = new Map<string, Set<string>>();
  for (const { file, imports } of modules) {
    for (const { from, names } of imports) {
      const target = resolveImport(file, from);
      if (target !== undefined) uses.set(target, new Set([...(uses.get(target) ?? []), ...names]));
    }
  }
  return uses;
}

function isUsed(uses: ReadonlyMap<string, ReadonlySet<string>>, file: string, name: string): boolean {
  const names = uses.get(file);
  return names !== undefined && (names.has(name) || names.has('*'));
}
