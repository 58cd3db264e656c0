/**
 * The networks that nodes stand in, by their internal addresses.
 */
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, type Cidr, contains, formatCidr, overlaps, parseCidr } from '../net/cidr.js';
import { perObject } from '../memory/perObject.js';

export interface LocalNetwork {
  readonly network: Cidr;
  /** Of the nodes in it. */
  readonly addresses: readonly Cidr[];
}

/** By the internal addresses of `nodes`, each with its network's prefix length. */
export function localNetworks(nodes: readonly MeshNode[]): LocalNetwork[] {
  const byNetwork = new Map<string, { readonly network: Cidr; readonly addresses: Cidr[] }>();
  for (const { name, network, address } of nodes.flatMap(placesOf)) {
    const known = byNetwork.get(name);
    if (known === undefined) byNetwork.set(name, { network, addresses: [address] });
    else known.addresses.push(address);
  }
  return [...byNetwork.values()];
}

interface Place {
  readonly name: string;
  readonly network: Cidr;
  readonly address: Cidr;
}

const placesOf = perObject((node: MeshNode): readonly Place[] =>
  node.spec.internalIPs.flatMap((text) => {
    const network = parseCidr(text);
    const address = parseCidr(addressOf(text) ?? '');
    return network === undefined || address === undefined ? [] : [{ name: formatCidr(network), network, address }];
  }),
);

/**
 * Whether a route to `cidr` would cut nodes off. One as narrow as the nodes' own network, with nodes in it, competes with the connected
 * route of that network. A wider one does not.
 */
export function cutsOff(cidr: Cidr, { network, addresses }: LocalNetwork): boolean {
  return contains(network, cidr) && addresses.some((address) => contains(cidr, address));
}

/** Whether anything in that network, a node or its neighbour, may have an address of `cidr`. */
export function touches(cidr: Cidr, { network }: LocalNetwork): boolean {
  return overlaps(network, cidr);
}
