/**
 * Mesh addresses: one per family and node, for the node's life.
 *
 * A new node gets the address its name hashes to, so that nodes that join at the same time seldom want the same one; what a
 * node has, it keeps. (Kilo gives addresses by rank, so that one new location renumbers all later ones.)
 */
import type { MeshNode } from '../api/meshNode.js';
import { addressOf } from '../net/cidr.js';
import { allocateAddress, isAllocatable } from '../net/allocate.js';
import { byAge, present } from './segments.js';

export interface AddressAssignment {
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Nodes for which a range had no address left. */
  readonly exhausted: readonly string[];
}

/**
 * One address of each range for every node, in the order of `ranges`. What a node's status says is kept where it lies in a
 * range and no older node has it; the older of two is the one created first, then the one of lower name.
 */
export function assignMeshAddresses(nodes: readonly MeshNode[], ranges: readonly string[]): AddressAssignment {
  const taken = new Set<string>();
  const kept = new Map<string, Map<string, string>>();
  const elders = present(nodes).toSorted(byAge);
  for (const node of elders) {
    const mine = new Map<string, string>();
    for (const range of ranges) {
      const address = held(node).find((each) => isAllocatable(range, each) && !taken.has(each));
      if (address === undefined) continue;
      taken.add(address);
      mine.set(range, address);
    }
    kept.set(node.metadata.name, mine);
  }
  const addresses = new Map<string, readonly string[]>();
  const exhausted: string[] = [];
  for (const { metadata: { name } } of elders) {
    const mine = ranges.map((range) => {
      const address = kept.get(name)?.get(range) ?? allocateAddress(range, name, taken);
      if (address === undefined) exhausted.push(name);
      else taken.add(address);
      return address;
    });
    addresses.set(name, mine.filter((address) => address !== undefined));
  }
  return { addresses, exhausted };
}

function held(node: MeshNode): string[] {
  return (node.status?.meshAddresses ?? []).map(addressOf).filter((address) => address !== undefined);
}

/** Oldest first; of two nodes that claim one address, the older keeps it. */
