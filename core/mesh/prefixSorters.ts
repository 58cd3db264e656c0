/**
 * The prefixes behind each segment in address order, as they follow those of last time.
 */
import { comparePrefixes, type Prefix, textsOf } from '../net/prefix.js';
import type { MeshNode } from '../api/meshNode.js';
import { createByName } from '../memory/byName.js';
import { createFlatMap } from '../memory/flatMap.js';
import { createSorter } from '../memory/sorter.js';
import { createWhileSame } from '../memory/whileSame.js';

export interface PrefixSorters {
  /** Begins a round over all segments. */
  round(): SortPrefixes;
}

/** Canonical texts in address order, without duplicates; the list of last time, if it is the same. */
type SortPrefixes = (segment: string, nodes: readonly MeshNode[], prefixesOf: (node: MeshNode) => readonly Prefix[]) => readonly string[];

export function createPrefixSorters(): PrefixSorters {
  const bySegment = createByName<ReturnType<typeof createSort>>();
  return {
    round() {
      const sortOf = bySegment.round();
      return (segment, nodes, prefixesOf) => sortOf(segment, [], createSort)(nodes, prefixesOf);
    },
  };
}

function createSort(): (nodes: readonly MeshNode[], prefixesOf: (node: MeshNode) => readonly Prefix[]) => readonly string[] {
  const all = createFlatMap<MeshNode, Prefix>();
  const sorter = createSorter(comparePrefixes);
  const texts = createWhileSame<readonly string[]>();
  return (nodes, prefixesOf) => {
    const sorted = sorter.inOrder(all.get(nodes, [], prefixesOf));
    return texts.get([sorted], () => textsOf(sorted));
  };
}
