/**
 * Gathers what a release is made of, after `make image`: `node out/tools/release/release.js TAG [FOLDER]`, in the repository's root.
 *
 * FOLDER (default out/release) gets: `version`; `notes.md`, the version's part of the changelog; `image/`, what is pushed; and `files/`,
 * what people download: manifests, the chart, archives of the images, bills of materials, digests, and hashes of all these.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { VERSION } from '../../core/api/version.js';
import { type Entry, writeTar } from '../image/tar.js';
import { sectionOf } from './changelog.js';

const [tag, to = 'out/release'] = process.argv.slice(2);
if (tag !== `v${VERSION}`) throw new Error(`the tag is ${tag}, and the version of package.json is ${VERSION}: it must be v${VERSION}`);
gather(to, Number(process.env['SOURCE_DATE_EPOCH'] ?? 0));

function gather(folder: string, time: number): void {
  const notes = sectionOf(readFileSync('CHANGELOG.md', 'utf8'), VERSION);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'files'), { recursive: true });
  writeFileSync(join(folder, 'version'), `${VERSION}\n`);
  writeFileSync(join(folder, 'notes.md'), notes);
  for (const name of readdirSync('out/image').filter((each) => each !== 'programs')) {
    if (name.endsWith('.tar')) copyFileSync(join('out/image', name), join(folder, 'files', name));
    else cpSync(join('out/image', name), join(folder, 'image', name), { recursive: true });
    if (name.endsWith('.json') || name === 'digests') copyFileSync(join('out/image', name), join(folder, 'files', name));
  }
  writeFileSync(join(folder, 'files', `kilofed-${VERSION}.tgz`), packed('charts/kilofed', time));
  writeFileSync(join(folder, 'files', `manifests-${VERSION}.tgz`), packed('manifests', time));
  const names = readdirSync(join(folder, 'files')).toSorted();
  const sums = names.map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, 'files', name)))
        .digest('hex')}  ${name}\n`,
  );
  writeFileSync(join(folder, 'files/SHA256SUMS'), sums.join(''));
}

/** As `helm package` does: a folder of that name. */
function packed(source: string, time: number): Buffer {
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const entries = files.map((entry): Entry => {
    const path = join(entry.parentPath, entry.name);
    return { kind: 'file', path: `${basename(source)}${path.slice(source.length)}`, mode: 0o644, content: readFileSync(path) };
  });
  const bytes = gzipSync(writeTar(entries, time), { level: 9 });
  bytes[9] = 255;
  return bytes;
}
