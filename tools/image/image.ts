/**
 * `make image`: both images, for both architectures, without a builder. In the repository's root, after the bundle was made:
 *
 *   node out/tools/image/image.js layout [--to FOLDER] [--architecture A]... [--target T]...
 *   node out/tools/image/image.js root --target T --architecture A --to FOLDER     its files, as root: for a builder (Containerfile)
 *   node out/tools/image/image.js pin
 *
 * `layout` makes FOLDER/<image>/ for each image, an OCI layout; FOLDER/<image>-<architecture>.tar, which `ctr images import`, `podman load`
 * and `docker load` take; FOLDER/<image>.spdx.json; and FOLDER/digests. SOURCE_DATE_EPOCH is the time of everything; default 0.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { VERSION } from '../../core/api/version.js';
import { ARCHITECTURES, type Architecture, CONTENTS, ENTRYPOINT, PATH, type Target, TARGETS } from './contents.js';
import { createFetcher, type Fetcher } from './fetch.js';
import { type Layer, layerOf } from './layer.js';
import { archiveFilesOf, type Image, layoutOf, writeLayout } from './layout.js';
import { debianNames, type Locked, lockedOf, readLock, writeLock } from './lock.js';
import type { Part } from './parts.js';
import { type Root, type RootLayer, rootOf } from './root.js';
import { spdxOf } from './spdx.js';
import { writeTar } from './tar.js';

interface Settings {
  readonly to: string;
  readonly targets: readonly Target[];
  readonly architectures: readonly Architecture[];
  /** Path of the lock file. */
  readonly lock: string;
  readonly dist: string;
  /** Folder of an architecture's Go programs that are built already; absent: they are built. */
  readonly programs?: string;
  /** What comes before the image's name. */
  readonly prefix: string;
  readonly time: number;
  readonly level: number;
}

const REPOSITORY = 'https://github.com/kilofed/kilofed';

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      to: { type: 'string', default: 'out/image' },
      architecture: { type: 'string', multiple: true, default: [...ARCHITECTURES] },
      target: { type: 'string', multiple: true, default: [...TARGETS] },
      lock: { type: 'string', default: 'tools/image/packages.lock' },
      dist: { type: 'string', default: 'dist' },
      programs: { type: 'string' },
      prefix: { type: 'string', default: 'ghcr.io/kilofed/' },
      level: { type: 'string', default: '9' },
    },
  });
  const settings: Settings = {
    ...values,
    targets: values.target.map((each) => oneOf(TARGETS, each)),
    architectures: values.architecture.map((each) => oneOf(ARCHITECTURES, each)),
    ...(values.programs !== undefined && { programs: values.programs }),
    time: Number(process.env['SOURCE_DATE_EPOCH'] ?? 0),
    level: Number(values.level),
  };
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kilofed/image');
  const fetcher = createFetcher(cache);
  const [verb] = positionals;
  if (verb === 'pin') await pin(settings, fetcher);
  else if (verb === 'layout') await layouts(settings, fetcher);
  else if (verb === 'root') await unpack(settings, fetcher);
  else throw new Error('say what to make: layout, root or pin');
}

async function pin({ lock, targets, architectures }: Settings, fetcher: Fetcher): Promise<void> {
  const names = [...new Set(targets.flatMap(debianNames))].toSorted();
  const locked = await Promise.all(architectures.map((architecture) => fetcher.resolve(architecture, names)));
  writeFileSync(lock, writeLock(locked.flat()));
}

async function layouts(settings: Settings, fetcher: Fetcher): Promise<void> {
  const { to, targets, architectures, prefix, time } = settings;
  const created = new Date(time * 1000).toISOString();
  const compress = oncePerContent(settings);
  const digests: string[] = [];
  for (const target of targets) {
    const { image: name, title, user } = CONTENTS[target];
    const roots = await rootsOf(target, settings, fetcher);
    const images: Image[] = [];
    for (const architecture of architectures) {
      const layers = await Promise.all(roots[architecture]?.layers.map(compress) ?? []);
      images.push({
        architecture,
        layers,
        config: { ...(user !== undefined && { User: user }), Env: [`PATH=${PATH}`], Entrypoint: ENTRYPOINT, WorkingDir: '/' },
      });
    }
    const index = { name: `${prefix}${name}:${VERSION}`, annotations: annotationsOf(title, created), created, images };
    const { digest, files } = layoutOf(index);
    writeLayout(join(to, name), files);
    for (const image of images) writeFileSync(join(to, `${name}-${image.architecture}.tar`), tarOf(archiveFilesOf(index, image), time));
    const parts = partsOf(Object.values(roots));
    writeFileSync(join(to, `${name}.spdx.json`), `${JSON.stringify(spdxOf({ name, version: VERSION, created }, parts), undefined, 1)}\n`);
    digests.push(`${digest} ${index.name}\n`);
  }
  writeFileSync(join(to, 'digests'), digests.join(''));
  process.stdout.write(digests.join(''));
}

/** Only root may own files as the image has them: run it as root. */
async function unpack(settings: Settings, fetcher: Fetcher): Promise<void> {
  const [[target], [architecture]] = [settings.targets, settings.architectures];
  if (target === undefined || architecture === undefined) throw new Error('root needs a target and an architecture');
  const roots = await rootsOf(target, { ...settings, architectures: [architecture] }, fetcher);
  mkdirSync(settings.to, { recursive: true });
  for (const { entries } of roots[architecture]?.layers ?? [])
    execFileSync('tar', ['-x', '-p', '-f', '-', '-C', settings.to], { input: writeTar(entries, settings.time) });
}

async function rootsOf(target: Target, settings: Settings, fetcher: Fetcher): Promise<Partial<Record<Architecture, Root>>> {
  const locked = readLock(readFileSync(settings.lock, 'utf8'));
  const wanted = settings.architectures.flatMap((architecture) => lockedOf(target, architecture, locked));
  const paths = await fetcher.fetch(wanted);
  const packages = wanted.map((each, index): Locked & { path: string } => ({ ...each, path: paths[index] ?? '' }));
  return Object.fromEntries(
    settings.architectures.map((architecture) => [
      architecture,
      rootOf(target, architecture, {
        packages: packages.filter((each) => each.architecture === architecture),
        programs: target === 'node' ? programsOf(architecture, settings) : '',
        dist: settings.dist,
        repository: '.',
      }),
    ]),
  );
}

function programsOf(architecture: Architecture, { programs, to }: Settings): string {
  if (programs !== undefined) return join(programs, architecture);
  const folder = resolve(to, 'programs', architecture);
  execFileSync('sh', ['tools/image/programs.sh', folder, architecture], { stdio: ['ignore', 'inherit', 'inherit'] });
  return folder;
}

/** Both images have the same Node: it is compressed once. */
function oncePerContent({ time, level }: Settings): (layer: RootLayer) => Promise<Layer> {
  const done: { readonly content: Buffer; readonly layer: Promise<Layer> }[] = [];
  return ({ about, entries }) => {
    const [first] = entries;
    const content = entries.length === 1 && first?.kind === 'file' ? first.content : undefined;
    const known = content && done.find((each) => each.content.equals(content))?.layer;
    const layer = known ?? layerOf(about, entries, { time, level });
    if (content !== undefined && known === undefined) done.push({ content, layer });
    return layer;
  };
}

function annotationsOf(title: string, created: string): Readonly<Record<string, string>> {
  const label = (name: string, value: string): [string, string] => [`org.opencontainers.image.${name}`, value];
  return Object.fromEntries([
    label('created', created),
    label('documentation', `${REPOSITORY}/tree/main/docs`),
    label('licenses', 'Apache-2.0'),
    label('source', REPOSITORY),
    label('title', title),
    label('version', VERSION),
  ]);
}

function partsOf(roots: readonly Root[]): readonly Part[] {
  return roots.flatMap(({ parts }) => parts);
}

function tarOf(files: readonly (readonly [string, Buffer])[], time: number): Buffer {
  return writeTar(
    files.map(([path, content]) => ({ kind: 'file', path, mode: 0o644, content })),
    time,
  );
}

function oneOf<T extends string>(known: readonly T[], value: string): T {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Error(`"${value}" is none of ${known.join(', ')}`);
  return found;
}
