/**
 * Reads `nft -j list table inet kilofed` into facts as `firewallFacts` gives them.
 */
import * as z from 'zod';
import { fact } from './firewall.js';

const named = z.object({ name: z.string(), elem: z.array(z.unknown()).optional() });

const listing = z.object({
  nftables: z.array(
    z.object({
      set: named.optional(),
      map: named.optional(),
      rule: z.object({ chain: z.string(), comment: z.string().optional() }).optional(),
    }),
  ),
});

const prefix = z.object({ prefix: z.object({ addr: z.string(), len: z.int() }) });

const concatenation = z.object({ concat: z.array(z.union([z.string(), z.number()])) });
const verdict = z.tuple([z.unknown(), z.object({ jump: z.object({ target: z.string() }) })]);

const PROTOCOLS = new Map<string | number, number>([
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
]);

export function parseFirewall(text: string): readonly string[] {
  return listing
    .parse(JSON.parse(text))
    .nftables.flatMap(({ set, map, rule }) => [
      ...elementsOf(set ?? map),
      ...(rule === undefined ? [] : [fact.rule(rule.chain, rule.comment ?? 'not ours')]),
    ])
    .toSorted();
}

const counters = z.object({ nftables: z.array(z.object({ counter: z.object({ name: z.string(), packets: z.int() }).optional() })) });

/** What `nft -j list counters table inet kilofed` prints: packets, by the name of the counter. */
export function parseCounters(text: string): ReadonlyMap<string, number> {
  const listed = counters.parse(JSON.parse(text)).nftables;
  return new Map(listed.flatMap(({ counter }) => (counter === undefined ? [] : [[counter.name, counter.packets] as const])));
}

function elementsOf(set: z.infer<typeof named> | undefined): string[] {
  return (set?.elem ?? []).map((element) => fact.element(set?.name ?? '', elementText(element)));
}

/**
 * What we write is a word, a number, an address or a CIDR, several of them, or such a key and the chain that it leads to. Anything else was
 * written by others, and differs in any spelling.
 */
function elementText(element: unknown): string {
  if (typeof element === 'string') return element;
  const cidr = prefix.safeParse(element);
  if (cidr.success) return `${cidr.data.prefix.addr}/${cidr.data.prefix.len}`;
  const parts = concatenation.safeParse(element);
  if (parts.success) return parts.data.concat.map(partText).join(' . ');
  const entry = verdict.safeParse(element);
  return entry.success ? `${elementText(entry.data[0])} : jump ${entry.data[1].jump.target}` : JSON.stringify(element);
}

/** A protocol has its name where /etc/protocols is. */
function partText(part: string | number): string {
  return String(PROTOCOLS.get(part) ?? part);
}
