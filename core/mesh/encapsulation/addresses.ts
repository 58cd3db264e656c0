/**
 * A node's addresses by family, and the next hops between two nodes that both have addresses of a family.
 */
import type { MeshNode } from '../../api/meshNode.js';
import { addressOf } from '../../net/cidr.js';
import { FAMILIES, type Family, familyName } from '../../net/family.js';
import { perObject } from '../../memory/perObject.js';
import type { NextHops } from './strategy.js';

export type Addresses = Readonly<Partial<Record<Family, string>>>;

/** The first internal address of each family, canonical. */
export const internalByFamily = perObject((node: MeshNode): Addresses =>
  firstByFamily(node.spec.internalIPs.map(addressOf).filter((address) => address !== undefined)),
);

export function firstByFamily(addresses: readonly string[]): Addresses {
  return Object.fromEntries(addresses.toReversed().map((address) => [familyName(address), address]));
}

/** The family of the outer packets of a device that has one address on the underlay: IPv4 where the node has it. */
export function outerFamily(node: MeshNode): Family {
  return internalByFamily(node).inet === undefined ? 'inet6' : 'inet';
}

/** To the addresses in `theirs`, in each family in which there is one of `mine`, too. */
export function nextHopsBetween(mine: Addresses, theirs: Addresses, dev: (family: Family) => string): NextHops {
  return Object.fromEntries(
    FAMILIES.flatMap((family) => {
      const address = theirs[family];
      return mine[family] === undefined || address === undefined ? [] : [[family, { dev: dev(family), address }]];
    }),
  );
}
