/**
 * Change: one step from what a host holds towards its plan. Each is idempotent, and says nothing about how it is carried out.
 */
import type { EncapsulationDevice } from '../mesh/encapsulation/device.js';
import type { Firewall } from '../mesh/plan.js';
import type { ForwardChain, HostNexthop, HostRoute, HostRule } from './state.js';

export type Change =
  | { readonly kind: 'sysctl.set'; readonly name: string; readonly value: string }
  /** Makes the device, by the kernel or by a userspace process. */
  | { readonly kind: 'wireguard.add'; readonly name: string }
  | {
      readonly kind: 'wireguard.configure';
      readonly name: string;
      readonly listenPort?: number;
      readonly key: boolean;
      readonly publicKey: string;
    }
  /** Makes the device of the encapsulation; it is down. */
  | { readonly kind: 'device.add'; readonly device: EncapsulationDevice }
  | { readonly kind: 'vxlan.set'; readonly name: string; readonly local?: string; readonly mac?: string }
  /** `listenPort`: the UDP port that WireGuard in the kernel binds when the link goes up. */
  | { readonly kind: 'link.set'; readonly name: string; readonly mtu: number; readonly listenPort?: number }
  | { readonly kind: 'link.delete'; readonly name: string }
  | PeerSet
  | { readonly kind: 'peer.delete'; readonly interface: string; readonly publicKey: string }
  /** On `lo` where no device is named. */
  | { readonly kind: 'address.add'; readonly address: string; readonly dev?: string }
  | { readonly kind: 'address.delete'; readonly address: string; readonly dev?: string }
  | { readonly kind: 'neighbour.set'; readonly dev: string; readonly address: string; readonly mac: string }
  | { readonly kind: 'neighbour.delete'; readonly dev: string; readonly address: string }
  | { readonly kind: 'fdb.set'; readonly dev: string; readonly mac: string; readonly address: string }
  | { readonly kind: 'fdb.delete'; readonly dev: string; readonly mac: string; readonly address: string }
  | { readonly kind: 'nexthop.set'; readonly id: number; readonly nexthop: HostNexthop }
  | { readonly kind: 'nexthop.delete'; readonly id: number }
  /** `spread`: of the resilient type, which the group has for its whole life. */
  | { readonly kind: 'group.set'; readonly id: number; readonly members: readonly number[]; readonly spread?: boolean }
  | { readonly kind: 'group.delete'; readonly id: number }
  | { readonly kind: 'route.set'; readonly route: HostRoute }
  | { readonly kind: 'route.delete'; readonly route: HostRoute }
  | { readonly kind: 'rule.add'; readonly rule: HostRule }
  | { readonly kind: 'rule.delete'; readonly rule: HostRule }
  /** `elements`: the same by changing elements of sets only, where possible. If that fails, the whole table is loaded. */
  | { readonly kind: 'firewall.set'; readonly firewall: Firewall; readonly elements?: string }
  | { readonly kind: 'firewall.delete' }
  /** In a FORWARD chain of iptables. */
  | { readonly kind: 'forward.add'; readonly chain: ForwardChain; readonly rule: string }
  | { readonly kind: 'forward.delete'; readonly chain: ForwardChain; readonly rule: string }
  | { readonly kind: 'bridge.set'; readonly name: string; readonly mtu: number }
  /** `over`: the content of our file as we know it; absent: no file. */
  | { readonly kind: 'cni.write'; readonly text: string; readonly over?: string }
  | { readonly kind: 'cni.delete' }
  /** Renames a configuration of somebody else, and renames it back; `file` is its name before that. */
  | { readonly kind: 'cni.disable'; readonly file: string }
  | { readonly kind: 'cni.restore'; readonly file: string }
  /** Connections to these prefixes that were translated, from before we had a route. */
  | { readonly kind: 'conntrack.forget'; readonly prefixes: readonly string[] };

/** Attributes that are absent stay as they are. */
export interface PeerSet {
  readonly kind: 'peer.set';
  readonly interface: string;
  readonly publicKey: string;
  readonly endpoint?: string;
  /** `null` removes it. */
  readonly presharedKey?: string | null;
  readonly persistentKeepalive?: number;
  readonly allowedIPs?: readonly string[];
}

export type ChangeKind = Change['kind'];

/** The change of one kind, in the form in which TypeScript sees that a table by kind fits it. */
export type ChangeOf<K extends ChangeKind = ChangeKind> = { [P in K]: { readonly kind: P } & Extract<Change, { kind: P }> }[K];

/** A function for every kind of change. */
export type ByKind<R> = { readonly [K in ChangeKind]: (change: ChangeOf<K>) => R };

/** The changes of one part of the host: what is set, in order, and what is removed once nothing needs it. */
export interface Difference {
  readonly set: readonly Change[];
  readonly remove: readonly Change[];
}
