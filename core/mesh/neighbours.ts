/**
 * The other nodes of the own segment, and how packets get to them: straight over the underlay, or in VXLAN.
 */
import type { MeshSpec } from '../api/mesh.js';
import type { MeshNode } from '../api/meshNode.js';
import { contains, parseAddress, parseCidr } from '../net/cidr.js';
import { hash32 } from '../net/hash.js';
import { VXLAN_INTERFACE, VXLAN_PORT, VXLAN_VNI, type VxlanDevice } from './plan.js';
import { internalAddresses, present, segmentName } from './segments.js';

export interface Neighbour {
  readonly node: MeshNode;
  /** Its internal address, which is also its next hop and its VTEP. */
  readonly address: string;
  readonly encapsulated: boolean;
}

export function neighboursOf(self: MeshNode, nodes: readonly MeshNode[], encapsulation: MeshSpec['encapsulation']): Neighbour[] {
  const own = segmentName(self);
  return present(nodes)
    .filter((node) => node.metadata.name !== self.metadata.name && segmentName(node) === own)
    .flatMap((node) => {
      const address = internalAddresses(node)[0];
      return address === undefined ? [] : [{ node, address, encapsulated: isEncapsulated(self, node, encapsulation) }];
    });
}

/** The device for the neighbours that are reached in VXLAN; undefined: there are none. */
export function planVxlan(self: MeshNode, neighbours: readonly Neighbour[], underlayMtu: number): VxlanDevice | undefined {
  const local = internalAddresses(self)[0];
  const encapsulated = neighbours.filter((each) => each.encapsulated);
  if (local === undefined || encapsulated.length === 0) return undefined;
  return {
    name: VXLAN_INTERFACE,
    vni: VXLAN_VNI,
    port: VXLAN_PORT,
    mtu: underlayMtu - (local.includes(':') ? 70 : 50),
    local,
    mac: vtepMac(local),
    neighbours: encapsulated.map(({ node, address }) => ({ node: node.metadata.name, address, mac: vtepMac(address) })),
  };
}

/** A locally administered MAC that every node can work out from the address alone: no learning, no announcements. */
export function vtepMac(address: string): string {
  const parsed = parseAddress(address);
  const bits = parsed?.family === 4 ? Number(parsed.bits) : hash32(address);
  const bytes = [0x02, 0x6b, (bits >>> 24) & 0xff, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Symmetric, so that both ends have the device: across a subnet border as soon as one of the two sees one. */
function isEncapsulated(a: MeshNode, b: MeshNode, encapsulation: MeshSpec['encapsulation']): boolean {
  if (encapsulation !== 'crosssubnet') return encapsulation === 'always';
  return !(sharesNetwork(a, b) && sharesNetwork(b, a));
}

function sharesNetwork(from: MeshNode, to: MeshNode): boolean {
  const network = parseCidr(from.spec.internalIPs[0] ?? '');
  const address = parseCidr(internalAddresses(to)[0] ?? '');
  return network !== undefined && address !== undefined && contains(network, address);
}
