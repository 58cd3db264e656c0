/**
 * NodePlan: everything one node's host must hold for the mesh, as plain sorted data.
 *
 * `core/mesh` computes it, `core/host` diffs it against what the host has, the CLI prints it. Two equal inputs give two
 * equal plans, whatever the order of nodes and peers in them.
 *
 * Routes never name a gateway: they point at a nexthop group, one per remote segment, and only the group says which
 * plane is in use. A failover is one group replace (docs/architecture.md).
 */

export interface NodePlan {
  readonly node: string;
  readonly role: { readonly kind: 'gateway'; readonly slot: number } | { readonly kind: 'member' };
  readonly meshAddresses: readonly string[];
  /** WireGuard interfaces, one per plane; none on a member. */
  readonly interfaces: readonly WireguardInterface[];
  /** The VXLAN device of the location; absent when nothing is encapsulated. */
  readonly vxlan?: VxlanDevice;
  /** The IPIP device of the location, likewise. */
  readonly ipip?: IpipDevice;
  readonly nexthops: readonly Nexthop[];
  readonly groups: readonly NexthopGroup[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  /** Absent: this node ends no tunnel, or encapsulates nothing. */
  readonly tunnelRules?: readonly TunnelRule[];
  /** Devices that are not ours, by which packets of the mesh may come in whatever the way back; absent: none. */
  readonly looseFilters?: readonly string[];
  readonly firewall: Firewall;
  /** What the FORWARD chains of iptables are told to let through; absent: they are left alone. */
  readonly forward?: ForwardRules;
  /** How pods of this node get their network; absent: by another network plugin. */
  readonly cni?: Cni;
  /** Absent: nothing here has a choice to make, and nobody to ask. */
  readonly probing?: Probing;
  /** What could not be planned, and why; never a reason to stop. */
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
  /** Where others hear it, the likeliest first: tried in turn while nothing comes from where it was last heard or is wanted; absent: nowhere else. */
  readonly heard?: readonly string[];
  /** Seconds; 0: off. */
  readonly persistentKeepalive: number;
  readonly allowedIPs: readonly string[];
  /** Who this is, for people: `node east-a1`, `peer laptop`. */
  readonly owner: string;
}

export interface VxlanDevice {
  /** `kilovx`. */
  readonly name: string;
  readonly vni: number;
  /** UDP. */
  readonly port: number;
  readonly mtu: number;
  /** Own address on the underlay. */
  readonly local: string;
  readonly mac: string;
  readonly neighbours: readonly VxlanNeighbour[];
}

/** A tunnel without a far end of its own: every packet goes to the next hop of its route (kernel net/ipv4/ip_tunnel.c). IPv4 in IPv4. */
export interface IpipDevice {
  /** `kiloip`. */
  readonly name: string;
  readonly mtu: number;
  /** Own address on the underlay. */
  readonly local: string;
}

/** A static FDB entry, and the neighbour entries that lead to it. */
export interface VxlanNeighbour {
  readonly node: string;
  /** Its VTEP: where VXLAN to it is sent on the underlay. */
  readonly address: string;
  readonly mac: string;
  /** The next hops on the device that have this MAC: its own IPv4 address, and for IPv6 the link-local one that the MAC gives. */
  readonly hops: readonly string[];
}

/** A kernel nexthop object. Ids are hashes of names in a range of our own, so that a restarted agent finds its own. */
export interface Nexthop {
  readonly id: number;
  /** What the id was made of: `plane/0`, `node/east-a1`. */
  readonly name: string;
  /** An interface name, of ours or of a network plugin; `underlay` stands for the device that holds the node's internal address. */
  readonly dev: string;
  readonly via?: string;
  readonly family: 'inet' | 'inet6';
}

export interface NexthopGroup {
  readonly id: number;
  readonly name: string;
  /** The remote segment it leads to, e.g. `location:eu`, `west/location:`. */
  readonly segment: string;
  /** Every way there, in slot order. Probing chooses among these. */
  readonly candidates: readonly GroupCandidate[];
  /** The nexthop ids in use now, a non-empty subset of the candidates'. */
  readonly active: readonly number[];
  /** All good ways share the flows (a resilient group, which keeps a flow where it is); absent: one has all. */
  readonly spread?: boolean;
}

export interface GroupCandidate {
  /** On a gateway: the plane, so the remote slot. On a member: the slot of the own gateway. */
  readonly slot: number;
  readonly nexthop: number;
  readonly name: string;
}

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

export interface Rule {
  readonly priority: number;
  /** Where neither `from` nor `to` tells it. */
  readonly family?: 'inet' | 'inet6';
  readonly from?: string;
  readonly to?: string;
  readonly table: number;
}

/** `iif <dev> lookup <table>`, one per interface and family: what comes out of a tunnel. */
export interface TunnelRule {
  readonly priority: number;
  readonly family: 'inet' | 'inet6';
  readonly iif: string;
  readonly table: number;
}

/**
 * Whom this node asks whether it works, and by which ways. An own UDP source port stands for a way: a rule sends what comes
 * from it to a table that holds nothing but that way, so a probe goes where it is meant to, whatever the routes say.
 */
export interface Probing {
  /** `iif lo ipproto udp sport <port> lookup <table>`: locally made packets only, not those that are forwarded. */
  readonly rules: readonly ProbeRule[];
  readonly paths: readonly ProbePath[];
  /** The other nodes of the own segment, sorted by name. */
  readonly kin: readonly ProbeTarget[];
}

export interface ProbeRule {
  readonly priority: number;
  readonly family: 'inet' | 'inet6';
  readonly sport: number;
  readonly table: number;
}

export interface ProbePath {
  /** `near/east-a1`, `tunnel/0/location:eu`, `through/east-a1`, `around/0/location:eu`. */
  readonly name: string;
  /**
   * near: to a gateway of the own segment, by the ordinary route. tunnel: to the gateway in slot `slot` of `segment`, by our plane of that number.
   * through: by the gateway `node` of the own segment, in slot `slot`, to one of several remote gateways. around: as tunnel, but by
   * whatever way traffic takes: when that is not its own tunnel, the answer says that the gateway lives.
   */
  readonly kind: 'near' | 'tunnel' | 'through' | 'around';
  readonly slot: number;
  readonly node?: string;
  readonly segment?: string;
  /** UDP source port. */
  readonly from: number;
  /** The plane by which the answer is to come; absent: by the ordinary route. */
  readonly answerVia?: number;
  /** Of a tunnel: the far end begins, so that no two handshakes cross. WireGuard answers both and completes neither, and tries again after five seconds. */
  readonly yields?: true;
  /** Never empty; more than one only of a `through` path, which asks them in turn. */
  readonly targets: readonly ProbeTarget[];
}

export interface ProbeTarget {
  readonly name: string;
  readonly publicKey: string;
  /** A mesh address. */
  readonly address: string;
  /** Of a remote gateway: its segment. */
  readonly segment?: string;
}

/** The contents of the nft table `inet kilofed`. */
export interface Firewall {
  /** TCP MSS is clamped to the route's MTU on what leaves by these. */
  readonly clampInterfaces: readonly string[];
  /** WireGuard's own packets neither enter nor leave a tunnel, nor have one of these mesh addresses for their sender; absent: no tunnels here. */
  readonly tunnels?: { readonly ports: readonly number[]; readonly addresses: readonly string[] };
  /** VXLAN is taken only from these underlay addresses; absent: no VXLAN here, no rule. */
  readonly vxlan?: { readonly port: number; readonly from: readonly string[] };
  /** IPIP to `local` is taken only from these addresses; absent: no IPIP of ours here, no rule. */
  readonly ipip?: { readonly local: string; readonly from: readonly string[] };
  /** Absent: nothing is translated. */
  readonly nat?: Nat;
}

/** Who takes this node's own address towards whom. All lists are canonical CIDRs in address order, none inside another. */
export interface Nat {
  /** Senders that are translated wherever they go but `known`: pods of this node, and people's peers. */
  readonly from: readonly string[];
  /** All prefixes of the mesh. What goes there keeps its sender's address. */
  readonly known: readonly string[];
  /** Networks of the own location beyond its nodes: they know no address of the mesh, so whatever comes from `known` is translated. */
  readonly location: readonly string[];
}

/** All that comes from or goes to devices of ours, and these pods. */
export interface ForwardRules {
  readonly podCIDRs: readonly string[];
}

/** What the CNI configuration of this node says, as far as it is ours. */
export interface Cni {
  /** Where pods get their addresses from: at most one CIDR per family, IPv4 first. */
  readonly podCIDRs: readonly string[];
  /** What fits through every tunnel of the node. */
  readonly mtu: number;
  /** Configurations of others that would win: `disable` renames them. */
  readonly others: 'keep' | 'disable';
}

export interface Problem {
  /** `peer laptop`, `node east-a1`, `mesh`. */
  readonly subject: string;
  readonly reason: string;
  readonly message: string;
}

/** Route and nexthop protocol number: what carries it on a host is ours. Kilo's HTTP port was 1107; 107 is free in rt_protos. */
export const ROUTE_PROTOCOL = 107;
/** The routing table of the rules below. */
export const MAIN_TABLE = 254;
export const RULE_TABLE = 1107;
/** Priorities 1107..1116 of `ip rule` are ours. */
export const RULE_PRIORITY = 1107;
/** Priority of the rules for probes; their tables, by plane and by slot of an own gateway. */
export const PROBE_PRIORITY = RULE_PRIORITY + 2;
export const PLANE_TABLE = 1110;
export const THROUGH_TABLE = 1120;
/** UDP. Probes are answered at PROBE_PORT, and sent from it by the ordinary routes; from PLANE_PROBE_PORT + p by plane p; from THROUGH_PROBE_PORT + s by the own gateway in slot s. */
export const PROBE_PORT = 51810;
export const PLANE_PROBE_PORT = PROBE_PORT + 1;
export const THROUGH_PROBE_PORT = PROBE_PORT + 5;
/** Metric of routes that carry traffic, and of the guard behind them. */
export const ROUTE_METRIC = 107;
export const GUARD_METRIC = 4_000_000_107;
/** Nexthop ids of ours lie in [NEXTHOP_BASE, NEXTHOP_BASE + 2^28). */
export const NEXTHOP_BASE = 0x4000_0000;
export const INTERFACE_PREFIX = 'kilo';
export const VXLAN_INTERFACE = 'kilovx';
export const IPIP_INTERFACE = 'kiloip';
/** Devices of network plugins that packets of ours may go by; never made, altered or removed by us. */
export const FLANNEL_DEVICE = { inet: 'flannel.1', inet6: 'flannel-v6.1' } as const;
export const CILIUM_HOST = 'cilium_host';
export const VXLAN_PORT = 51819;
export const VXLAN_VNI = 1107;
/** The bridge that pods of this node hang on: Kilo's, so that pods stay on it when a node moves over. */
export const POD_BRIDGE = 'kube-bridge';
export const NFT_TABLE = 'kilofed';
