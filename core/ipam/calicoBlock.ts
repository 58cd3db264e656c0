/**
 * What an `IPAMBlock` of Calico says of nodes: the node that a block of addresses belongs to, and the nodes that borrow single addresses.
 *
 * A node whose pods find no room in its own blocks borrows from another's, unless Calico's `strictAffinity` forbids it. A block that its
 * node has given up stays until its last pod ends (Calico docs, reference/resources/ipamconfig and networking/ipam). `BlockAffinity` has
 * the same blocks without what is borrowed.
 */
import * as z from 'zod';
import type { KubeObject } from '../api/resources.js';
import { formatAddress, parseCidr, sortCidrs, widthOf } from '../net/cidr.js';

export interface CalicoBlock {
  readonly cidr: string;
  /** Absent: it belongs to no node. */
  readonly node?: string;
  /** By the node that has them: addresses of pods on others than `node`, as CIDRs, sorted. */
  readonly borrowed: Readonly<Record<string, readonly string[]>>;
}

const blockSchema = z.object({
  spec: z.object({
    cidr: z.string(),
    affinity: z.string().nullish(),
    deleted: z.boolean().nullish(),
    /** By the place of an address in the block: the place in `attributes` of what is known of it; null: it is free. */
    allocations: z.array(z.int().nullable()).nullish(),
    attributes: z.array(z.object({ secondary: z.record(z.string(), z.string()).nullish() })).nullish(),
  }),
});

/** Undefined: it is none, or is about to go. */
export function calicoBlock(object: KubeObject): CalicoBlock | undefined {
  const parsed = blockSchema.safeParse(object);
  if (!parsed.success || parsed.data.spec.deleted === true) return undefined;
  const { cidr, affinity, allocations, attributes } = parsed.data.spec;
  const block = parseCidr(cidr);
  if (block === undefined) return undefined;
  const node = affinity?.startsWith(HOST) === true ? affinity.slice(HOST.length) : undefined;
  const borrowed = new Map<string, string[]>();
  for (const [place, index] of (allocations ?? []).entries()) {
    const user = index === null ? undefined : attributes?.[index]?.secondary?.['node'];
    if (user === undefined || user === node) continue;
    const address = `${formatAddress(block.family, block.first + BigInt(place))}/${widthOf(block.family)}`;
    borrowed.set(user, [...(borrowed.get(user) ?? []), address]);
  }
  return {
    cidr,
    ...(node === undefined ? {} : { node }),
    borrowed: Object.fromEntries([...borrowed].map(([user, addresses]) => [user, sortCidrs(addresses)])),
  };
}

/** Of a block that belongs to a node. Those of load balancers are `virtual:`. */
const HOST = 'host:';
