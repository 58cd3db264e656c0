/**
 * An archive of files as kernels take it for their first file system (cpio, "newc": Documentation/driver-api/early-userspace).
 */

interface Entry {
  /** Without a leading slash. Its folder comes before it. */
  readonly path: string;
  /** Undefined: a folder. */
  readonly content?: Buffer;
}

/** Folders and programs, all of root, in that order. */
export function cpio(entries: readonly Entry[]): Buffer {
  return Buffer.concat([
    ...entries.map((entry, index) => record(entry, index + 1)),
    record({ path: 'TRAILER!!!', content: Buffer.alloc(0) }, 0),
  ]);
}

const FOLDER = 0o40755;
const PROGRAM = 0o100755;

function record({ path, content }: Entry, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const size = content?.length ?? 0;
  // inode, mode, uid, gid, links, time, size, device of it (2), device that it is (2), length of the name, checksum
  const numbers = [inode, content === undefined ? FOLDER : PROGRAM, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(content ?? Buffer.alloc(0))]);
}

function padded(part: Buffer): Buffer {
  return Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
}
