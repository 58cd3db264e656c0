/**
 * How large a packet may be.
 */
import type { MeshInput } from './input.js';

/** Of this node's tunnels; where it has none, of those that a gateway on the same kind of network would have. Bytes. */
export function tunnelMtu({ mesh, underlayMtu }: Pick<MeshInput, 'mesh' | 'underlayMtu'>): number {
  return mesh.mtu ?? underlayMtu - WIREGUARD_OVERHEAD;
}

/** WireGuard adds 80 bytes to a packet over IPv6, 60 over IPv4; 80 serves both. */
const WIREGUARD_OVERHEAD = 80;
