/**
 * Mesh addresses: one per family and node, for the node's life.
 *
 * A new node gets the address that its name hashes to, so nodes that join at the same time rarely want the same one. A node keeps its
 * address. (Kilo gives addresses by rank, so one new location renumbers all later ones.)
 */
import type { MeshSpec } from '../api/meshSpec.js';
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, type Cidr, contains, parseCidr } from '../net/cidr.js';
import { perObject } from '../memory/perObject.js';
import { allocateAddress, isAllocatable } from '../net/allocate.js';
import { byAge, present } from './segments.js';

interface AddressAssignment {
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Nodes for which a range had no address left. */
  readonly exhausted: readonly string[];
}

/**
 * One address of each range for every node, in the order of `ranges`. The address in a node's status is kept if it lies in a range and no
 * older node has it. Of two nodes, the older is the one created first, then the one with the lower name.
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
  for (const {
    metadata: { name },
  } of elders) {
    const mine = ranges.map((range) => {
      const address = kept.get(name)?.get(range) ?? allocateAddress(range, name, taken);
      if (address === undefined) exhausted.push(name);
      else taken.add(address);
      return address;
    });
    addresses.set(
      name,
      mine.filter((address) => address !== undefined),
    );
  }
  return { addresses, exhausted };
}

/** The ranges of the Mesh that its nodes have addresses of, and that new ones will. */
export function meshRanges({ wireguardCIDRs }: Pick<MeshSpec, 'wireguardCIDRs'>, nodes: readonly MeshNode[]): string[] {
  return wireguardCIDRs.filter((range) => {
    const outer = parseCidr(range);
    return outer !== undefined && nodes.some((node) => heldCidrs(node).some((address) => contains(outer, address)));
  });
}

function held(node: MeshNode): string[] {
  return (node.status?.meshAddresses ?? []).map(addressOf).filter((address) => address !== undefined);
}

const heldCidrs = perObject((node: MeshNode): readonly Cidr[] =>
  held(node)
    .map(parseCidr)
    .filter((cidr) => cidr !== undefined),
);
