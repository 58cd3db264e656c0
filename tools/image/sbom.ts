/**
 * Prints the bill of materials of an image, while it is built (Containerfile). It is run in the project's folder, by the Node that goes
 * into the image:
 *
 *   node out/tools/image/sbom.js NAME [--go FILE]... [--debian FILE]
 *
 * FILE: a go.mod, or lines `path version`; and what `dpkg-query -W -f='${Package} ${Version}\n'` printed.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { VERSION } from '../../core/api/version.js';
import { bomOf } from './bom.js';
import { debianParts, goParts, type LockFile, nodePart, npmParts } from './parts.js';

const { values, positionals } = parseArgs({
  options: { go: { type: 'string', multiple: true, default: [] }, debian: { type: 'string' } },
  allowPositionals: true,
});
const [name] = positionals;
if (name === undefined) throw new Error('name the image: sbom.js NAME [--go FILE]... [--debian FILE]');
const parts = [
  ...npmParts(JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile),
  nodePart(process.versions.node),
  ...values.go.flatMap((file) => goParts(readFileSync(file, 'utf8'))),
  ...(values.debian === undefined ? [] : debianParts(readFileSync(values.debian, 'utf8'))),
];
process.stdout.write(`${JSON.stringify(bomOf({ name, version: VERSION }, parts), undefined, 1)}\n`);
