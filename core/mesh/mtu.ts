/**
 * How large a packet may be.
 *
 * Tunnels follow the ways to their ends, which need not leave by the underlay: a location may have large frames inside and
 * 1,500 bytes outside. What a location carries in packets of its own is no larger than what goes on into a tunnel, so that a
 * packet which fits at the first node fits everywhere. Hence no route needs an MTU of its own: a larger packet from elsewhere
 * is answered with "too big" by the first node of the mesh that it meets.
 */
import type { MeshInput } from './input.js';

/** Of this node's tunnels; where it has none, of those that a gateway on the same kind of network would have. Bytes. */
export function tunnelMtu({ mesh, underlayMtu, pathMtu }: Pick<MeshInput, 'mesh' | 'underlayMtu' | 'pathMtu'>): number {
  return mesh.mtu ?? (pathMtu ?? underlayMtu) - WIREGUARD_OVERHEAD;
}

/** WireGuard adds 80 bytes to a packet over IPv6, 60 over IPv4; 80 serves both. */
const WIREGUARD_OVERHEAD = 80;
