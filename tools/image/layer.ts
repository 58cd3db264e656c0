/**
 * A layer: a tar archive, compressed. The hash of the compressed bytes is that of one Node, whose zlib made them; the hash of the archive
 * itself (`diffId`) is that of the contents, whoever compresses.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Entry, writeTar } from './tar.js';

export interface Layer {
  readonly packed: Buffer;
  /** `sha256:` and the hash of the archive. */
  readonly diffId: string;
  /** For people: where it comes from. */
  readonly about: string;
}

/** `time`: seconds, of every file. `level`: of gzip, 1 to 9. */
export async function layerOf(about: string, entries: readonly Entry[], { time, level }: { time: number; level: number }): Promise<Layer> {
  const archive = writeTar(entries, time);
  const packed = await promisify(gzip)(archive, { level });
  // Its header may say on which system it was made.
  packed[9] = 255;
  return { packed, diffId: `sha256:${createHash('sha256').update(archive).digest('hex')}`, about };
}
