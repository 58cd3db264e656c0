/**
 * Values by prefix, found again by what lies inside: a routing table's longest-prefix match.
 *
 * One hash map per prefix length in use: a question costs at most as many look-ups as there are lengths.
 */
import { type Cidr, widthOf } from './cidr.js';

export interface PrefixMap<T> {
  set(cidr: Cidr, value: T): void;
  /** The values of all prefixes that contain `cidr`, itself included, the narrowest first. */
  covering(cidr: Cidr): T[];
}

export function createPrefixMap<T>(): PrefixMap<T> {
  const tables = { 4: [] as Table<T>[], 6: [] as Table<T>[] };
  return {
    set(cidr, value) {
      let table = tables[cidr.family].find(({ length }) => length === cidr.length);
      if (table === undefined) {
        table = { length: cidr.length, entries: new Map() };
        tables[cidr.family].push(table);
        tables[cidr.family].sort((a, b) => b.length - a.length);
      }
      table.entries.set(keyOf(cidr, cidr.length), value);
    },
    covering: (cidr) =>
      tables[cidr.family].flatMap(({ length, entries }) => {
        const value = length > cidr.length ? undefined : entries.get(keyOf(cidr, length));
        return value === undefined ? [] : [value];
      }),
  };
}

interface Table<T> {
  readonly length: number;
  readonly entries: Map<bigint, T>;
}

function keyOf({ family, first }: Cidr, length: number): bigint {
  return first >> BigInt(widthOf(family) - length);
}
