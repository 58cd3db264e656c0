/**
 * CIDRs as numbers, IPv4 and IPv6 alike. `ipaddr.js` reads and writes IPv6; the arithmetic is our own.
 */
import ipaddr from 'ipaddr.js';

export interface Cidr {
  readonly family: 4 | 6;
  /** The network address: bits behind the prefix are zero. */
  readonly first: bigint;
  readonly length: number;
}

/** `10.0.0.0/8`, `fd00::/64`, or a single address; bits behind the prefix are dropped. Undefined: not one. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || rest.length > 0) return undefined;
  const width = widthOf(parsed.family);
  const length = prefix === undefined ? width : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (length < 0 || length > width) return undefined;
  return { family: parsed.family, first: mask(parsed.bits, width, length), length };
}

/** Canonical text: IPv6 in RFC 5952 form. A single address keeps its `/32` or `/128`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.family, cidr.first)}/${cidr.length}`;
}

/** The address part of a CIDR's text, canonical; undefined when it is none. */
export function addressOf(text: string): string | undefined {
  const parsed = parseAddress(text.split('/', 1)[0] ?? '');
  return parsed === undefined ? undefined : formatAddress(parsed.family, parsed.bits);
}

/** `address` as a CIDR of exactly itself, canonical. @throws when it is no address: callers hold validated ones. */
export function singleAddress(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`not an IP address: ${address}`);
  return `${formatAddress(parsed.family, parsed.bits)}/${widthOf(parsed.family)}`;
}

export function familyOf(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4;
}

export function widthOf(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

export function lastOf(cidr: Cidr): bigint {
  return cidr.first + (1n << BigInt(widthOf(cidr.family) - cidr.length)) - 1n;
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.family === inner.family && outer.first <= inner.first && lastOf(inner) <= lastOf(outer);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

/** IPv4 first, then by address, then the wider network first: a network comes right before what it contains. */
export function compareCidrs(a: Cidr, b: Cidr): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.length - b.length;
}

/** Canonical texts in `compareCidrs` order, without duplicates; what does not parse is left out. */
export function sortCidrs(texts: Iterable<string>): string[] {
  const parsed = [...texts].map(parseCidr).filter((cidr) => cidr !== undefined);
  return [...new Set(parsed.toSorted(compareCidrs).map(formatCidr))];
}

/** An address without zone and without prefix length. IPv4 only in its plain four-part decimal form. */
export function parseAddress(text: string): { readonly family: 4 | 6; readonly bits: bigint } | undefined {
  if (text.includes(':')) return !text.includes('%') && ipaddr.IPv6.isValid(text) ? { family: 6, bits: join(ipaddr.IPv6.parse(text).parts, 16n) } : undefined;
  const [a, b = 0, c = 0, d = 0] = FOUR_PARTS.exec(text)?.slice(1).map(Number) ?? [];
  if (a === undefined || Math.max(a, b, c, d) > 255) return undefined;
  return { family: 4, bits: BigInt(((a << 24) | (b << 16) | (c << 8) | d) >>> 0) };
}

/** A leading zero would be octal to some. Nearly all addresses are like this, and there may be thousands. */
const FOUR_PARTS = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

export function formatAddress(family: 4 | 6, bits: bigint): string {
  if (family === 4) {
    const number = Number(bits);
    return `${number >>> 24}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`;
  }
  const parts = Array.from({ length: 8 }, (_, index) => Number((bits >> BigInt(112 - 16 * index)) & 0xffffn));
  return new ipaddr.IPv6(parts).toRFC5952String();
}

function mask(bits: bigint, width: number, length: number): bigint {
  const hostBits = BigInt(width - length);
  return (bits >> hostBits) << hostBits;
}

function join(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n);
}
