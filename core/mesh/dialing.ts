/**
 * Which of a gateway's endpoints to dial: the first one in an address family that all its dialers have. A node without IPv4 cannot use an
 * IPv4 endpoint, and could only wait to be dialled.
 */
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, familyOf } from '../net/cidr.js';

type Endpoint = MeshNode['spec']['endpoints'][number];

/** If none fits, or nothing is known about the dialers, the first. A DNS name may resolve to any family. */
export function endpointFor(endpoints: readonly Endpoint[], dialers: readonly MeshNode[]): Endpoint | undefined {
  return (
    endpoints.find(({ host }) => {
      const address = addressOf(host);
      return address === undefined || dialers.every((node) => speaks(node, familyOf(address)));
    }) ?? endpoints[0]
  );
}

/** Whether the node has an address of that family. A node that publishes no address may have any. */
export function speaks(node: MeshNode, family: 4 | 6): boolean {
  const own = [...node.spec.internalIPs, ...node.spec.endpoints.map(({ host }) => host)]
    .map(addressOf)
    .filter((address) => address !== undefined);
  return own.length === 0 || own.some((address) => familyOf(address) === family);
}
