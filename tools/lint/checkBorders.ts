/**
 * Each folder imports only what its border lets in, types included.
 */
import { posix } from 'node:path';
import type { Finding } from './finding.js';
import type { Module } from './parseModule.js';
import { isForTests, resolveImport } from './resolveImport.js';

export interface Border {
  /** Which it holds for, with all folders below it that have no border of their own. */
  readonly folder: string;
  /** What it may import beside the files next to the importing one: folders with all below them, or single files. */
  readonly folders: readonly string[];
  /** By name; `node:` for all built-ins. */
  readonly packages: readonly string[];
}

/** Tests may import everything. */
export function checkBorders(modules: readonly Module[], borders: readonly Border[]): readonly Finding[] {
  return modules
    .filter(({ file }) => !isForTests(file))
    .flatMap(({ file, imports }): Finding[] => {
      const border = borderOf(file, borders);
      if (border === undefined) return [{ file, message: 'its folder has no border: say in tools/lint/rules.ts what it may import' }];
      return imports
        .filter(({ from }) => !mayImport(file, from, border))
        .map(({ from, line }) => ({
          file,
          line,
          message: `${border.folder} may not import ${resolveImport(file, from) ?? from} (tools/lint/rules.ts)`,
        }));
    });
}

function borderOf(file: string, borders: readonly Border[]): Border | undefined {
  return borders.filter(({ folder }) => isWithin(file, folder)).toSorted((a, b) => b.folder.length - a.folder.length)[0];
}

function mayImport(file: string, from: string, { folders, packages }: Border): boolean {
  const target = resolveImport(file, from);
  if (target === undefined) return packages.some((name) => from === name || from.startsWith(name.endsWith(':') ? name : `${name}/`));
  return posix.dirname(target) === posix.dirname(file) || folders.some((folder) => isWithin(target, folder));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
