/**
 * Who owns which prefix.
 *
 * On one WireGuard interface a prefix belongs to one peer: the last to be given it silently takes it from the other. So
 * segments claim their prefixes in order of trust, and what lies inside an earlier claim is refused with a problem. A wider
 * prefix around an earlier claim is fine: the longest match wins, in WireGuard as in routes.
 */
import { parseCidr, widthOf } from '../net/cidr.js';
import { isSpecial } from '../net/special.js';
import type { Problem } from './plan.js';
import type { Segment } from './segments.js';

const TRUST: Readonly<Record<Segment['kind'], number>> = { own: 0, member: 1, person: 2 };

export interface Claims {
  /** Segment name to the prefixes it has, sorted. */
  readonly prefixes: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

/** `own` is the node's own segment: its prefixes are spoken for before anybody else's. */
export function claimPrefixes(own: Segment, remote: readonly Segment[]): Claims {
  const holders = new Map<string, string>();
  const lengths = { 4: new Set<number>(), 6: new Set<number>() };
  const prefixes = new Map<string, readonly string[]>();
  const problems: Problem[] = [];

  const holderOf = (text: string): string | undefined => {
    const cidr = parseCidr(text);
    if (cidr === undefined) return undefined;
    for (const length of lengths[cidr.family]) {
      if (length > cidr.length) continue;
      const shift = BigInt(widthOf(cidr.family) - length);
      const holder = holders.get(`${cidr.family}/${length}/${cidr.first >> shift}`);
      if (holder !== undefined) return holder;
    }
    return undefined;
  };
  const claim = (text: string, holder: string): void => {
    const cidr = parseCidr(text);
    if (cidr === undefined) return;
    lengths[cidr.family].add(cidr.length);
    holders.set(`${cidr.family}/${cidr.length}/${cidr.first >> BigInt(widthOf(cidr.family) - cidr.length)}`, holder);
  };

  for (const text of own.allowedIPs) claim(text, own.name);
  for (const segment of [...remote].toSorted(byTrust)) {
    const mine = segment.allowedIPs.filter((text) => {
      const reason = refusal(text, holderOf(text), segment.name);
      if (reason !== undefined) problems.push({ subject: subjectOf(segment), ...reason });
      return reason === undefined;
    });
    for (const text of mine) claim(text, segment.name);
    prefixes.set(segment.name, mine);
  }
  return { prefixes, problems };
}

function refusal(text: string, holder: string | undefined, claimant: string): { readonly reason: string; readonly message: string } | undefined {
  if (text.endsWith('/0')) {
    return { reason: 'DefaultRoute', message: `${text} would carry the tunnels themselves: list the networks behind the peer instead` };
  }
  if (isSpecial(text)) return { reason: 'SpecialRange', message: `${text} is a loopback, link-local, multicast or reserved range` };
  if (holder !== undefined && holder !== claimant) {
    return { reason: 'PrefixTaken', message: `${text} already belongs to ${holder}: remove it from one of the two` };
  }
  return undefined;
}

function subjectOf(segment: Segment): string {
  return segment.kind === 'person' ? segment.name.replace(':', ' ') : `segment ${segment.name}`;
}

function byTrust(a: Segment, b: Segment): number {
  return TRUST[a.kind] - TRUST[b.kind] || (a.name < b.name ? -1 : 1);
}
