/**
 * An image's root, in the layers that it has: what changes seldom is at the bottom.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { VERSION } from '../../core/api/version.js';
import { bomOf } from './bom.js';
import { type Architecture, CONTENTS, NODE_PATH, type Target } from './contents.js';
import type { Locked } from './lock.js';
import { debianPart, goParts, type LockFile, nodePart, npmParts, type Part } from './parts.js';
import { systemOf } from './system.js';
import { type Entry, readTar } from './tar.js';

interface Sources {
  /** What `target` has of other people, with the paths of the archives. */
  readonly packages: readonly (Locked & { readonly path: string })[];
  /** Folder with the Go programs of this architecture. */
  readonly programs: string;
  /** The bundle. */
  readonly dist: string;
  /** The repository's root: its lock files say what the bundle and the programs are made of. */
  readonly repository: string;
}

export interface RootLayer {
  readonly about: string;
  readonly entries: readonly Entry[];
}

export interface Root {
  readonly layers: readonly RootLayer[];
  /** What is in it. */
  readonly parts: readonly Part[];
}

const GO_MODULES = ['tools/wireguard-go/go.mod', 'tools/cni-plugins/go.mod'];

export function rootOf(target: Target, architecture: Architecture, sources: Sources): Root {
  const contents = CONTENTS[target];
  const debian = sources.packages.filter(({ source }) => source === 'debian');
  const node = sources.packages.find(({ source }) => source === 'npm');
  if (node === undefined) throw new Error('there is no package with Node');
  const binary = nodeBinary(node.path);
  const programs = Object.entries(contents.programs).map(([name, path]) => ({ path, content: readFileSync(join(sources.programs, name)) }));
  const system = systemOf(
    contents,
    architecture,
    debian.map(({ name, path }) => ({ name, entries: readTar(execFileSync('dpkg-deb', ['--fsys-tarfile', path], { maxBuffer: LARGE })) })),
    Object.fromEntries([[NODE_PATH, binary], ...programs.map(({ path, content }) => [path, content])]) as Record<string, Buffer>,
  );
  const parts = [
    ...npmParts(JSON.parse(readFileSync(join(sources.repository, 'package-lock.json'), 'utf8')) as LockFile),
    nodePart(node.version),
    ...(programs.length > 0 ? GO_MODULES.flatMap((file) => goParts(readFileSync(join(sources.repository, file), 'utf8'))) : []),
    ...debian.map(({ name, version }) => debianPart(name, version)),
  ];
  const bom = `${JSON.stringify(bomOf({ name: contents.image, version: VERSION }, parts), undefined, 1)}\n`;
  return {
    parts,
    layers: [
      { about: `Debian: ${debian.map(({ name, version }) => `${name}=${version}`).join(' ')}`, entries: system },
      { about: `Node ${node.version}`, entries: [fileAt(NODE_PATH, binary, 0o755)] },
      ...(programs.length > 0
        ? [
            {
              about: `Go: ${Object.keys(contents.programs).join(' ')}`,
              entries: programs.map((each) => fileAt(each.path, each.content, 0o755)),
            },
          ]
        : []),
      {
        about: `Kilofed ${VERSION}`,
        entries: [
          ...bundleOf(sources.dist),
          fileAt('/app/package.json', Buffer.from('{"type":"module"}\n'), 0o644),
          fileAt('/usr/share/kilofed/sbom.cdx.json', Buffer.from(bom), 0o644),
        ],
      },
    ],
  };
}

const LARGE = 512 * 1024 * 1024;

const unpacked = new Map<string, Buffer>();

/** Unpacked once: it is in every image. */
function nodeBinary(archive: string): Buffer {
  const known = unpacked.get(archive);
  if (known !== undefined) return known;
  const found = readTar(gunzipSync(readFileSync(archive))).find(({ path }) => path === 'package/bin/node');
  if (found?.kind !== 'file') throw new Error(`${archive} has no bin/node`);
  unpacked.set(archive, found.content);
  return found.content;
}

function bundleOf(dist: string): readonly Entry[] {
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'package.json' && statSync(join(dist, name)).isFile())
    .map((name) => fileAt(`/app/${name}`, readFileSync(join(dist, name)), name === 'kilofed.js' ? 0o755 : 0o644));
}

function fileAt(path: string, content: Buffer, mode: number): Entry {
  return { kind: 'file', path: path.slice(1), mode, content };
}
