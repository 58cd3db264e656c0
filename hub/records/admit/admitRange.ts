/**
 * Whether a member may have a range: pods and mesh addresses in it are routed to that member by all others.
 */
import { type Cidr, contains, parseCidr } from '../../../core/net/cidr.js';
import { createCidrIndex } from '../../../core/net/cidrIndex.js';
import { aggregate } from '../../../core/net/sets.js';
import { holdsMetadata, isSpecial, isWhollyPrivate } from '../../../core/net/special.js';

/** What the hub's administrator declared, as far as it bounds the ranges of one member. */
export interface RangeTerms {
  /** CIDRs that it may use. Undefined: private ranges. */
  readonly allowed: readonly string[] | undefined;
  /** CIDRs of its Services that are to be routed to it. Absent: none. */
  readonly services?: readonly string[];
  /** CIDRs that are declared for other members. */
  readonly reserved: readonly { readonly cidr: string; readonly member: string }[];
  /** Where `allowed` is or would be written, for messages. */
  readonly place: string;
}

export type RangeRefusal =
  /** Touches a loopback, link-local, multicast or reserved range, holds a cloud's metadata service, or is none at all. */
  | { readonly kind: 'special' }
  /** Larger than any network of one cluster. */
  | { readonly kind: 'wide' }
  /** Not private, and nothing is declared. */
  | { readonly kind: 'public' }
  /** Not in what is declared. */
  | { readonly kind: 'undeclared' }
  /** In what is declared for another member. */
  | { readonly kind: 'reserved'; readonly member: string }
  /** Of Services, and touches its own pods, mesh addresses or nodes. */
  | { readonly kind: 'own' };

/** The shortest prefix that is taken, bits: 10.0.0.0/8 is the largest private range. */
const SHORTEST: Readonly<Record<Cidr['family'], number>> = { 4: 8, 6: 32 };

export interface RangeRule {
  /** Why the member may not have a range that its addresses come from. Undefined: it may. `range` undefined: it is none. */
  source(range: Cidr | undefined): RangeRefusal | undefined;
  /** Why it may not have a range routed to it. Undefined: it may. */
  routed(range: Cidr | undefined): RangeRefusal | undefined;
}

export function rangeRule({ allowed, reserved }: RangeTerms): RangeRule {
  const own = allowed === undefined ? undefined : parsed(aggregate(allowed));
  const others = createCidrIndex(reserved.map(({ cidr, member }): [string, string] => [cidr, member]));

  function source(cidr: Cidr | undefined): RangeRefusal | undefined {
    if (cidr === undefined || isSpecial(cidr)) return { kind: 'special' };
    if (cidr.length < SHORTEST[cidr.family]) return { kind: 'wide' };
    if (own !== undefined) return own.some((each) => contains(each, cidr)) ? undefined : { kind: 'undeclared' };
    if (!isWhollyPrivate(cidr)) return { kind: 'public' };
    const [member] = others.touching(cidr);
    return member === undefined ? undefined : { kind: 'reserved', member };
  }

  return {
    source,
    routed: (cidr) => source(cidr) ?? (own === undefined && cidr !== undefined && holdsMetadata(cidr) ? { kind: 'special' } : undefined),
  };
}

function parsed(cidrs: readonly string[]): Cidr[] {
  return cidrs.map(parseCidr).filter((cidr) => cidr !== undefined);
}
