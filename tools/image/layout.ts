/**
 * Images as the OCI image specification has them (image-spec 1.1), as a layout: `oci-layout`, `index.json`, and blobs named by their
 * SHA-256. Equal images give equal bytes.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from './contents.js';
import type { Layer } from './layer.js';

export interface Image {
  readonly architecture: Architecture;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  /** As image-spec's config.md has it. */
  readonly config: Readonly<Record<string, unknown>>;
}

interface Index {
  /** Full, with a tag: `ghcr.io/kilofed/kilofed:0.1.0`. */
  readonly name: string;
  /** `org.opencontainers.image.…`, on the index and on each manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Of all files. RFC 3339. */
  readonly created: string;
  /** One for each architecture. */
  readonly images: readonly Image[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

const TYPE = 'application/vnd.oci.image.';

/** A file of a layout, by its path in it. */
type LayoutFile = readonly [path: string, content: Buffer];

/** The layout with all architectures, which is what a registry gets. `digest` is the one that `name@digest` asks for. */
export function layoutOf(index: Index): { readonly digest: string; readonly files: readonly LayoutFile[] } {
  const blobs = new Map<string, Buffer>();
  const manifests = index.images.map((image) => manifestOf(image, index, blobs));
  const all = put(blobs, 'index.v1+json', {
    schemaVersion: 2,
    mediaType: `${TYPE}index.v1+json`,
    manifests,
    annotations: index.annotations,
  });
  return { digest: all.digest, files: filesOf(index.name, all, blobs) };
}

/**
 * The layout of one architecture, and beside it the file by which `docker load` of older Dockers knows an image. containerd and podman
 * read the layout.
 */
export function archiveFilesOf(index: Index, image: Image): readonly LayoutFile[] {
  const blobs = new Map<string, Buffer>();
  const manifest = manifestOf(image, index, blobs);
  const { config, layers } = JSON.parse(blobs.get(manifest.digest)?.toString() ?? '') as {
    readonly config: Descriptor;
    readonly layers: readonly Descriptor[];
  };
  const docker = [{ Config: blobPath(config.digest), RepoTags: [index.name], Layers: layers.map(({ digest }) => blobPath(digest)) }];
  return [...filesOf(index.name, manifest, blobs), ['manifest.json', json(docker)]];
}

/** Writes `files` to `folder`, in place of what was there. */
export function writeLayout(folder: string, files: readonly LayoutFile[]): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  for (const [path, content] of files) writeFileSync(join(folder, path), content);
}

function manifestOf(image: Image, { annotations, created }: Index, blobs: Map<string, Buffer>): Descriptor {
  const layers = image.layers.map(({ packed }) => put(blobs, 'layer.v1.tar+gzip', packed));
  const config = put(blobs, 'config.v1+json', {
    created,
    architecture: image.architecture,
    os: 'linux',
    config: { ...image.config, Labels: annotations },
    rootfs: { type: 'layers', diff_ids: image.layers.map(({ diffId }) => diffId) },
    history: image.layers.map(({ about }) => ({ created, created_by: about })),
  });
  const manifest = { schemaVersion: 2, mediaType: `${TYPE}manifest.v1+json`, config, layers, annotations };
  const platform = { architecture: image.architecture, os: 'linux' };
  return { ...put(blobs, 'manifest.v1+json', manifest), platform };
}

function filesOf(name: string, root: Descriptor, blobs: ReadonlyMap<string, Buffer>): readonly LayoutFile[] {
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1) };
  return [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json({ schemaVersion: 2, mediaType: `${TYPE}index.v1+json`, manifests: [{ ...root, annotations }] })],
    ...[...blobs].map(([digest, content]): LayoutFile => [blobPath(digest), content]),
  ];
}

function put(blobs: Map<string, Buffer>, type: string, value: object): Descriptor {
  const content = Buffer.isBuffer(value) ? value : json(value);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  blobs.set(digest, content);
  return { mediaType: `${TYPE}${type}`, digest, size: content.length };
}

function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`);
}
