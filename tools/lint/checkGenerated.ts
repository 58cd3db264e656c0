/**
 * Files that are made from sources are as the sources make them: kinds, the Helm chart's schema, and manifests, which are the chart's
 * rendering.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Finding } from './finding.js';

/** `files`: paths from the repository's root, where this runs, with the texts that belong there. */
export function checkGenerated(files: readonly { readonly path: string; readonly text: string }[]): readonly Finding[] {
  return files
    .filter(({ path, text }) => !existsSync(path) || readFileSync(path, 'utf8') !== text)
    .map(({ path }) => ({ file: path, message: 'differs from what its sources make: change these, then run `make generate`' }));
}
