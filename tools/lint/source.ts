/**
 * The TypeScript sources of the repository.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Source {
  /** Relative to the repository's root. */
  readonly file: string;
  readonly text: string;
}

const NOT_OURS = ['node_modules', 'out', 'dist'];

/** All of them below `root`, by name. */
export function readSources(root: string): readonly Source[] {
  return listSources(root).map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
}

export function listSources(root: string): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !NOT_OURS.includes(entry.name))
    .flatMap(({ name }) => readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((file) => join(name, file)))
    .filter((file) => file.endsWith('.ts'))
    .toSorted();
}
