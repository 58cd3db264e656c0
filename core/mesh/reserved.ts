/**
 * The names and numbers by which things on a host are ours. Whatever else the host holds is left alone.
 */

/** Route and nexthop protocol number: what carries it on a host is ours. Kilo's HTTP port was 1107; 107 is free in rt_protos. */
export const ROUTE_PROTOCOL = 107;

/** The kernel's main routing table. */
export const MAIN_TABLE = 254;
/** The table for packets from own pods and from tunnels to the location's nodes themselves. */
export const RULE_TABLE = 1107;
/** Priorities 1107 to 1116 of `ip rule` are ours. */
export const RULE_PRIORITY = 1107;
/** Priority of the rules for probes. */
export const PROBE_PRIORITY = RULE_PRIORITY + 2;
/** Table of the probes by plane p: this + p. */
export const PLANE_TABLE = 1110;
/** Table of the probes by the own gateway in slot s: this + s. */
export const RELAY_TABLE = 1120;

/** Metric of routes that carry traffic. */
export const ROUTE_METRIC = 107;
/** Metric of the guard behind them. */
export const GUARD_METRIC = 4_000_000_107;

/** Nexthop ids of ours lie in [NEXTHOP_BASE, NEXTHOP_BASE + 2^28). */
export const NEXTHOP_BASE = 0x4000_0000;

/** All names of our devices begin with it; `kilo<plane>` are the WireGuard interfaces. */
export const INTERFACE_PREFIX = 'kilo';
/** The bridge that pods of this node hang on: Kilo's, so that pods stay on it when a node moves over. */
export const POD_BRIDGE = 'kube-bridge';
export const NFT_TABLE = 'kilofed';
