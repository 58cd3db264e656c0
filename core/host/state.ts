/**
 * HostState: what a host holds of the things that we own, as plain data with the kernel's own keys.
 *
 * Ours are: links `kilo<n>`, `kilovx` and `kiloip`, addresses on `lo` with metric ROUTE_METRIC, nexthops, routes and rules with
 * ROUTE_PROTOCOL (rules also by priority), neighbours and FDB of `kilovx`, and the nft table `inet kilofed`. Everything else belongs to
 * others and never appears here, except the underlay and the devices of network plugins, which are only read.
 */

import type { Family } from '../net/family.js';
import type { DeviceKind } from '../mesh/encapsulation/device.js';

export interface HostState {
  /** When this was observed, Unix seconds; handshake ages are relative to it. */
  readonly at: number;
  /** The devices that hold the node's internal addresses; absent: not found. */
  readonly underlay?: Underlay;
  readonly links: ReadonlyMap<string, Link>;
  /** The devices of network plugins that are there and that our packets may use. */
  readonly pluginDevices: ReadonlySet<string>;
  /** By interface. A WireGuard link that is missing here did not answer `wg`. */
  readonly wireguard: ReadonlyMap<string, WireguardState>;
  /** Mesh addresses on `lo`, canonical, without prefix length. */
  readonly addresses: ReadonlySet<string>;
  /** Static neighbours of the VXLAN device: address to MAC. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** Static FDB of the VXLAN device: MAC to underlay address. */
  readonly fdb: ReadonlyMap<string, string>;
  readonly nexthops: ReadonlyMap<number, HostNexthop>;
  /** Members of each group, ascending. A resilient group is never altered into another type, nor the other way round. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** By `routeKey`. */
  readonly routes: ReadonlyMap<string, HostRoute>;
  /** By `ruleKey`. */
  readonly rules: ReadonlyMap<string, HostRule>;
  /** The nft table as `firewallFacts`; absent: no table. */
  readonly firewall?: readonly string[];
  /** Rules of ours in the FORWARD chains of iptables that the host has; absent: it has none. */
  readonly forward?: ForwardState;
  /** The folder of CNI configurations; absent: it is not visible here. */
  readonly cni?: CniFolder;
  /** The pod bridge that our CNI configuration names; absent: no pod has needed it yet. */
  readonly podBridge?: { readonly mtu: number };
  /** IPv6 is switched off on this host; absent: it is not. */
  readonly withoutIpv6?: true;
  /** By path below /proc/sys; only what exists. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** The FORWARD chains that a host may have: of iptables-nft, and of the older iptables-legacy. */
export const FORWARD_CHAINS = ['nft ip', 'nft ip6', 'legacy ip', 'legacy ip6'] as const;
export type ForwardChain = (typeof FORWARD_CHAINS)[number];

/** Rules of ours by chain; a chain that is missing is not on this host. */
export type ForwardState = ReadonlyMap<ForwardChain, ReadonlySet<string>>;

export interface CniFolder {
  /** The content of our file; absent: there is none. */
  readonly own?: string;
  /** Names of the configurations of others, in the order in which container runtimes read them. */
  readonly others: readonly string[];
  /** Current names of those that we disabled. */
  readonly disabled: readonly string[];
}

export interface Underlay {
  /** Holds the node's internal IPv4 address; without one, that of IPv6. */
  readonly dev: string;
  readonly mtu: number;
  /** The device of the internal IPv6 address, where that is another one; absent: it is `dev`. */
  readonly inet6?: Pick<Underlay, 'dev' | 'mtu'>;
}

export interface Link {
  readonly name: string;
  /** `tun` is what userspace WireGuard makes. */
  readonly kind: 'wireguard' | 'tun' | DeviceKind;
  readonly up: boolean;
  readonly mtu: number;
  /** IPv4 addresses of its own, each a network by itself; absent: none. */
  readonly addresses?: readonly string[];
  readonly vxlan?: VxlanLink;
  /** Of an IPIP device: its own end; empty: any. */
  readonly local?: string;
}

interface VxlanLink {
  readonly vni: number;
  readonly port: number;
  readonly local: string;
  readonly mac: string;
}

export interface WireguardState {
  /** Absent: no private key yet. */
  readonly publicKey?: string;
  readonly listenPort: number;
  readonly peers: ReadonlyMap<string, PeerState>;
}

export interface PeerState {
  readonly endpoint?: string;
  readonly presharedKey?: string;
  /** Seconds; 0: off. */
  readonly persistentKeepalive: number;
  /** Canonical and sorted. */
  readonly allowedIPs: readonly string[];
  /** Unix seconds; 0: never. */
  readonly lastHandshake: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface HostNexthop {
  readonly dev: string;
  readonly via?: string;
  readonly family: Family;
  /** The gateway need not lie in a network of the device. Always so for ours that have a gateway. */
  readonly onlink: boolean;
}

export interface HostRoute {
  readonly dst: string;
  readonly table: number;
  readonly metric: number;
  readonly to: RouteTarget;
  readonly src?: string;
}

export type RouteTarget =
  | { readonly kind: 'group'; readonly id: number }
  | { readonly kind: 'nexthop'; readonly id: number }
  | { readonly kind: 'device'; readonly dev: string }
  | { readonly kind: 'unreachable' }
  /** Ours by its protocol, but of a form that we never write. */
  | { readonly kind: 'foreign' };

export interface HostRule {
  readonly priority: number;
  readonly family: Family;
  readonly from?: string;
  readonly to?: string;
  /** Matches what enters by this device. */
  readonly iif?: string;
  /** UDP source port. */
  readonly sport?: number;
  readonly table: number;
}

/** The kernel's own identity of a route (metric is part of it in both families). */
export function routeKey(route: Pick<HostRoute, 'dst' | 'table' | 'metric'>): string {
  return `${route.table} ${route.dst} ${route.metric}`;
}

export function ruleKey(rule: HostRule): string {
  const { priority, family, from = 'all', to = 'all', iif = 'any', sport = 'any', table } = rule;
  return `${priority} ${family} ${from} ${to} ${iif} ${sport} ${table}`;
}
