/**
 * Tar archives as bytes: what Debian's packages and npm's are made of, read; and layers, written so that equal entries give equal bytes
 * (sorted, one time, owner root).
 */

export type Entry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number };

const BLOCK = 512;
const FOLDER_MODE = 0o755;

/**
 * Files, symbolic links and folders, as `usr/bin/ip`: without a slash or dot before or after. A hard link is the file that it names.
 * @throws on what is none of these, and on a header whose sum is wrong.
 */
export function readTar(bytes: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  let long: { path?: string; to?: string } = {};
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    if (sumOf(header) !== number(header, 148, 8)) throw new Error(`no tar header at ${at}`);
    const size = number(header, 124, 12);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') long = { ...long, path: cString(content) };
    else if (type === 'K') long = { ...long, to: cString(content) };
    else if (type === 'x') long = { ...long, ...paxNames(content.toString()) };
    else if (type !== 'g') {
      const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? cString(header.subarray(345, 500)) : '';
      const name = cString(header.subarray(0, 100));
      const path = plain(long.path ?? (prefix === '' ? name : `${prefix}/${name}`));
      const to = long.to ?? cString(header.subarray(157, 257));
      long = {};
      if (path !== '') entries.push(entryOf({ type, path, to, mode: number(header, 100, 8) & 0o7777 }, content, entries));
    }
  }
  return entries;
}

/** With the folders that the entries lie in, unless they are among them. `time`: seconds, of all. @throws on two entries of one path. */
export function writeTar(entries: readonly Entry[], time: number): Buffer {
  const blocks = withFolders(entries).flatMap((entry) => {
    const content = entry.kind === 'file' ? entry.content : Buffer.alloc(0);
    const to = entry.kind === 'link' ? entry.to : '';
    const path = entry.kind === 'folder' ? `${entry.path}/` : entry.path;
    return [
      ...longName('L', path, time),
      ...longName('K', to, time),
      headerOf({ path, to, type: TYPES[entry.kind], mode: entry.kind === 'link' ? 0o777 : entry.mode }, content.length, time),
      content,
      padding(content.length),
    ];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

const TYPES = { file: '0', link: '2', folder: '5' } as const;

function withFolders(entries: readonly Entry[]): readonly Entry[] {
  const found = new Map<string, Entry>();
  for (const entry of entries) {
    if (found.has(entry.path)) throw new Error(`two entries are /${entry.path}`);
    found.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      const there = found.get(folder);
      if (there !== undefined && there.kind !== 'folder') throw new Error(`/${folder} is no folder, but /${path} lies in it`);
      if (there === undefined) found.set(folder, { kind: 'folder', path: folder, mode: FOLDER_MODE });
    }
  }
  // By bytes: a folder comes before what is in it.
  return [...found.values()].toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** What a header says. */
interface Head {
  readonly type: string;
  readonly path: string;
  readonly to: string;
  readonly mode: number;
}

function entryOf({ type, path, to, mode }: Head, content: Buffer, before: readonly Entry[]): Entry {
  if (type === '5') return { kind: 'folder', path, mode };
  if (type === '2') return { kind: 'link', path, to };
  if (type === '1') {
    const target = before.findLast((each) => each.path === plain(to));
    if (target?.kind !== 'file') throw new Error(`/${path} is a hard link to ${to}, which is no file before it`);
    return { ...target, path };
  }
  if (type !== '0' && type !== '\0') throw new Error(`/${path} is of kind ${JSON.stringify(type)}: no file, link or folder`);
  return { kind: 'file', path, mode, content };
}

/** GNU's way to say a name of more than 100 bytes: before the entry itself. */
function longName(type: 'L' | 'K', name: string, time: number): readonly Buffer[] {
  if (Buffer.byteLength(name) <= 100) return [];
  const content = Buffer.from(`${name}\0`);
  return [headerOf({ path: '././@LongLink', to: '', type, mode: 0o644 }, content.length, time), content, padding(content.length)];
}

function headerOf({ path, to, type, mode }: Head, size: number, time: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  Buffer.from(path).copy(header, 0, 0, 100);
  header.write(octal(mode, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  header.write(octal(size, 11), 124, 'latin1');
  header.write(octal(time, 11), 136, 'latin1');
  header.write(type, 156, 'latin1');
  Buffer.from(to).copy(header, 157, 0, 100);
  header.write('ustar  \0', 257, 'latin1');
  header.write(`${octal(sumOf(header), 6)}\0 `, 148, 'latin1');
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Of a header, its own field taken as spaces. */
function sumOf(header: Buffer): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

function number(header: Buffer, at: number, length: number): number {
  return Number.parseInt(cString(header.subarray(at, at + length)).trim() || '0', 8);
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** `./usr/bin/` -> `usr/bin`. */
function plain(path: string): string {
  return path.replace(/^(\.?\/)+/, '').replace(/\/+$|^\.$/, '');
}

/** Records `LENGTH NAME=VALUE\n`. */
function paxNames(text: string): { path?: string; to?: string } {
  const value = (name: string): string | undefined => new RegExp(`(?:^|\\n)\\d+ ${name}=([^\\n]*)\\n`).exec(text)?.[1];
  const [path, to] = [value('path'), value('linkpath')];
  return { ...(path !== undefined && { path }), ...(to !== undefined && { to }) };
}
