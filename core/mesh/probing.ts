/**
 * What one node probes, as its plan says it.
 *
 * A UDP source port of its own stands for a path: a rule sends what comes from it to a table that holds nothing but that path, so a probe
 * goes where it is meant to, whatever the routes say.
 */
import type { Family } from '../net/family.js';

export interface Probing {
  /** `iif lo ipproto udp sport <port> lookup <table>`: locally made packets only, not those that are forwarded. */
  readonly rules: readonly ProbeRule[];
  readonly paths: readonly ProbePath[];
  /** The other nodes of the own segment, sorted by name. */
  readonly segmentPeers: readonly ProbeTarget[];
  /** Who is answered beside those that this node probes itself; absent: nobody. */
  readonly senders?: readonly ProbeSenders[];
}

/** Nodes that may probe this one. */
export interface ProbeSenders {
  /** Absent: of the own cluster. */
  readonly member?: string;
  /** Canonical CIDRs in address order. */
  readonly prefixes: readonly string[];
}

export interface ProbeRule {
  readonly priority: number;
  readonly family: Family;
  readonly sport: number;
  readonly table: number;
}

/** What tells a probed path from all others of its node. */
export type ProbePathId =
  /**
   * lan: to the gateway `node` of the own segment, by the ordinary route. relay: through that gateway to one of several remote gateways.
   */
  | { readonly kind: 'lan' | 'relay'; readonly node: string }
  /**
   * tunnel: to the gateway in slot `slot` of `segment`, by our plane of that number. alternate: to the same, but by whatever path traffic
   * takes: when that is not its own tunnel, the answer says that the gateway lives.
   */
  | { readonly kind: 'tunnel' | 'alternate'; readonly slot: number; readonly segment: string };

export type ProbePath = ProbePathId & {
  /** Made by `pathName`. */
  readonly name: PathName;
  /** Of the gateway: in its segment, the own or the remote one. */
  readonly slot: number;
  /** UDP source port. */
  readonly from: number;
  /** The plane by which the answer is to come; absent: by the ordinary route. */
  readonly answerVia?: number;
  /**
   * Of a tunnel: the far end begins, so that no two handshakes cross. WireGuard answers both and completes neither, and tries again after
   * five seconds.
   */
  readonly yields?: true;
  /** Never empty; more than one only of a relay path, which asks them in turn. */
  readonly targets: readonly ProbeTarget[];
};

export interface ProbeTarget {
  readonly name: string;
  readonly publicKey: string;
  /** A mesh address. */
  readonly address: string;
  /** Of a remote gateway: its segment. */
  readonly segment?: string;
  /** Of a gateway of another member: that one's id. */
  readonly member?: string;
}

/** `lan/east-a1`, `tunnel/0/location:eu`: the key of a probed path, and what logs and metrics call it. Made here only, and never parsed. */
export type PathName = `${'lan' | 'relay'}/${string}` | `${'tunnel' | 'alternate'}/${number}/${string}`;

export function pathName(id: ProbePathId): PathName {
  return 'node' in id ? `${id.kind}/${id.node}` : `${id.kind}/${id.slot}/${id.segment}`;
}
