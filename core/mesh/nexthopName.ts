/**
 * The names of nexthops: of a plane of this node, or of another node of its location. Kernel ids are hashes of these names, so that an
 * agent that starts finds its own. Made here only, and never parsed.
 */

import type { Family } from '../net/family.js';

export type NexthopName = `plane/${number}` | `node/${string}`;

export type NexthopTarget = { readonly kind: 'plane'; readonly slot: number } | { readonly kind: 'node'; readonly node: string };

export function nexthopName(to: NexthopTarget): NexthopName {
  return to.kind === 'plane' ? `plane/${to.slot}` : `node/${to.node}`;
}

/** The kernel has a nexthop of its own for each family. */
export function nexthopKey(name: NexthopName, family: Family): string {
  return `${name}/${family}`;
}
