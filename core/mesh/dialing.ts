/**
 * Which of several addresses of a gateway to dial: the first one that all its dialers have a way to. A node without IPv4 cannot use an
 * IPv4 endpoint, and could only wait to be dialled. Unique local addresses (RFC 4193) lead to no global one of IPv6, where private IPv4
 * leads anywhere, by NAT.
 */
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, familyOf } from '../net/cidr.js';
import { isWithin } from '../net/sets.js';
import { perObject } from '../memory/perObject.js';

type Endpoint = MeshNode['spec']['endpoints'][number];

/** If none fits, one of a family that all have; else, or if nothing is known of the dialers, the first. A DNS name may resolve to any. */
export function endpointFor(endpoints: readonly Endpoint[], dialers: readonly MeshNode[]): Endpoint | undefined {
  const [ways, families] = [hasWayTo, hasFamilyOf].map((fits) =>
    endpoints.find(({ host }) => {
      const address = addressOf(host);
      return address === undefined || dialers.every((node) => fits(node, address));
    }),
  );
  return ways ?? families ?? endpoints[0];
}

/** Those of `addresses`, of one name, that `node` has a way to, IPv4 first; all of them, if it has a way to none. */
export function dialable(addresses: readonly string[], node: MeshNode | undefined): readonly string[] {
  const sorted = addresses.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')) || (a < b ? -1 : 1));
  const fitting = node === undefined ? [] : sorted.filter((address) => hasWayTo(node, address));
  return fitting.length === 0 ? sorted : fitting;
}

/** Whether the node has an address that leads to `address`. A node that publishes no address may have any. */
function hasWayTo(node: MeshNode, address: string): boolean {
  const own = addressesOf(node);
  return (
    own.length === 0 || own.some((each) => familyOf(each) === familyOf(address) && (!isWithin(address, GLOBAL) || !isWithin(each, LOCAL)))
  );
}

/** Whether the node has an address of the family of `address`. One that publishes no address may have any. */
export function hasFamilyOf(node: MeshNode, address: string): boolean {
  const own = addressesOf(node);
  return own.length === 0 || own.some((each) => familyOf(each) === familyOf(address));
}

const addressesOf = perObject(({ spec }: MeshNode): readonly string[] =>
  [...spec.internalIPs, ...spec.endpoints.map(({ host }) => host)].map(addressOf).filter((address) => address !== undefined),
);

/** Of IPv6 (RFC 4291, RFC 4193). */
const GLOBAL = ['2000::/3'];
const LOCAL = ['fc00::/7'];
