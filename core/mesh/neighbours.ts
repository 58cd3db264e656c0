/**
 * The other nodes of the own location, and how packets get to them: straight over the underlay, or carried in something.
 */
import type { MeshSpec } from '../api/mesh.js';
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, contains, familyOf, formatAddress, parseAddress, parseCidr } from '../net/cidr.js';
import { hash32 } from '../net/hash.js';
import { FLANNEL_DEVICE, IPIP_INTERFACE, type Nexthop, VXLAN_INTERFACE } from './plan.js';
import { present, siteName } from './segments.js';

export type Family = Nexthop['family'];
export type EncapsulationType = MeshSpec['encapsulationType'];

export interface Neighbour {
  readonly node: MeshNode;
  /** Its next hop for each family in which this node can send to it. */
  readonly via: Via;
  /** Absent: straight over the underlay. */
  readonly carriedIn?: EncapsulationType;
}

export type Via = Readonly<Partial<Record<Family, Hop>>>;

export interface Hop {
  /** As in a Nexthop. */
  readonly dev: string;
  readonly address: string;
}

export const FAMILIES: readonly Family[] = ['inet', 'inet6'];

/** Sorted by name. */
export function neighboursOf(self: MeshNode, nodes: readonly MeshNode[], mesh: Pick<MeshSpec, 'granularity' | 'encapsulation' | 'encapsulationType'>): Neighbour[] {
  const site = siteName(self, mesh.granularity);
  return present(nodes)
    .filter((node) => node.metadata.name !== self.metadata.name && siteName(node, mesh.granularity) === site)
    .map((node) =>
      isEncapsulated(self, node, mesh.encapsulation)
        ? { node, via: CARRIERS[mesh.encapsulationType](self, node), carriedIn: mesh.encapsulationType }
        : { node, via: bothHave(internalByFamily(self), internalByFamily(node), () => 'underlay') },
    );
}

/** Whether a network plugin carries pods inside the location, so that we must not. */
export function leavesPods(type: EncapsulationType): boolean {
  return type === 'flannel' || type === 'cilium';
}

/** The node's end of a tunnel of that type, of the family that it stands on; undefined: it has none. */
export function carrierAddress(node: MeshNode, type: EncapsulationType): string | undefined {
  if (type === 'cilium') return node.spec.cniCompatibilityIP;
  return internalByFamily(node)[type === 'vxlan' ? outerFamily(node) : 'inet'];
}

export function familyName(text: string): Family {
  return familyOf(text) === 4 ? 'inet' : 'inet6';
}

/** A VXLAN device has one address on the underlay, and so one family: IPv4 where the node has it. */
export function outerFamily(node: MeshNode): Family {
  return internalByFamily(node).inet === undefined ? 'inet6' : 'inet';
}

/** Where a node takes VXLAN from one whose device stands on `outer`. */
export function vtepAddress(node: MeshNode, outer: Family): string | undefined {
  return internalByFamily(node)[outer];
}

/** A locally administered MAC that every node can work out from the address alone: no learning, no announcements. */
export function vtepMac(address: string): string {
  const parsed = parseAddress(address);
  const bits = parsed?.family === 4 ? Number(parsed.bits) : hash32(address);
  const bytes = [0x02, 0x6b, (bits >>> 24) & 0xff, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The link-local address that a device of that MAC has: EUI-64 (RFC 4291, appendix A). */
function linkLocal(mac: string): string {
  const [first = 0n, ...rest] = mac.split(':').map((byte) => BigInt(`0x${byte}`));
  const bytes = [first ^ 2n, ...rest.slice(0, 2), 0xffn, 0xfen, ...rest.slice(2)];
  return formatAddress(6, (0xfe80n << 112n) | bytes.reduce((bits, byte) => (bits << 8n) | byte, 0n));
}

/** How a node sends to another by each type of carrier. */
const CARRIERS: Readonly<Record<EncapsulationType, (self: MeshNode, node: MeshNode) => Via>> = {
  vxlan(self, node) {
    const via = bothHave(internalByFamily(self), internalByFamily(node), () => VXLAN_INTERFACE);
    const vtep = vtepAddress(node, outerFamily(self));
    if (vtep === undefined) return {};
    // IPv6 refuses a next hop that lies in the network of another device, as neighbours do (kernel ip6_route_check_nh_onlink).
    return { ...via, ...(via.inet6 === undefined ? {} : { inet6: { ...via.inet6, address: linkLocal(vtepMac(vtep)) } }) };
  },
  ipip: (self, node) => ipipBetween(carrierAddress(self, 'ipip'), carrierAddress(node, 'ipip')),
  cilium: (self, node) => ipipBetween(carrierAddress(self, 'cilium'), carrierAddress(node, 'cilium')),
  // flannel gives each node the first address of its pod network, and has a neighbour and an FDB entry for it (flannel pkg/backend/vxlan).
  flannel: (self, node) => bothHave(firstOfPods(self), firstOfPods(node), (family) => FLANNEL_DEVICE[family]),
};

type Addresses = Readonly<Partial<Record<Family, string>>>;

function bothHave(mine: Addresses, theirs: Addresses, dev: (family: Family) => string): Via {
  return Object.fromEntries(FAMILIES.flatMap((family) => {
    const address = theirs[family];
    return mine[family] === undefined || address === undefined ? [] : [[family, { dev: dev(family), address }]];
  }));
}

function ipipBetween(mine: string | undefined, theirs: string | undefined): Via {
  return mine === undefined || theirs === undefined ? {} : { inet: { dev: IPIP_INTERFACE, address: theirs } };
}

/** The first internal address of each family, canonical. */
function internalByFamily(node: MeshNode): Addresses {
  return firstByFamily(node.spec.internalIPs.map(addressOf).filter((address) => address !== undefined));
}

function firstOfPods(node: MeshNode): Addresses {
  return firstByFamily(node.spec.podCIDRs.map(parseCidr).filter((cidr) => cidr !== undefined).map(({ family, first }) => formatAddress(family, first)));
}

function firstByFamily(addresses: readonly string[]): Addresses {
  return Object.fromEntries(addresses.toReversed().map((address) => [familyName(address), address]));
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
