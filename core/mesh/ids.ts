/**
 * Kernel nexthop ids out of names: a restarted agent, or another version of it, finds its own again.
 */
import { hash32 } from '../net/hash.js';
import { NEXTHOP_BASE } from './plan.js';

const SPACE = 1 << 28;

/** Distinct ids for `names`. Names whose hashes meet are told apart in name order, so the same set gives the same ids. */
export function assignIds(names: Iterable<string>): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const ids = new Map<string, number>();
  for (const name of [...new Set(names)].toSorted()) {
    let offset = hash32(name) % SPACE;
    while (taken.has(offset)) offset = (offset + 1) % SPACE;
    taken.add(offset);
    ids.set(name, NEXTHOP_BASE + offset);
  }
  return ids;
}
