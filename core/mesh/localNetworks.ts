/**
 * The networks that nodes stand in, by their internal addresses.
 */
import { addressOf, type Cidr, contains, formatCidr, overlaps, parseCidr } from '../net/cidr.js';

export interface LocalNetwork {
  readonly network: Cidr;
  /** Of the nodes in it. */
  readonly addresses: readonly Cidr[];
}

/** `internalIPs`: each with its network's prefix length. */
export function localNetworks(internalIPs: readonly string[]): LocalNetwork[] {
  const byNetwork = new Map<string, { readonly network: Cidr; readonly addresses: Cidr[] }>();
  for (const text of internalIPs) {
    const network = parseCidr(text);
    const address = parseCidr(addressOf(text) ?? '');
    if (network === undefined || address === undefined) continue;
    const name = formatCidr(network);
    const known = byNetwork.get(name);
    if (known === undefined) byNetwork.set(name, { network, addresses: [address] });
    else known.addresses.push(address);
  }
  return [...byNetwork.values()];
}

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
