/**
 * An OCI layout on disk, read as a registry's client reads it: from the index down, each blob by its digest.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface ReadImage {
  readonly platform: string;
  readonly config: {
    readonly architecture: string;
    readonly config: { readonly User?: string; readonly Entrypoint: readonly string[]; readonly Labels: Readonly<Record<string, string>> };
  };
  /** Tar archives, lowest first. */
  readonly layers: readonly Buffer[];
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** @throws where a blob is missing, is not what it is named by, or is named by nobody; and where a layer is not its diff_id. */
export function readLayout(folder: string): { readonly digest: string; readonly images: readonly ReadImage[] } {
  const seen = new Set<string>();
  const blob = ({ digest, size }: Descriptor): Buffer => {
    const content = readFileSync(join(folder, 'blobs', digest.replace(':', '/')));
    if (`sha256:${hash(content)}` !== digest || content.length !== size) throw new Error(`blob ${digest} is not what it is named by`);
    seen.add(digest);
    return content;
  };
  const json = (descriptor: Descriptor): unknown => JSON.parse(blob(descriptor).toString());
  const layout = JSON.parse(readFileSync(join(folder, 'oci-layout'), 'utf8')) as { readonly imageLayoutVersion: string };
  if (layout.imageLayoutVersion !== '1.0.0') throw new Error('not a layout of version 1.0.0');
  const root = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { readonly manifests: readonly Descriptor[] };
  const [list, ...others] = root.manifests;
  if (list === undefined || others.length > 0) throw new Error('index.json names one list of manifests');
  const images = (json(list) as { readonly manifests: readonly Descriptor[] }).manifests.map((descriptor): ReadImage => {
    const manifest = json(descriptor) as { readonly config: Descriptor; readonly layers: readonly Descriptor[] };
    const config = json(manifest.config) as ReadImage['config'] & { readonly rootfs: { readonly diff_ids: readonly string[] } };
    const layers = manifest.layers.map((layer) => gunzipSync(blob(layer)));
    const ids = layers.map((layer) => `sha256:${hash(layer)}`);
    if (ids.join(' ') !== config.rootfs.diff_ids.join(' ')) throw new Error('layers are not those of the configuration');
    return { platform: `${descriptor.platform?.os}/${descriptor.platform?.architecture}`, config, layers };
  });
  const idle = readdirSync(join(folder, 'blobs/sha256')).filter((name) => !seen.has(`sha256:${name}`));
  if (idle.length > 0) throw new Error(`nobody names the blobs ${idle.join(', ')}`);
  return { digest: list.digest, images };
}

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
