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

const prefix = z.object({ prefix: z.object({ addr: z.string(), len: z.int() }) });

export function parseFirewall(text: string): readonly string[] {
  return listing.parse(JSON.parse(text)).nftables
    .flatMap(({ set, rule }) => [
      ...(set?.elem ?? []).map((element) => fact.element(set?.name ?? '', elementText(element))),
      ...(rule === undefined ? [] : [fact.rule(rule.chain, rule.comment ?? 'not ours')]),
    ])
    .toSorted();
}

/** What we write is a word, an address or a CIDR; anything else is somebody else's, and differs in any spelling. */
function elementText(element: unknown): string {
  if (typeof element === 'string') return element;
  const cidr = prefix.safeParse(element);
  return cidr.success ? `${cidr.data.prefix.addr}/${cidr.data.prefix.len}` : JSON.stringify(element);
}
