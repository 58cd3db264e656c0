/**
 * An OCI image archive without an image builder: a folder per layer, tar with fixed order, times and owners, and four small
 * JSON files. The same inputs give the same bytes.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../process.js';

export interface ImageSpec {
  /** Full, with a tag that is not `latest`. */
  readonly name: string;
  /** Lowest first: what never changes at the bottom. */
  readonly layers: readonly (readonly ImageFile[])[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export type ImageFile =
  | { readonly kind: 'copy'; readonly from: string; readonly to: string }
  /** A program, with every shared library that it loads, at their own paths. */
  | { readonly kind: 'program'; readonly from: string; readonly to: string }
  | { readonly kind: 'link'; readonly at: string; readonly to: string }
  | { readonly kind: 'text'; readonly at: string; readonly content: string }
  | { readonly kind: 'folder'; readonly at: string; readonly mode?: number };

const TAR = ['tar', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
const MEDIA = 'application/vnd.oci.image.';

/** Writes the archive to `out`, for `ctr images import`. `scratch` is emptied. */
export async function writeImage(spec: ImageSpec, out: string, scratch: string): Promise<void> {
  rmSync(scratch, { recursive: true, force: true });
  const blobs = join(scratch, 'oci/blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (content: Buffer, type: string): Descriptor => {
    const digest = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(blobs, digest), content);
    return { mediaType: `${MEDIA}${type}`, digest: `sha256:${digest}`, size: content.length };
  };
  const layers: Descriptor[] = [];
  for (const [index, files] of spec.layers.entries()) {
    const root = join(scratch, `layer${index}`);
    mkdirSync(root);
    for (const file of files) await place(file, root);
    const archive = `${root}.tar`;
    await run([...TAR, '-C', root, '-cf', archive, '.'], { timeoutMs: 120_000 });
    layers.push(put(readFileSync(archive), 'layer.v1.tar'));
  }
  const config = put(
    json({
      architecture: { x64: 'amd64', arm64: 'arm64' }[arch() as 'x64' | 'arm64'],
      os: 'linux',
      config: {
        Env: Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...spec.env }).map(
          ([name, value]) => `${name}=${value}`,
        ),
        ...(spec.entrypoint === undefined ? {} : { Entrypoint: spec.entrypoint }),
        ...(spec.command === undefined ? {} : { Cmd: spec.command }),
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    }),
    'config.v1+json',
  );
  const manifest = put(json({ schemaVersion: 2, mediaType: `${MEDIA}manifest.v1+json`, config, layers }), 'manifest.v1+json');
  const annotations = { 'io.containerd.image.name': spec.name, 'org.opencontainers.image.ref.name': spec.name.split(':').at(-1) };
  writeFileSync(join(scratch, 'oci/oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(scratch, 'oci/index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  await run([...TAR, '-C', join(scratch, 'oci'), '-cf', `${out}.part`, '.'], { timeoutMs: 120_000 });
  renameSync(`${out}.part`, out);
  rmSync(scratch, { recursive: true, force: true });
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

async function place(file: ImageFile, root: string): Promise<void> {
  const at = join(root, file.kind === 'copy' || file.kind === 'program' ? file.to : file.at);
  mkdirSync(dirname(at), { recursive: true });
  switch (file.kind) {
    case 'copy':
      cpSync(file.from, at, { recursive: true, dereference: true });
      return;
    case 'program':
      copyFileSync(realpathSync(file.from), at);
      chmodSync(at, 0o755);
      for (const library of await libraries(file.from)) {
        const target = join(root, library);
        if (existsSync(target)) continue;
        mkdirSync(dirname(target), { recursive: true });
        copyFileSync(realpathSync(library), target);
        chmodSync(target, 0o755);
      }
      return;
    case 'link':
      symlinkSync(file.to, at);
      return;
    case 'text':
      writeFileSync(at, file.content);
      return;
    case 'folder':
      mkdirSync(at, { recursive: true });
      if (file.mode !== undefined) chmodSync(at, file.mode);
      return;
  }
}

/** Absolute paths of what the loader maps; none for a static program. */
async function libraries(program: string): Promise<string[]> {
  const printed = await run(['ldd', program]).catch(() => '');
  return [...printed.matchAll(/(?:=> |^\s+)(\/\S+)/gm)].map((match) => match[1] ?? '').filter((path) => path !== '');
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
