/**
 * Names of what the hub writes for an import.
 */

/** SHA-256 of a text's UTF-8 bytes: passed in, since pure code has no crypto of its own. */
export type Sha256 = (text: string) => Uint8Array;

const BASE32HEX = '0123456789abcdefghijklmnopqrstuv';

/** The derived Service of an import: `derived-` and 10 characters, as the MCS reference controllers name it. */
export function derivedServiceName(namespace: string, name: string, sha256: Sha256): string {
  return `derived-${base32hex(sha256(`${namespace}/${name}`)).slice(0, 10)}`;
}

export function isDerivedName(name: string): boolean {
  return /^derived-[0-9a-v]{10}$/.test(name);
}

/**
 * The mirror of one source slice. The readable part may be cut; the hash of member and slice UID tells two apart. At most 63
 * characters, so that it also fits where labels do.
 */
export function mirroredSliceName(service: string, source: { readonly cluster: string; readonly uid: string }, sha256: Sha256): string {
  const hash = base32hex(sha256(`${source.cluster}/${source.uid}`)).slice(0, 10);
  return `${`${service}-${source.cluster}`.slice(0, 52).replace(/[-.]+$/, '')}-${hash}`;
}

function base32hex(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32HEX[(buffer >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + BASE32HEX[(buffer << (5 - bits)) & 31] : text;
}
