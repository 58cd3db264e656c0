/**
 * The other nodes of the own location, and how packets get to them: straight over the underlay, or carried in something.
 */
import type { MeshSpec } from '../api/mesh.js';
import type { MeshNode } from '../api/meshNode.js';
import { addressOf, contains, familyOf, formatAddress, parseCidr } from '../net/cidr.js';
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

/** How a node sends to another by each type of carrier. */
const CARRIERS: Readonly<Record<EncapsulationType, (self: MeshNode, node: MeshNode) => Via>> = {
  vxlan(self, node) {
    const via = bothHave(internalByFamily(self), internalByFamily(node), () => VXLAN_INTERFACE);
    return via[outerFamily(self)] === undefined ? {} : via;
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
