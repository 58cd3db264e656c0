/**
 * Values by CIDR, found again by any CIDR that touches theirs: one that contains it, or lies in it.
 */
import { type Cidr, compareCidrs, formatCidr, lastOf, parseCidr } from './cidr.js';
import { createPrefixMap } from './prefixMap.js';

export interface CidrIndex<T> {
  /** The values of all CIDRs that share an address with it. What does not parse shares none. */
  touching(what: string | Cidr): T[];
  /** Those of all CIDRs that contain it. */
  covering(what: string | Cidr): T[];
  /** In address order, with canonical CIDRs. */
  entries(): (readonly [cidr: string, value: T])[];
}

/** CIDRs that do not parse are left out. One CIDR may have several values. */
export function createCidrIndex<T>(entries: Iterable<readonly [cidr: string, value: T]>): CidrIndex<T> {
  const sorted: Entry<T>[] = [];
  for (const [text, value] of entries) {
    const cidr = parseCidr(text);
    if (cidr !== undefined) sorted.push({ cidr, value });
  }
  sorted.sort((a, b) => compareCidrs(a.cidr, b.cidr));
  const values = createPrefixMap<T[]>();
  for (const [index, { cidr, value }] of sorted.entries()) {
    const before = sorted[index - 1]?.cidr;
    if (before !== undefined && compareCidrs(before, cidr) === 0) values.covering(cidr)[0]?.push(value);
    else values.set(cidr, [value]);
  }
  return {
    entries: () => sorted.map(({ cidr, value }) => [formatCidr(cidr), value] as const),
    covering(what) {
      const cidr = asCidr(what);
      return cidr === undefined ? [] : values.covering(cidr).flat();
    },
    touching(what) {
      const cidr = asCidr(what);
      if (cidr === undefined || sorted.length === 0) return [];
      const found = values.covering(cidr).flat();
      const last = lastOf(cidr);
      for (let index = firstBehind(sorted, cidr); index < sorted.length; index += 1) {
        const entry = sorted[index] as Entry<T>;
        if (entry.cidr.family !== cidr.family || entry.cidr.first > last) break;
        found.push(entry.value);
      }
      return found;
    },
  };
}

interface Entry<T> {
  readonly cidr: Cidr;
  readonly value: T;
}

/** Index of the first entry that sorts behind `cidr`: those that lie in it follow it at once. */
function firstBehind<T>(sorted: readonly Entry<T>[], cidr: Cidr): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareCidrs((sorted[middle] as Entry<T>).cidr, cidr) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function asCidr(what: string | Cidr): Cidr | undefined {
  return typeof what === 'string' ? parseCidr(what) : what;
}
