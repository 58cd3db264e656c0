/**
 * Small plans for tests, made from a description of what matters in them.
 */
import type { NodePlan, Route, WireguardPeer } from '../../core/mesh/plan.js';
import { GUARD_METRIC, NEXTHOP_BASE, ROUTE_METRIC } from '../../core/mesh/reserved.js';

/** A valid WireGuard key that is told by a word. */
export function keyOf(word: string): string {
  return Buffer.from(word.padEnd(32, '.').slice(0, 32)).toString('base64');
}

export interface Remote {
  /** Of the remote segment; also the name of its gateways, with the plane's number. */
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly endpoint?: string;
  readonly presharedKey?: string;
  /** Which plane is in use; default 0. */
  readonly active?: number;
  /** Distinguishes a gateway that was replaced. */
  readonly generation?: number;
}

interface Description {
  readonly planes?: number;
  readonly address?: string;
  readonly remotes: readonly Remote[];
  /** Base port of the planes. */
  readonly port?: number;
}

/** The plan of a gateway: every remote segment has one gateway per plane, and a group that leads to the active one. */
export function gatewayPlan({ planes = 2, address = '10.4.0.1', remotes, port = 51820 }: Description): NodePlan {
  const plane = (index: number): number => NEXTHOP_BASE + 1 + index;
  const group = (remote: Remote): number => NEXTHOP_BASE + 100 + hash(remote.name);
  const indices = Array.from({ length: planes }, (_, index) => index);
  return {
    node: 'a',
    role: { kind: 'gateway', slot: 0 },
    meshAddresses: [address],
    interfaces: indices.map((index) => ({
      name: `kilo${index}`,
      plane: index,
      listenPort: port + index,
      mtu: 1420,
      peers: remotes.map((remote) => peerOf(remote, index)).toSorted((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
    })),
    nexthops: indices.map((index) => ({ id: plane(index), name: `plane/${index}`, dev: `kilo${index}`, family: 'inet' as const })),
    groups: remotes.map((remote) => ({
      id: group(remote),
      name: remote.name,
      segment: remote.name,
      paths: [],
      active: [plane(remote.active ?? 0)],
    })),
    routes: remotes.flatMap((remote) =>
      remote.prefixes.flatMap((dst): Route[] => [
        { dst, table: 254, metric: ROUTE_METRIC, to: { kind: 'group', id: group(remote) } },
        { dst, table: 254, metric: GUARD_METRIC, to: { kind: 'unreachable' } },
      ]),
    ),
    rules: [],
    firewall: { clampInterfaces: indices.map((index) => `kilo${index}`) },
    problems: [],
  };
}

export function remoteKey(name: string, index: number, generation = 0): string {
  return keyOf(`${name}-${index}-${generation}`);
}

function peerOf(remote: Remote, index: number): WireguardPeer {
  return {
    publicKey: remoteKey(remote.name, index, remote.generation),
    ...(remote.endpoint === undefined ? {} : { endpoint: remote.endpoint }),
    ...(remote.presharedKey === undefined ? {} : { presharedKey: remote.presharedKey }),
    persistentKeepalive: 0,
    allowedIPs: remote.prefixes,
    owner: { kind: 'gateway', name: `${remote.name}${index}` },
    segment: remote.name,
  };
}

/** Small and stable. */
function hash(text: string): number {
  return Buffer.from(text).reduce((sum, byte) => (sum * 31 + byte) % 10_007, 7);
}
