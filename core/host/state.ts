/**
 * HostState: what a host holds now of the things we own, as plain data with the keys that the kernel itself uses.
 *
 * Ours are: links `kilo<n>`, `kilovx` and `kiloip`, addresses on `lo` with metric ROUTE_METRIC, nexthops, routes and rules with
 * ROUTE_PROTOCOL (rules also by priority), neighbours and FDB of `kilovx`, and the nft table `inet kilofed`. Everything
 * else is somebody else's and never appears here, except the underlay and the devices of network plugins, which are only read.
 */

import type { ForwardState } from './forward.js';

export interface HostState {
  /** Unix seconds of the observation; handshake ages are measured against it. */
  readonly at: number;
  /** The device that holds the node's internal address; absent: not found. */
  readonly underlay?: Underlay;
  readonly links: ReadonlyMap<string, Link>;
  /** Devices of network plugins that packets of ours may go by, those that are there. */
  readonly pluginDevices: ReadonlySet<string>;
  /** By interface. A WireGuard link that is missing here has nobody behind it who answers `wg`. */
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
  /** What the nft table says, as `firewallFacts`; absent: no table. */
  readonly firewall?: readonly string[];
  /** Rules of ours in the FORWARD chains of iptables that the host has; absent: it has none. */
  readonly forward?: ForwardState;
  /** The folder of CNI configurations; absent: it cannot be seen from here. */
  readonly cni?: CniFolder;
  /** The bridge of the pods that our CNI configuration names; absent: no pod has needed it yet. */
  readonly podBridge?: { readonly mtu: number };
  /** By path below /proc/sys; only what exists. */
  readonly sysctls: ReadonlyMap<string, string>;
}

export interface CniFolder {
  /** What our file says; absent: there is none. */
  readonly own?: string;
  /** Names of the configurations of others, in the order in which container runtimes read them. */
  readonly others: readonly string[];
  /** Names, as they are now, of those that were disabled by us. */
  readonly disabled: readonly string[];
}

export interface Underlay {
  readonly dev: string;
  readonly mtu: number;
}

export interface Link {
  readonly name: string;
  /** `tun` is what userspace WireGuard makes. */
  readonly kind: 'wireguard' | 'tun' | 'vxlan' | 'ipip';
  readonly up: boolean;
  readonly mtu: number;
  /** IPv4 addresses of its own, each a network by itself; absent: none. */
  readonly addresses?: readonly string[];
  readonly vxlan?: VxlanLink;
  /** Of an IPIP device: its own end; empty: any. */
  readonly local?: string;
}

export interface VxlanLink {
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
  readonly family: 'inet' | 'inet6';
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
  /** Ours by its protocol, but of a shape we never write. */
  | { readonly kind: 'foreign' };

export interface HostRule {
  readonly priority: number;
  readonly family: 'inet' | 'inet6';
  readonly from?: string;
  readonly to?: string;
  /** What comes in by this device. */
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
  return `${rule.priority} ${rule.family} ${rule.from ?? 'all'} ${rule.to ?? 'all'} ${rule.iif ?? 'any'} ${rule.sport ?? 'any'} ${rule.table}`;
}

/** A host on which nothing of ours is. */
export const EMPTY_HOST: HostState = {
  at: 0,
  links: new Map(),
  pluginDevices: new Set(),
  wireguard: new Map(),
  addresses: new Set(),
  neighbours: new Map(),
  fdb: new Map(),
  nexthops: new Map(),
  groups: new Map(),
  routes: new Map(),
  rules: new Map(),
  sysctls: new Map(),
};
