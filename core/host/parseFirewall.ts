/**
 * `nft -j list table inet kilofed`, reduced to the facts that `firewallFacts` wants to see.
 */
import * as z from 'zod';
import { fact } from './firewall.js';

const listing = z.object({
  nftables: z.array(z.object({
    set: z.object({ name: z.string(), elem: z.array(z.unknown()).optional() }).optional(),
    rule: z.object({ chain: z.string(), comment: z.string().optional() }).optional(),
  })),
});

export function parseFirewall(text: string): readonly string[] {
  return listing.parse(JSON.parse(text)).nftables
    .flatMap(({ set, rule }) => [
      ...(set?.elem ?? []).map((element) => fact.element(set?.name ?? '', typeof element === 'string' ? element : JSON.stringify(element))),
      ...(rule === undefined ? [] : [fact.rule(rule.chain, rule.comment ?? 'not ours')]),
    ])
    .toSorted();
}
