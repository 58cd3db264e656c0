/**
 * Kilo's chains and rules in what `iptables-save` prints (Kilo pkg/mesh/routes.go Rules, pkg/encapsulation/ipip.go).
 *
 * A rule of a built-in chain is Kilo's if its chain, comment and target all match; the comment alone could be a copy. Rules in Kilo's own
 * chains go with the chains.
 */
import type { KiloFirewall, Variant } from './traces.js';

interface FirewallFindings {
  readonly firewalls: readonly KiloFirewall[];
  /** What Kilo's chains say about its mesh. */
  readonly knowledge: KiloKnowledge;
}

export interface KiloKnowledge {
  /** Prefixes that Kilo leads to: pod CIDRs, nodes, WireGuard addresses, peers. */
  readonly prefixes: ReadonlySet<string>;
  /** Pod CIDRs of this node. */
  readonly podCIDRs: ReadonlySet<string>;
}

export function findFirewalls(saved: Readonly<Partial<Record<Variant, string>>>): FirewallFindings {
  const lines = Object.entries(saved).flatMap(([variant, text]) => linesOf(variant as Variant, text ?? ''));
  const places = new Map<string, Line[]>();
  for (const line of lines) places.set(`${line.variant} ${line.table}`, [...(places.get(`${line.variant} ${line.table}`) ?? []), line]);
  return {
    firewalls: [...places.values()].map(firewallOf).filter((one) => one !== undefined),
    knowledge: {
      prefixes: new Set(
        lines
          .filter((line) => CHAINS.has(line.chain))
          .flatMap((line) => [line.destination, line.source])
          .filter((prefix) => prefix !== undefined),
      ),
      podCIDRs: new Set(
        lines
          .filter((line) => line.comment === TO_NAT && isKilos(line))
          .map(({ source }) => source)
          .filter((prefix) => prefix !== undefined),
      ),
    },
  };
}

/** A chain's head (`:KILO-NAT - [0:0]`, where `text` is undefined) or a rule. */
interface Line {
  readonly variant: Variant;
  readonly table: string;
  readonly chain: string;
  readonly text?: string;
  readonly comment?: string | undefined;
  readonly target?: string | undefined;
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
}

const CHAINS: ReadonlySet<string> = new Set(['KILO-NAT', 'KILO-IPIP']);
const TO_NAT = 'Kilo: jump to KILO-NAT chain';

/** `<table> <chain>`, comment, target. */
const RULES: ReadonlySet<string> = new Set([
  'filter INPUT|Kilo: jump to IPIP chain|KILO-IPIP',
  'filter INPUT|Kilo: reject other IPIP traffic|DROP',
  ...['the pod subnet', "the node's pod subnet", 'allowed location IPs', 'private IPs'].flatMap((whose) =>
    ['from', 'to'].map((way) => `filter FORWARD|Kilo: forward packets ${way} ${whose}|ACCEPT`),
  ),
  `nat POSTROUTING|${TO_NAT}|KILO-NAT`,
  'nat POSTROUTING|Kilo: jump to NAT chain|KILO-NAT',
]);

function isKilos({ table, chain, comment, target }: Line): boolean {
  return RULES.has(`${table} ${chain}|${comment}|${target}`);
}

function firewallOf(lines: readonly Line[]): KiloFirewall | undefined {
  const [first] = lines;
  if (first === undefined) return undefined;
  const rules = lines.filter(({ text }) => text !== undefined);
  const outside = rules.filter(({ chain }) => !CHAINS.has(chain));
  const ours = outside.filter(isKilos);
  const held = new Set(
    outside
      .filter((line) => !isKilos(line))
      .map(({ target }) => target)
      .filter((target) => target !== undefined && CHAINS.has(target)),
  );
  const filled = new Set(rules.map(({ chain }) => chain));
  // A chain that others jump to can only be emptied. Once it is empty there is nothing left to do.
  const chains = lines
    .filter((line) => line.text === undefined && CHAINS.has(line.chain) && (filled.has(line.chain) || !held.has(line.chain)))
    .map(({ chain }) => chain);
  if (ours.length + chains.length === 0) return undefined;
  return {
    variant: first.variant,
    table: first.table,
    rules: ours.map(({ text = '' }) => text),
    chains,
    held: chains.filter((chain) => held.has(chain)),
  };
}

function linesOf(variant: Variant, text: string): readonly Line[] {
  const lines: Line[] = [];
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const [, chain] = /^:(\S+) /.exec(line) ?? [];
    if (chain !== undefined) lines.push({ variant, table, chain });
    if (line.startsWith('-A ')) lines.push(ruleOf(variant, table, line));
  }
  return lines;
}

function ruleOf(variant: Variant, table: string, text: string): Line {
  const value = (option: string): string | undefined => new RegExp(`(?:^| )${option} (\\S+)`).exec(text)?.[1];
  return {
    variant,
    table,
    chain: value('-A') ?? '',
    text,
    // Versions differ in whether they escape an apostrophe.
    comment: /--comment "((?:[^"\\]|\\.)*)"/.exec(text)?.[1]?.replaceAll('\\', ''),
    target: value('-j') ?? value('-g'),
    source: value('-s'),
    destination: value('-d'),
  };
}
