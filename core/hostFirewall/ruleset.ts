/**
 * Reads `nft -t list table FAMILY NAME` into chains of rules, each rule as its words.
 *
 * The text, not the JSON: in JSON nft leaves out what iptables wrote in its own terms (`-m conntrack`, `-m multiport`), as text it
 * translates that.
 */

export interface Chain {
  readonly name: string;
  /** Of a base chain of type filter; absent: only others lead here. */
  readonly hook?: string;
  /** What becomes of a packet at the end of a base chain. */
  readonly policy: 'accept' | 'drop';
  /** A set in braces is one word, and so is a text in quotes. */
  readonly rules: readonly (readonly string[])[];
}

export interface FirewallTable {
  /** ip, ip6 or inet. */
  readonly family: string;
  readonly name: string;
  readonly chains: ReadonlyMap<string, Chain>;
}

/** Undefined: it is no such listing. */
export function parseTable(text: string): FirewallTable | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const [, family, name] = lines.map((line) => /^table (\S+) (\S+) \{$/.exec(line)).find((match) => match !== null) ?? [];
  if (family === undefined || name === undefined) return undefined;
  const chains = new Map<string, Chain>();
  for (let index = 0; index < lines.length; index += 1) {
    const chain = /^chain (\S+) \{$/.exec(lines[index] ?? '')?.[1];
    if (chain === undefined) continue;
    const end = lines.indexOf('}', index);
    chains.set(chain, chainOf(chain, lines.slice(index + 1, end < 0 ? lines.length : end)));
  }
  return { family, name, chains };
}

/** Names of the tables in `nft list chains` with a base chain of type filter where a host's own or forwarded packets pass. */
export function tablesWithFilters(text: string): readonly string[] {
  const found = new Set<string>();
  let table = '';
  for (const line of text.split('\n')) {
    table = /^table ((?:ip|ip6|inet) \S+) \{/.exec(line)?.[1] ?? (line.startsWith('table ') ? '' : table);
    if (table !== '' && FILTER.test(line)) found.add(table);
  }
  return [...found];
}

const FILTER = /type filter hook (input|forward|output) /;

function chainOf(name: string, lines: readonly string[]): Chain {
  const [first = '', ...others] = joined(lines);
  const hook = FILTER.exec(first)?.[1];
  const isBase = /^type \S+ hook /.test(first);
  return {
    name,
    ...(hook === undefined ? {} : { hook }),
    policy: / policy drop;/.test(first) ? 'drop' : 'accept',
    rules: (isBase ? others : [first, ...others]).map(wordsOf).filter((words) => words.length > 0),
  };
}

/** nft breaks long sets into lines. */
function joined(lines: readonly string[]): readonly string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const last = whole.at(-1);
    if (last !== undefined && isOpen(last)) whole[whole.length - 1] = `${last} ${line}`;
    else whole.push(line);
  }
  return whole;
}

function isOpen(line: string): boolean {
  const bare = line.replace(/"[^"]*"/g, '');
  return bare.split('{').length > bare.split('}').length;
}

/** Without what only people read. */
function wordsOf(line: string): readonly string[] {
  return line.replace(/ comment "[^"]*"/, '').match(/"[^"]*"|\{[^}]*\}|[^\s"{]+/g) ?? [];
}
