/**
 * NodePlan: everything that one node's host must hold for the mesh, as plain sorted data.
 *
 * `core/mesh` computes it, `core/host` compares it with the host, the CLI prints it. Equal inputs give equal plans, whatever the order of
 * nodes and peers in them.
 *
 * Routes never name a gateway. They point at a nexthop group, one per remote segment, and only the group says which plane is in use. So a
 * failover is one group replace (docs/architecture.md).
 */
import type { Family } from '../net/family.js';
import type { EncapsulationDevice, EncapsulationFilter } from './encapsulation/device.js';
import type { NexthopName, NexthopTarget } from './nexthopName.js';
import type { Probing } from './probing.js';
import type { Problem } from '../api/problem.js';

export interface NodePlan {
  readonly node: string;
  readonly role: { readonly kind: 'gateway'; readonly slot: number } | { readonly kind: 'member' };
  readonly meshAddresses: readonly string[];
  /** WireGuard interfaces, one per plane; none on a member. */
  readonly interfaces: readonly WireguardInterface[];
  /** Our own device that carries packets inside the location; absent: none is needed. */
  readonly encapsulation?: EncapsulationDevice;
  readonly nexthops: readonly Nexthop[];
  readonly groups: readonly NexthopGroup[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  /** Absent: no tunnel ends at this node, or nothing is encapsulated. */
  readonly tunnelRules?: readonly TunnelRule[];
  /** Devices of others that packets of the mesh may enter by whatever the route back, so filtered loosely; absent: none. */
  readonly looseFilters?: readonly string[];
  readonly firewall: Firewall;
  /** What the FORWARD chains of iptables must let through; absent: they are left alone. */
  readonly forward?: ForwardRules;
  /** The CNI configuration for this node's pods; absent: another network plugin provides it. */
  readonly cni?: Cni;
  /** Absent: there is nothing to choose and nobody to probe. */
  readonly probing?: Probing;
  /** What could not be planned, and why. The rest of the plan is carried out all the same. */
  readonly problems: readonly Problem[];
}

export interface WireguardInterface {
  /** `kilo<plane>`. */
  readonly name: string;
  readonly plane: number;
  readonly listenPort: number;
  readonly mtu: number;
  readonly peers: readonly WireguardPeer[];
}

export interface WireguardPeer {
  readonly publicKey: string;
  readonly presharedKey?: string;
  /** `address:port` or `[address]:port`; absent: the peer dials us. */
  readonly endpoint?: string;
  /** Where other nodes observe it, the likeliest first: tried in turn while nothing arrives. Absent: nobody observes it elsewhere. */
  readonly observedEndpoints?: readonly string[];
  /** Seconds; 0: off. */
  readonly persistentKeepalive: number;
  readonly allowedIPs: readonly string[];
  readonly owner: PeerOwner;
  /** The remote segment whose gateway it is. */
  readonly segment: string;
  /** The id of the member that the segment belongs to; absent: it is of this cluster, or an external peer's. */
  readonly member?: string;
}

/** Whom a tunnel leads to: a gateway, or an external peer by the name of its Peer. `subjectText` has it as text. */
export interface PeerOwner {
  readonly kind: 'gateway' | 'peer';
  readonly name: string;
}

/** A kernel nexthop object. Ids are hashes of names in a range of our own, so that a restarted agent finds its own. */
export interface Nexthop {
  readonly id: number;
  /** What the id is a hash of: `plane/0`, `node/east-a1`. */
  readonly name: string;
  /** An interface name, of ours or of a network plugin; `underlay`: the device that holds the node's internal address of the family. */
  readonly dev: string;
  readonly via?: string;
  readonly family: Family;
}

export interface NexthopGroup {
  readonly id: number;
  readonly name: string;
  /** The remote segment it leads to, e.g. `location:eu`, `west/location:`. */
  readonly segment: string;
  /** The segment is an external peer, which may have its tunnel with any one of several gateways of ours. */
  readonly externalPeer?: true;
  /** Every path there, in order of preference. Probing chooses among these. */
  readonly paths: readonly GroupPath[];
  /** The nexthop ids in use now, a non-empty subset of the paths'. */
  readonly active: readonly number[];
  /** All good paths share the flows (a resilient group, which keeps a flow where it is); absent: one has all. */
  readonly spread?: boolean;
}

/** By a plane of this node, or by a gateway of its segment. */
export type GroupPath = NexthopTarget & {
  /** The plane, and so the remote slot; or the slot of the own gateway. */
  readonly slot: number;
  readonly nexthop: number;
  readonly name: NexthopName;
};

/** A route of ours; every one carries ROUTE_PROTOCOL. */
export interface Route {
  readonly dst: string;
  readonly table: number;
  readonly metric: number;
  readonly to:
    | { readonly kind: 'group'; readonly id: number }
    | { readonly kind: 'nexthop'; readonly id: number }
    | { readonly kind: 'device'; readonly dev: string }
    /** The guard behind a remote prefix: without its tunnel, traffic is refused, not leaked. */
    | { readonly kind: 'unreachable' };
  /** Preferred source address. */
  readonly src?: string;
}

interface Rule {
  readonly priority: number;
  /** Where neither `from` nor `to` tells it. */
  readonly family?: Family;
  readonly from?: string;
  readonly to?: string;
  readonly table: number;
}

/** `iif <dev> lookup <table>`, one per interface and family: what comes out of a tunnel. */
interface TunnelRule {
  readonly priority: number;
  readonly family: Family;
  readonly iif: string;
  readonly table: number;
}

/** The contents of the nft table `inet kilofed`. */
export interface Firewall {
  /** TCP MSS is clamped to the route's MTU on what leaves by these. */
  readonly clampInterfaces: readonly string[];
  /**
   * WireGuard's own packets neither enter nor leave a tunnel, nor have one of these mesh addresses for their sender; absent: no tunnels
   * here.
   */
  readonly tunnels?: { readonly ports: readonly number[]; readonly addresses: readonly string[] };
  /** Who may send to the device of the encapsulation; absent: there is none. */
  readonly encapsulation?: EncapsulationFilter;
  /** Who may send probes: canonical CIDRs in address order, none inside another; absent: nothing is probed here. */
  readonly probes?: readonly string[];
  /** Absent: nothing is translated. */
  readonly nat?: Nat;
  /** Absent: no network plugin is there that might translate. */
  readonly kept?: KeptSources;
  /** Which packets of other members are let in; absent: there is no other member. */
  readonly members?: MemberFilter;
}

/** What other members may reach at this node (memberFilter.ts). Ranges are canonical CIDRs in address order, none inside another. */
export interface MemberFilter {
  /** Packets that are not let in are counted, and pass all the same. */
  readonly audit: boolean;
  /** By name. No address is in the ranges of two. None: everything is let in. */
  readonly members: readonly MemberAccess[];
  /** What every member may reach on this node. */
  readonly exported: readonly ExportedEndpoint[];
  /** What every member may reach on any node, at all ports. */
  readonly open: readonly string[];
  /** What other nodes of the cluster judge. */
  readonly elsewhere: readonly string[];
}

export interface MemberAccess {
  readonly name: string;
  /** Where its packets come from. */
  readonly ranges: readonly string[];
  /** What it may reach on this node beside what all may. */
  readonly exported: readonly ExportedEndpoint[];
}

/** A canonical address, a protocol and a port: `10.42.1.7 TCP 80`. */
export type ExportedEndpoint = `${string} ${'TCP' | 'UDP' | 'SCTP'} ${number}`;

/** Whose packets get this node's address, and towards whom. All lists are canonical CIDRs in address order, none inside another. */
export interface Nat {
  /** Senders that are translated except towards `known`: pods of this node, and external peers. */
  readonly from: readonly string[];
  /** All prefixes of the mesh. Packets to them keep their source address. */
  readonly known: readonly string[];
  /** Networks beside the nodes of the own location. They have no route to the mesh, so whatever comes from `known` is translated. */
  readonly location: readonly string[];
}

/** Packets between two of these, or from one to another, keep their source, whatever rules of a network plugin say. Lists as in a Nat. */
export interface KeptSources {
  /** Pods of the own cluster. */
  readonly pods: readonly string[];
  /** What is reached through tunnels. */
  readonly remote: readonly string[];
}

/** Accepted in FORWARD chains: everything by devices of ours, and everything to and from these pods. */
export interface ForwardRules {
  readonly podCIDRs: readonly string[];
}

/** Our part of the node's CNI configuration. */
export interface Cni {
  /** Where pods get their addresses from: at most one CIDR per family, IPv4 first. */
  readonly podCIDRs: readonly string[];
  /** Fits through every tunnel of the node, bytes. */
  readonly mtu: number;
  /** What happens to configurations of others that would win: `disable` renames them. */
  readonly others: 'keep' | 'disable';
}
