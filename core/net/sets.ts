/**
 * Questions about many CIDRs at once. All are sort-and-sweep: O(n log n).
 */
import { type Cidr, compareCidrs, contains, formatCidr, lastOf, parseCidr, widthOf } from './cidr.js';

/** One overlapping pair between two sets, the first in address order; undefined when they are disjoint. */
export function firstOverlap(a: readonly string[], b: readonly string[]): { readonly a: string; readonly b: string } | undefined {
  const all = [...tagged(a, 'a'), ...tagged(b, 'b')].toSorted((x, y) => compareCidrs(x.cidr, y.cidr));
  // Open networks form a chain in which each contains the next; a network that does not contain the next one is over.
  const open: Tagged[] = [];
  for (const entry of all) {
    while (open.length > 0 && !contains((open.at(-1) as Tagged).cidr, entry.cidr)) open.pop();
    const other = open.findLast((each) => each.side !== entry.side);
    if (other !== undefined) {
      const [first, second] = entry.side === 'a' ? [entry, other] : [other, entry];
      return { a: formatCidr(first.cidr), b: formatCidr(second.cidr) };
    }
    open.push(entry);
  }
  return undefined;
}

/** The same addresses in as few CIDRs as possible, sorted. */
export function aggregate(texts: readonly string[]): string[] {
  return aggregateCidrs(texts.map(parseCidr).filter((each) => each !== undefined)).map(formatCidr);
}

export function aggregateCidrs(cidrs: readonly Cidr[]): Cidr[] {
  const result: Cidr[] = [];
  for (const cidr of cidrs.toSorted(compareCidrs)) {
    const previous = result.at(-1);
    if (previous !== undefined && contains(previous, cidr)) continue;
    result.push(cidr);
    for (let joined = joinLast(result); joined !== undefined; joined = joinLast(result)) result.splice(-2, 2, joined);
  }
  return result;
}

/** What is left of `network` without `holes`, in as few CIDRs as possible, in address order. */
export function subtract(network: Cidr, holes: readonly Cidr[]): Cidr[] {
  if (holes.some((hole) => contains(hole, network))) return [];
  const inside = holes.filter((hole) => contains(network, hole));
  if (inside.length === 0) return [network];
  return halves(network).flatMap((half) => subtract(half, inside));
}

/** Is `text` inside one of `networks`? */
export function isWithin(text: string, networks: readonly string[]): boolean {
  const inner = parseCidr(text);
  return (
    inner !== undefined &&
    networks.some((each) => {
      const outer = parseCidr(each);
      return outer !== undefined && contains(outer, inner);
    })
  );
}

interface Tagged {
  readonly side: 'a' | 'b';
  readonly cidr: Cidr;
}

function tagged(texts: readonly string[], side: 'a' | 'b'): Tagged[] {
  return texts
    .map(parseCidr)
    .filter((cidr) => cidr !== undefined)
    .map((cidr) => ({ side, cidr }));
}

/** Those of `sorted`, by `compareCidrs` of what `cidrOf` says, that lie in `network`. */
export function within<T>(network: Cidr, sorted: readonly T[], cidrOf: (each: T) => Cidr): T[] {
  const found: T[] = [];
  for (let at = firstNotBefore(network, sorted, cidrOf); at < sorted.length; at += 1) {
    const each = sorted[at] as T;
    const cidr = cidrOf(each);
    if (cidr.family !== network.family || cidr.first > lastOf(network)) break;
    if (contains(network, cidr)) found.push(each);
  }
  return found;
}

/** Where in `sorted` the first is that does not come before all of `network`'s addresses. */
export function firstNotBefore<T>(network: Cidr, sorted: readonly T[], cidrOf: (each: T) => Cidr): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = cidrOf(sorted[middle] as T);
    if (at.family < network.family || (at.family === network.family && at.first < network.first)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The two networks of one bit more. Never asked of a single address, which has none. */
export function halves({ family, first, length }: Cidr): readonly [Cidr, Cidr] {
  const size = 1n << BigInt(widthOf(family) - length - 1);
  return [
    { family, first, length: length + 1 },
    { family, first: first + size, length: length + 1 },
  ];
}

/** The last two networks as one, when they are the two halves of it. */
function joinLast(cidrs: readonly Cidr[]): Cidr | undefined {
  const [low, high] = [cidrs.at(-2), cidrs.at(-1)];
  if (low === undefined || high === undefined || low.family !== high.family || low.length !== high.length) return undefined;
  if (low.length === 0) return undefined;
  const size = 1n << BigInt(widthOf(low.family) - low.length);
  const isLowerHalf = (low.first / size) % 2n === 0n;
  return isLowerHalf && high.first === low.first + size ? { ...low, length: low.length - 1 } : undefined;
}
