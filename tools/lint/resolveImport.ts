/**
 * The source that an import means.
 */
import { posix } from 'node:path';

/** The source below the repository's root, or undefined where the import is of a package or a built-in. */
export function resolveImport(file: string, from: string): string | undefined {
  return from.startsWith('.') ? posix.join(posix.dirname(file), from).replace(/\.js$/, '.ts') : undefined;
}

/** Tests and what is there for them alone: all else is what we ship, or what makes it. */
export function isForTests(file: string): boolean {
  return file.startsWith('test/') || file.endsWith('.test.ts');
}
