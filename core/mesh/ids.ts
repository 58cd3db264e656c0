/**
 * Kernel nexthop ids, hashed from names: a restarted agent, or another version of it, finds its own again.
 */
import { hash32 } from '../net/hash.js';
import { NEXTHOP_BASE } from './reserved.js';

const SPACE = 1 << 28;

/**
 * Distinct ids for all names. Collisions are resolved in name order, so the same set always gives the same ids; but a name of an earlier
 * list keeps its id before one of a later list, since whoever chooses a name can have it collide.
 */
export function assignIds(...lists: readonly Iterable<string>[]): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const ids = new Map<string, number>();
  for (const name of lists.flatMap((names) => [...new Set(names)].toSorted())) {
    if (ids.has(name)) continue;
    let offset = hash32(name) % SPACE;
    while (taken.has(offset)) offset = (offset + 1) % SPACE;
    taken.add(offset);
    ids.set(name, NEXTHOP_BASE + offset);
  }
  return ids;
}
