/**
 * Which ranges another member may have here: those that the federation's administrator declared for it, or else private ones.
 *
 * The hub admits a member's prefixes before it writes a Peer. This is the second line, for a hub that is older, wrong, or not ours.
 */
import { type Cidr, contains, parseCidr } from '../net/cidr.js';
import { holdsMetadata, isWhollyPrivate } from '../net/special.js';

/** Undefined: none were declared. */
export type DeclaredRanges = readonly Cidr[] | undefined;

/** Shorter ones would hold half of what a network has. */
const SHORTEST = { 4: 8, 6: 32 } as const;

/** Whether a member may have `cidr`, by what was declared for it. */
export function mayHave(cidr: Cidr, declared: DeclaredRanges): boolean {
  if (cidr.length < SHORTEST[cidr.family]) return false;
  return declared === undefined ? isWhollyPrivate(cidr) && !holdsMetadata(cidr) : declared.some((range) => contains(range, cidr));
}

/** A comma-separated list, as the hub writes it on Peers. What is no range declares nothing. */
export function declaredRanges(text: string | undefined): DeclaredRanges {
  return text?.split(',').flatMap((each) => parseCidr(each.trim()) ?? []);
}
