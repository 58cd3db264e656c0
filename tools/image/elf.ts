/**
 * What a program needs to be loaded, as its file says (ELF, 64 bits, little-endian): for machines other than this one, which cannot run it.
 */

interface Elf {
  readonly architecture: 'amd64' | 'arm64' | 'other';
  /** Path of its loader; a static program has none. */
  readonly interpreter?: string;
  /** Names of shared libraries, such as `libc.so.6`. */
  readonly needed: readonly string[];
}

const MACHINES: Readonly<Record<number, Elf['architecture']>> = { 62: 'amd64', 183: 'arm64' };
const SEGMENT = { load: 1, dynamic: 2, interpreter: 3 } as const;
const TAG = { end: 0, needed: 1, strings: 5 } as const;

/** Undefined: not such a file. */
export function readElf(bytes: Buffer): Elf | undefined {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  const segments = segmentsOf(bytes);
  const interpreter = segments.find(({ type }) => type === SEGMENT.interpreter);
  return {
    architecture: MACHINES[bytes.readUInt16LE(18)] ?? 'other',
    ...(interpreter !== undefined && { interpreter: text(bytes, interpreter.offset) }),
    needed: neededOf(bytes, segments),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function segmentsOf(bytes: Buffer): readonly Segment[] {
  const [start, length, count] = [long(bytes, 32), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * length;
    return { type: bytes.readUInt32LE(at), offset: long(bytes, at + 8), address: long(bytes, at + 16), size: long(bytes, at + 32) };
  });
}

function neededOf(bytes: Buffer, segments: readonly Segment[]): readonly string[] {
  const dynamic = segments.find(({ type }) => type === SEGMENT.dynamic);
  if (dynamic === undefined) return [];
  const names: number[] = [];
  let strings = 0;
  for (let at = dynamic.offset; at + 16 <= dynamic.offset + dynamic.size; at += 16) {
    const [tag, value] = [long(bytes, at), long(bytes, at + 8)];
    if (tag === TAG.end) break;
    if (tag === TAG.needed) names.push(value);
    if (tag === TAG.strings) strings = value;
  }
  const loaded = segments.find(({ type, address, size }) => type === SEGMENT.load && address <= strings && strings < address + size);
  return loaded === undefined ? [] : names.map((name) => text(bytes, strings - loaded.address + loaded.offset + name));
}

function long(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function text(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, bytes.indexOf(0, at));
}
