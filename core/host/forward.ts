/**
 * Rules of ours in the FORWARD chains of iptables.
 *
 * What one table accepts another may still drop, so an accept in our own table does not help where the FORWARD chain drops (Docker sets
 * that policy). The accept must be in that very chain: the one of iptables-nft, which is an ordinary nft chain of the table `filter`, or
 * the one of iptables-legacy. A host may have both, so both are handled. A chain that does not exist drops nothing, and is not created.
 *
 * Like Kilo's --iptables-forward-rules, but with rules for devices instead of one for every prefix of the mesh.
 */
import * as z from 'zod';
import type { ForwardRules } from '../mesh/plan.js';
import { INTERFACE_PREFIX } from '../mesh/reserved.js';
import type { Change, Difference } from './change.js';
import type { ForwardChain, ForwardState } from './state.js';
import { familyName } from '../net/family.js';

export function diffForward(desired: ForwardRules | undefined, observed: ForwardState | undefined): Difference {
  const set: Change[] = [];
  const remove: Change[] = [];
  for (const [chain, present] of observed ?? []) {
    const wanted = desired === undefined ? [] : rulesOf(chain, desired);
    set.push(...wanted.filter((rule) => !present.has(rule)).map((rule) => ({ kind: 'forward.add', chain, rule }) as const));
    remove.push(...[...present].filter((rule) => !wanted.includes(rule)).map((rule) => ({ kind: 'forward.delete', chain, rule }) as const));
  }
  return { set, remove };
}

/** Identifies a rule of ours in a listing, and says all that it depends on. */
export function forwardComment(rule: string): string {
  return `${COMMENT}${rule}`;
}

/** An nft statement without its comment. */
export function nftMatch(chain: ForwardChain, rule: string): string {
  const [side = '', what = ''] = rule.split(' ');
  const ip = chain === 'nft ip6' ? 'ip6' : 'ip';
  const match = { in: `iifname "${what}*"`, out: `oifname "${what}*"`, from: `${ip} saddr ${what}`, to: `${ip} daddr ${what}` }[side];
  return `${match ?? ''} counter accept`;
}

/** The arguments of a rule for iptables-legacy, behind the name of the chain. */
export function legacyArguments(rule: string): readonly string[] {
  const [side = '', what = ''] = rule.split(' ');
  const match = { in: ['-i', `${what}+`], out: ['-o', `${what}+`], from: ['-s', what], to: ['-d', what] }[side] ?? [];
  return [...match, '-m', 'comment', '--comment', forwardComment(rule), '-j', 'ACCEPT'];
}

const listing = z.object({
  nftables: z.array(z.object({ rule: z.object({ handle: z.int(), comment: z.string().optional() }).optional() })),
});

/** `nft -j list chain ip filter FORWARD`: rules of ours with their handles. */
export function parseNftForward(text: string): ReadonlyMap<string, number> {
  return new Map(
    listing
      .parse(JSON.parse(text))
      .nftables.flatMap(({ rule }) =>
        rule?.comment?.startsWith(COMMENT) === true ? [[rule.comment.slice(COMMENT.length), rule.handle] as const] : [],
      ),
  );
}

/** `iptables-legacy -S FORWARD`. */
export function parseLegacyForward(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(LEGACY)].map((match) => match[1] ?? ''));
}

const COMMENT = 'kilofed: forward ';
const LEGACY = new RegExp(`--comment "${COMMENT}([^"]+)"`, 'g');

function rulesOf(chain: ForwardChain, { podCIDRs }: ForwardRules): readonly string[] {
  const family = chain.endsWith('6') ? 'inet6' : 'inet';
  const pods = podCIDRs.filter((text) => familyName(text) === family);
  return [`in ${INTERFACE_PREFIX}`, `out ${INTERFACE_PREFIX}`, ...pods.flatMap((text) => [`from ${text}`, `to ${text}`])];
}
