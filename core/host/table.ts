/**
 * What an nft table of ours is made of. Every rule has a comment that says all that the rule depends on: versions of nft print a rule
 * differently, and these comments are what is compared.
 */
import { familyName } from '../net/family.js';

export interface Table {
  readonly chains: readonly Chain[];
  readonly sets: readonly NamedSet[];
  /** Named counters. Nothing is compared of them. */
  readonly counters: readonly string[];
}

export interface Chain {
  readonly name: string;
  /** Absent: other chains jump to it. */
  readonly hook?: string;
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly match: string;
  readonly comment: string;
}

interface NamedSet {
  readonly name: string;
  /** A map's elements are `key : value`; absent: a set. */
  readonly kind?: 'map';
  /** With its flags. */
  readonly type: string;
  readonly elements: readonly string[];
}

/** As nft names the header and the family, with the digit that our sets end with. */
export const FAMILIES = [
  ['ip', '4', 'inet'],
  ['ip6', '6', 'inet6'],
] as const;

/**
 * A set for each family, of canonical CIDRs or addresses; nft prints a CIDR of one address without its length. `rest`: of the type, behind
 * the address.
 */
export function byFamily(name: string, elements: readonly string[], rest: string): readonly NamedSet[] {
  return FAMILIES.map(([, digit, family]) => ({
    name: `${name}${digit}`,
    type: `${family === 'inet' ? 'ipv4_addr' : 'ipv6_addr'}${rest}`,
    elements: elements
      .filter((element) => familyName(element) === family)
      .map((element) => element.replace(family === 'inet' ? /\/32$/ : /\/128$/, '')),
  }));
}
