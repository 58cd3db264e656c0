/**
 * How large a packet may be.
 *
 * Tunnels follow the ways to their ends, which need not leave by the underlay: a location may have large frames inside and
 * 1,500 bytes outside. What a location carries in packets of its own is no larger than what goes on into a tunnel, so that a
 * packet which fits at the first node fits everywhere. Hence no route needs an MTU of its own: a larger packet from elsewhere
 * is answered with "too big" by the first node of the mesh that it meets.
 *
 * Below 1280 bytes the kernel takes IPv6 from a device (RFC 8200, section 5), for everybody behind it. So no tunnel and no VXLAN
 * is smaller, however small a way is: there the underlay splits the outer packets, which costs speed and nobody's traffic.
 */
import type { MeshInput } from './input.js';
import type { Problem } from './plan.js';

/** Of this node's tunnels; where it has none, of those that a gateway on the same kind of network would have. Bytes. */
export function tunnelMtu({ mesh, underlayMtu, pathMtu }: Pick<MeshInput, 'mesh' | 'underlayMtu' | 'pathMtu'>): number {
  return mesh.mtu ?? Math.max(SMALLEST_MTU, (pathMtu ?? underlayMtu) - WIREGUARD_OVERHEAD);
}

/** Said where tunnels are larger than fits the smallest way. */
export function mtuProblems({ mesh, node, underlayMtu, pathMtu = underlayMtu }: MeshInput): Problem[] {
  if (mesh.mtu !== undefined || pathMtu - WIREGUARD_OVERHEAD >= SMALLEST_MTU) return [];
  return [{
    subject: `node ${node}`,
    reason: 'SmallMTU',
    message: `something on the way to a gateway takes ${pathMtu} bytes, and tunnels need ${SMALLEST_MTU + WIREGUARD_OVERHEAD}: their packets are split, which is slow. Give it a larger MTU, or write spec.mtu of the Mesh to have this as it is`,
  }];
}

/** What IPv6 needs of a device, bytes. */
export const SMALLEST_MTU = 1280;

/** WireGuard adds 80 bytes to a packet over IPv6, 60 over IPv4; 80 serves both. */
const WIREGUARD_OVERHEAD = 80;
