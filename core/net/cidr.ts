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
  const slash = text.indexOf('/');
  const parsed = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (parsed === undefined) return undefined;
  const width = widthOf(parsed.family);
  const length = slash < 0 ? width : LENGTH.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : -1;
  if (length < 0 || length > width) return undefined;
  return { family: parsed.family, first: mask(parsed.bits, width, length), length };
}

const LENGTH = /^\d{1,3}$/;

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
  if (cidr.length === widthOf(cidr.family)) return cidr.first;
  return cidr.first + (1n << BigInt(widthOf(cidr.family) - cidr.length)) - 1n;
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  // Two networks are nested or disjoint.
  return outer.family === inner.family && outer.length <= inner.length && outer.first <= inner.first && inner.first <= lastOf(outer);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.length <= b.length ? contains(a, b) : contains(b, a);
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
  if (text.includes(':')) {
    // The library reads octal and hexadecimal numbers there, which nobody else does.
    const isPlain = !text.includes('.') || fourParts(text.slice(text.lastIndexOf(':') + 1)) !== undefined;
    const isAddress = isPlain && !text.includes('%') && ipaddr.IPv6.isValid(text);
    return isAddress ? { family: 6, bits: join(ipaddr.IPv6.parse(text).parts, 16n) } : undefined;
  }
  const bits = fourParts(text);
  return bits === undefined ? undefined : { family: 4, bits: BigInt(bits) };
}

/** By hand: nearly all addresses are like this, and there may be thousands. A leading zero would be octal to some. */
function fourParts(text: string): number | undefined {
  let [bits, parts, part, digits] = [0, 0, 0, 0];
  for (let index = 0; index <= text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9 && digits < 3 && (digits === 0 || part > 0)) {
      part = part * 10 + digit;
      digits += 1;
    } else if (digits > 0 && part < 256 && (index === text.length || text[index] === '.')) {
      bits = bits * 256 + part;
      parts += 1;
      [part, digits] = [0, 0];
    } else {
      return undefined;
    }
  }
  return parts === 4 ? bits : undefined;
}

export function formatAddress(family: 4 | 6, bits: bigint): string {
  if (family === 4) {
    const number = Number(bits);
    return `${number >>> 24}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`;
  }
  const parts = Array.from({ length: 8 }, (_, index) => Number((bits >> BigInt(112 - 16 * index)) & 0xffffn));
  return new ipaddr.IPv6(parts).toRFC5952String();
}

function mask(bits: bigint, width: number, length: number): bigint {
  if (length === width) return bits;
  const hostBits = BigInt(width - length);
  return (bits >> hostBits) << hostBits;
}

function join(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n);
}
