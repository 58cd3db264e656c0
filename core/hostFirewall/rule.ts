/**
 * What one rule means for a packet. Words that are not understood make it a rule that may be about the packet, or not.
 */
import { couldBe, holds, type Packet, type Truth } from './packet.js';

export interface Branch {
  /** Whether the packet takes it. */
  readonly when: Truth;
  readonly kind: 'accept' | 'drop' | 'jump' | 'goto' | 'return' | 'continue' | 'unknown';
  /** Of a jump or goto: the chain. */
  readonly target: string;
}

/** In order: the first that the packet takes counts. Empty: whatever the rule does, the packet goes on. */
export function branchesOf(words: readonly string[], packet: Packet): readonly Branch[] {
  let when = 'yes' as Truth;
  for (let index = 0; index < words.length;) {
    if (when === 'no') return [];
    const word = words[index] ?? '';
    const verdict = verdictOf(words.slice(index));
    if (verdict !== undefined) return [{ when, ...verdict }];
    const skipped = statementLength(words, index);
    if (skipped > 0) {
      index += skipped;
      continue;
    }
    const key = keyAt(words, index);
    if (key === undefined) {
      // A word that is not known, alone or behind one that is.
      when = both(when, 'maybe');
      index += 1;
      continue;
    }
    if (!couldBe(packet, word)) return [];
    // Side by side with others, of which no single one decides.
    const isJoined = words[index - 1] === '.' || words[index + key.split(' ').length] === '.';
    index += key.split(' ').length;
    if (words[index] === 'vmap') return branchesOfMap(key, words[index + 1] ?? '', { packet, when, isJoined });
    const isNot = words[index] === '!=';
    if (isNot || words[index] === '==') index += 1;
    const truth = anyOf(valuesOf(words[index] ?? ''), (value) => holds(packet, key, value));
    when = both(when, isJoined ? 'maybe' : isNot ? opposite(truth) : truth);
    index += 1;
  }
  return [];
}

/** Two words that are compared with the next. */
const KEYS = [
  ...['ct state', 'ct status', 'meta nfproto', 'meta l4proto', 'fib daddr type'],
  ...['ip', 'ip6'].flatMap((family) => [`${family} saddr`, `${family} daddr`]),
  ...['ip protocol', 'ip6 nexthdr', 'iifname', 'oifname', 'iif', 'oif'],
  ...['tcp', 'udp', 'th', 'sctp', 'dccp'].flatMap((protocol) => [`${protocol} dport`, `${protocol} sport`]),
  ...['icmp type', 'icmpv6 type', 'icmp code', 'icmpv6 code', 'tcp flags'],
];

function keyAt(words: readonly string[], index: number): string | undefined {
  return KEYS.find((key) => key.split(' ').every((part, offset) => words[index + offset] === part));
}

/** How many words a statement has that lets every packet go on; 0: there is none. */
function statementLength(words: readonly string[], index: number): number {
  const rest = words.slice(index);
  switch (rest[0]) {
    case 'counter':
      return rest[1] === 'packets' ? 5 : rest[1] === 'name' ? 3 : 1;
    case 'log': {
      let length = 1;
      while (LOG_OPTIONS.includes(rest[length] ?? '')) length += 2;
      return length;
    }
    case 'meta':
    case 'ct':
      return rest[2] === 'set' && rest.length > 3 && !SETS_MORE.test(rest[4] ?? '') ? 4 : 0;
    default:
      return 0;
  }
}

const LOG_OPTIONS = ['prefix', 'level', 'flags', 'group', 'snaplen', 'queue-threshold'];
/** Behind `meta mark set x`: the value goes on. */
const SETS_MORE = /^[|&^]$|^(or|and|xor)$/;

function verdictOf([word = '', target = '']: readonly string[]): Pick<Branch, 'kind' | 'target'> | undefined {
  switch (word) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return { kind: word, target: '' };
    case 'reject':
      return { kind: 'drop', target: '' };
    case 'jump':
    case 'goto':
      return { kind: word, target };
    case 'queue':
    case 'vmap':
      return { kind: 'unknown', target: '' };
    // What iptables has and nft cannot say; a match is a word that is not known.
    case 'xt':
      return target === 'target' ? { kind: 'unknown', target: '' } : undefined;
    default:
      return undefined;
  }
}

interface Mapped {
  readonly packet: Packet;
  readonly when: Truth;
  readonly isJoined: boolean;
}

/** `{ established : accept, "eth0" : jump x }`, or the name of a map. */
function branchesOfMap(key: string, map: string, { packet, when, isJoined }: Mapped): readonly Branch[] {
  if (!map.startsWith('{')) return [{ when: both(when, 'maybe'), kind: 'unknown', target: '' }];
  return elementsOf(map).flatMap((element) => {
    const [value = '', verdict = ''] = element.split(' : ');
    const known = verdictOf(verdict.trim().split(' ')) ?? { kind: 'unknown' as const, target: '' };
    const truth = both(when, isJoined ? 'maybe' : holds(packet, key, value.trim()));
    return truth === 'no' ? [] : [{ when: truth, ...known }];
  });
}

function valuesOf(word: string): readonly string[] {
  return word.startsWith('{') ? elementsOf(word) : word.split(',');
}

function elementsOf(set: string): readonly string[] {
  return set
    .slice(1, set.endsWith('}') ? -1 : undefined)
    .split(',')
    .map((element) => element.trim());
}

function anyOf(values: readonly string[], test: (value: string) => Truth): Truth {
  const truths = values.map(test);
  return truths.includes('yes') ? 'yes' : truths.includes('maybe') ? 'maybe' : 'no';
}

function both(a: Truth, b: Truth): Truth {
  return a === 'no' || b === 'no' ? 'no' : a === 'maybe' || b === 'maybe' ? 'maybe' : 'yes';
}

function opposite(truth: Truth): Truth {
  return truth === 'yes' ? 'no' : truth === 'no' ? 'yes' : 'maybe';
}
