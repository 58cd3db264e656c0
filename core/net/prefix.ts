/**
 * A CIDR beside its text, so that neither is made of the other twice.
 */
import { type Cidr, compareCidrs, formatCidr, parseCidr } from './cidr.js';

export interface Prefix {
  readonly cidr: Cidr;
  /** Canonical. */
  readonly text: string;
}

/** By the list of texts. */
const known = new WeakMap<readonly string[], readonly Prefix[]>();

/** Of canonical texts; those that are none are left out. A list that is given again is read once. */
export function readPrefixes(texts: readonly string[]): readonly Prefix[] {
  const before = known.get(texts);
  if (before !== undefined) return before;
  const prefixes = texts.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [{ cidr, text }];
  });
  known.set(texts, prefixes);
  return prefixes;
}

/** What `readPrefixes` need not read. */
export function textsOf(prefixes: readonly Prefix[]): readonly string[] {
  const texts = prefixes.map(({ text }) => text);
  known.set(texts, prefixes);
  return texts;
}

/** Undefined: `text` is no CIDR. */
export function prefixOf(text: string): Prefix | undefined {
  const cidr = parseCidr(text);
  return cidr === undefined ? undefined : { cidr, text: formatCidr(cidr) };
}

export function comparePrefixes(a: Prefix, b: Prefix): number {
  return compareCidrs(a.cidr, b.cidr);
}
