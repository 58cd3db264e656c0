/**
 * The other nodes of the own location, and how packets get to them: straight over the underlay, or in VXLAN.
 */
import type { MeshSpec } from '../api/mesh.js';
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, contains, familyOf, parseAddress, parseCidr } from '../net/cidr.js';
import { hash32 } from '../net/hash.js';
import { type Nexthop, VXLAN_INTERFACE, VXLAN_PORT, VXLAN_VNI, type VxlanDevice } from './plan.js';
import { present, siteName } from './segments.js';

export type Family = Nexthop['family'];

export interface Neighbour {
  readonly node: MeshNode;
  /** Its next hop for each family that both nodes have an internal address of: its own address. */
  readonly via: Readonly<Partial<Record<Family, string>>>;
  readonly encapsulated: boolean;
}

export const FAMILIES: readonly Family[] = ['inet', 'inet6'];

/** Sorted by name. */
export function neighboursOf(self: MeshNode, nodes: readonly MeshNode[], { granularity, encapsulation }: Pick<MeshSpec, 'granularity' | 'encapsulation'>): Neighbour[] {
  const site = siteName(self, granularity);
  const outer = outerFamily(self);
  const mine = internalByFamily(self);
  return present(nodes)
    .filter((node) => node.metadata.name !== self.metadata.name && siteName(node, granularity) === site)
    .map((node) => {
      const encapsulated = isEncapsulated(self, node, encapsulation);
      const theirs = internalByFamily(node);
      const via = Object.fromEntries(FAMILIES.flatMap((family) => (mine[family] === undefined || theirs[family] === undefined ? [] : [[family, theirs[family]]])));
      return { node, encapsulated, via: encapsulated && via[outer] === undefined ? {} : via };
    });
}

/** The device for the neighbours that are reached in VXLAN; undefined: there are none. */
export function planVxlan(self: MeshNode, neighbours: readonly Neighbour[], underlayMtu: number): VxlanDevice | undefined {
  const outer = outerFamily(self);
  const inner = outer === 'inet' ? 'inet6' : 'inet';
  const local = internalByFamily(self)[outer];
  const entries = neighbours.flatMap(({ node, via, encapsulated }) => {
    const address = via[outer];
    if (!encapsulated || address === undefined) return [];
    const second = via[inner];
    return [{ node: node.metadata.name, address, mac: vtepMac(address), ...(second === undefined ? {} : { second }) }];
  });
  if (local === undefined || entries.length === 0) return undefined;
  return {
    name: VXLAN_INTERFACE,
    vni: VXLAN_VNI,
    port: VXLAN_PORT,
    mtu: underlayMtu - VXLAN_OVERHEAD[outer],
    local,
    mac: vtepMac(local),
    neighbours: entries,
  };
}

/** A locally administered MAC that every node can work out from the address alone: no learning, no announcements. */
export function vtepMac(address: string): string {
  const parsed = parseAddress(address);
  const bits = parsed?.family === 4 ? Number(parsed.bits) : hash32(address);
  const bytes = [0x02, 0x6b, (bits >>> 24) & 0xff, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function familyName(text: string): Family {
  return familyOf(text) === 4 ? 'inet' : 'inet6';
}

/** Outer Ethernet, IP, UDP and VXLAN headers, in bytes. */
const VXLAN_OVERHEAD: Readonly<Record<Family, number>> = { inet: 50, inet6: 70 };

/** The first internal address of each family, canonical. */
function internalByFamily(node: MeshNode): Partial<Record<Family, string>> {
  return Object.fromEntries(
    node.spec.internalIPs.map(addressOf).filter((address) => address !== undefined).toReversed().map((address) => [familyName(address), address]),
  );
}

/** A VXLAN device has one address on the underlay, and so one family: IPv4 where the node has it. */
function outerFamily(node: MeshNode): Family {
  return internalByFamily(node).inet === undefined ? 'inet6' : 'inet';
}

/** Symmetric, so that both ends have the device: across a subnet border as soon as one of the two sees one. */
function isEncapsulated(a: MeshNode, b: MeshNode, encapsulation: MeshSpec['encapsulation']): boolean {
  if (encapsulation !== 'crosssubnet') return encapsulation === 'always';
  return !(sharesNetwork(a, b) && sharesNetwork(b, a));
}

function sharesNetwork(from: MeshNode, to: MeshNode): boolean {
  const family = outerFamily(from);
  const network = from.spec.internalIPs.map(parseCidr).find((cidr, index) => cidr !== undefined && familyName(from.spec.internalIPs[index] ?? '') === family);
  const address = parseCidr(internalByFamily(to)[family] ?? '');
  return network !== undefined && address !== undefined && contains(network, address);
}
