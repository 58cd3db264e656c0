/**
 * The MTU of tunnels.
 *
 * A tunnel's packets follow the path to its far end, which need not leave by the underlay: a location may have large frames inside and
 * 1,500 bytes outside. Encapsulation inside a location carries nothing larger than the tunnels do, so a packet that fits at the first node
 * fits everywhere. Hence no route needs an MTU of its own: the first node of the mesh answers a larger packet with "too big".
 *
 * Below 1280 bytes the kernel removes IPv6 from a device (RFC 8200, section 5), for everybody behind it. So no tunnel and no VXLAN device
 * is smaller, however small the path. There the underlay fragments the outer packets, which costs speed but loses no traffic.
 */
import { IPV6_MIN_MTU } from '../net/family.js';
import type { MeshInput } from './input.js';
import type { Problem } from '../api/problem.js';

/** Of this node's tunnels, bytes. On a node without tunnels: of those that a gateway on such a network would have. */
export function tunnelMtu({ mesh, underlayMtu, pathMtu }: Pick<MeshInput, 'mesh' | 'underlayMtu' | 'pathMtu'>): number {
  return mesh.mtu ?? Math.max(IPV6_MIN_MTU, (pathMtu ?? underlayMtu) - WIREGUARD_OVERHEAD);
}

/** A problem where tunnels are larger than the smallest path takes. */
export function mtuProblems({ mesh, node, underlayMtu, pathMtu = underlayMtu }: MeshInput): Problem[] {
  if (mesh.mtu !== undefined || pathMtu - WIREGUARD_OVERHEAD >= IPV6_MIN_MTU) return [];
  return [
    {
      subject: { kind: 'node', name: node },
      reason: 'SmallMTU',
      message: `something on the path to a gateway takes ${pathMtu} bytes, and tunnels need ${IPV6_MIN_MTU + WIREGUARD_OVERHEAD}`,
      remedy: 'their packets are split, which is slow. Give it a larger MTU, or write spec.mtu of the Mesh to have this as it is',
    },
  ];
}

/** WireGuard adds 80 bytes to a packet over IPv6, 60 over IPv4; 80 serves both. */
const WIREGUARD_OVERHEAD = 80;
