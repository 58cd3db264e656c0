/**
 * Which of a gateway's endpoints to dial: the first of an address family that all who dial it have. A node without IPv4 would
 * send to an IPv4 endpoint in vain, and could only wait to be dialled.
 */
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, familyOf } from '../net/cidr.js';

export type Endpoint = MeshNode['spec']['endpoints'][number];

/** The first where nothing fits, and where nothing is known of the dialers. A name may stand for any family. */
export function endpointFor(endpoints: readonly Endpoint[], dialers: readonly MeshNode[]): Endpoint | undefined {
  return endpoints.find(({ host }) => {
    const address = addressOf(host);
    return address === undefined || dialers.every((node) => speaks(node, familyOf(address)));
  }) ?? endpoints[0];
}

/** Has it an address of that family, as far as it tells? One that tells of none may have any. */
export function speaks(node: MeshNode, family: 4 | 6): boolean {
  const own = [...node.spec.internalIPs, ...node.spec.endpoints.map(({ host }) => host)].map(addressOf).filter((address) => address !== undefined);
  return own.length === 0 || own.some((address) => familyOf(address) === family);
}
