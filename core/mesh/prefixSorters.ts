/**
 * The prefixes behind each segment in address order, as they follow those of last time.
 */
import { comparePrefixes, type Prefix, textsOf } from '../net/prefix.js';
import { createByName } from '../memory/byName.js';
import { createSorter } from '../memory/sorter.js';
import { createWhileSame } from '../memory/whileSame.js';

export interface PrefixSorters {
  /** Begins a round over all segments. */
  round(): SortPrefixes;
}

/** Canonical texts in address order, without duplicates; the list of last time, if it is the same. */
type SortPrefixes = (segment: string, prefixes: readonly Prefix[]) => readonly string[];

export function createPrefixSorters(): PrefixSorters {
  const bySegment = createByName<(prefixes: readonly Prefix[]) => readonly string[]>();
  return {
    round() {
      const sortOf = bySegment.round();
      return (segment, prefixes) => sortOf(segment, [], createSort)(prefixes);
    },
  };
}

function createSort(): (prefixes: readonly Prefix[]) => readonly string[] {
  const sorter = createSorter(comparePrefixes);
  const texts = createWhileSame<readonly string[]>();
  return (prefixes) => {
    const sorted = sorter.inOrder(prefixes);
    return texts.get([sorted], () => textsOf(sorted));
  };
}
