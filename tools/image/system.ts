/**
 * The part of an image's root that comes from Debian: what the list names, the libraries that programs need, and the licence of each
 * package that something is taken of.
 */
import { ARCHITECTURES, type Architecture, CERTIFICATES, type Contents, TRIPLES } from './contents.js';
import { readElf } from './elf.js';
import type { Entry } from './tar.js';

/** Of one package, as its archive has them. */
export interface Unpacked {
  readonly name: string;
  readonly entries: readonly Entry[];
}

/** In a system like Debian's of today, these lead into /usr. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/**
 * `programs`: bytes of what else is in the image and needs libraries, by name. @throws where a path is not in its package, a library in
 * none, a library's package is not needed, or a program is of another architecture.
 */
export function systemOf(
  contents: Contents,
  architecture: Architecture,
  packages: readonly Unpacked[],
  programs: Readonly<Record<string, Buffer>>,
): readonly Entry[] {
  const all = new Map<string, Found>();
  for (const { name, entries } of packages)
    for (const entry of entries) {
      const path = merged(entry.path);
      if (entry.kind !== 'folder') all.set(path, { package: name, entry: { ...entry, path } });
    }
  const taken = new Map<string, Found>();
  const take = (path: string, why: string): void => {
    const found = all.get(path);
    if (found === undefined) throw new Error(`${why}: no package of the list has /${path} for ${architecture}`);
    if (taken.has(path)) return;
    taken.set(path, found);
    const { entry } = found;
    if (entry.kind === 'link') take(merged(resolved(path, entry.to)), `/${path} leads there`);
    if (entry.kind === 'file') needs(entry.content, `/${path}`);
  };
  const needs = (bytes: Buffer, program: string): void => {
    const elf = readElf(bytes);
    if (elf === undefined) return;
    if (elf.architecture !== architecture) throw new Error(`${program} is for ${elf.architecture}, not ${ARCHITECTURES.join(' or ')}`);
    if (elf.interpreter !== undefined) take(merged(elf.interpreter.slice(1)), `${program} is loaded by it`);
    for (const library of elf.needed) take(`usr/lib/${TRIPLES[architecture]}/${library}`, `${program} needs it`);
  };
  for (const [name, paths] of Object.entries(contents.packages))
    for (const path of paths.map((each) => each.slice(1).replace('TRIPLE', TRIPLES[architecture]))) {
      const matching = [...all].filter(([at, each]) => each.package === name && (path.endsWith('/') ? at.startsWith(path) : at === path));
      if (matching.length === 0) throw new Error(`${name} has no /${path} for ${architecture}`);
      for (const [at] of matching) take(at, `the list has it of ${name}`);
    }
  for (const [name, bytes] of Object.entries(programs)) needs(bytes, name);
  const used = new Set([...taken.values()].map((each) => each.package));
  const idle = contents.libraries.filter((name) => !used.has(name));
  if (idle.length > 0) throw new Error(`no program of ${contents.image} needs a library of ${idle.join(', ')} on ${architecture}`);
  const files = [...taken.values()].map(({ entry }) => entry);
  return [...files, ...licencesOf(packages), ...certificatesOf(files), ...linksOf(files), ...ownOf(contents)];
}

interface Found {
  readonly package: string;
  readonly entry: Exclude<Entry, { readonly kind: 'folder' }>;
}

/** Packages of one source may share it: then the folder of one is a link to the folder of another, which must be in the list. */
function licencesOf(packages: readonly Unpacked[]): readonly Entry[] {
  return packages.map(({ name, entries }) => {
    const [folder, path] = [`usr/share/doc/${name}`, `usr/share/doc/${name}/copyright`];
    const found = entries.find(
      (entry) => (entry.path === path && entry.kind === 'file') || (entry.path === folder && entry.kind === 'link'),
    );
    if (found === undefined) throw new Error(`${name} has no /${path}`);
    if (found.kind === 'link' && !packages.some((each) => each.name === found.to))
      throw new Error(`the licence of ${name} is in ${found.to}, which is not in the list`);
    return found;
  });
}

/** One file with all of them, which is where programs look. */
function certificatesOf(files: readonly Entry[]): readonly Entry[] {
  const texts = files
    .filter(({ path }) => path.startsWith(CERTIFICATES.from) && path.endsWith('.crt'))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map((each) => (each.kind === 'file' ? `${each.content.toString('latin1').trimEnd()}\n` : ''));
  return texts.length === 0 ? [] : [{ kind: 'file', path: CERTIFICATES.to, mode: 0o644, content: Buffer.from(texts.join(''), 'latin1') }];
}

function linksOf(files: readonly Entry[]): readonly Entry[] {
  return MERGED.filter((name) => files.some(({ path }) => path.startsWith(`usr/${name}/`))).map((name) => ({
    kind: 'link',
    path: name,
    to: `usr/${name}`,
  }));
}

function ownOf({ links, texts, folders }: Contents): readonly Entry[] {
  return [
    ...Object.entries(links).map(([path, to]): Entry => ({ kind: 'link', path: path.slice(1), to })),
    ...Object.entries(texts).map(([path, text]): Entry => ({ kind: 'file', path: path.slice(1), mode: 0o644, content: Buffer.from(text) })),
    ...Object.entries(folders).map(([path, mode]): Entry => ({ kind: 'folder', path: path.slice(1), mode })),
  ];
}

/** Where a link at `path` leads, from the root. */
function resolved(path: string, to: string): string {
  if (to.startsWith('/')) return to.slice(1);
  const parts = path.split('/').slice(0, -1);
  for (const part of to.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function merged(path: string): string {
  return MERGED.some((name) => path.startsWith(`${name}/`)) ? `usr/${path}` : path;
}
