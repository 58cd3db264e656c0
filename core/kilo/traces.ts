/**
 * KiloTraces: what Kilo's own agent has put on a host, as far as that is certain.
 *
 * Kilo marks little. Its iptables rules carry comments; its routes are `proto static`, without a metric, and lead to
 * `kilo0`, `tunl0`, or on-link to a node that its own rules name; its rules have no protocol and lead to table 1107.
 */
import type { Family } from '../net/family.js';

export interface KiloTraces {
  readonly routes: readonly KiloRoute[];
  readonly rules: readonly KiloRule[];
  readonly addresses: readonly KiloAddress[];
  readonly firewalls: readonly KiloFirewall[];
}

export interface KiloRoute {
  readonly dst: string;
  readonly table: number;
  readonly dev: string;
  readonly via?: string;
}

export interface KiloRule {
  readonly family: Family;
  readonly priority: number;
  /** One of the two. */
  readonly from?: string;
  readonly iif?: string;
  readonly to: string;
}

export interface KiloAddress {
  readonly dev: string;
  /** With its prefix length. */
  readonly address: string;
  /** Nobody else has an address on the device. */
  readonly alone: boolean;
}

/** Which of the kernel's two packet filters that `iptables` may mean holds the rules, and of which family. */
export const VARIANTS = ['iptables-nft', 'ip6tables-nft', 'iptables-legacy', 'ip6tables-legacy'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface KiloFirewall {
  readonly variant: Variant;
  readonly table: string;
  /** Of the built-in chains, as `iptables-save` prints them: `-A INPUT …`. */
  readonly rules: readonly string[];
  /** Chains to be emptied. */
  readonly chains: readonly string[];
  /** Those of them that somebody else's rule jumps to, which keeps them from being removed. */
  readonly held: readonly string[];
}

/** What is on a host, and whether Kilo's agent runs and would put it back. */
export interface KiloOnHost {
  /** Evidence that its agent runs, for people; absent: it does not run. */
  readonly running?: string;
  readonly traces: KiloTraces;
}

export const NO_TRACES: KiloTraces = { routes: [], rules: [], addresses: [], firewalls: [] };

export function isTraceless({ routes, rules, addresses, firewalls }: KiloTraces): boolean {
  return routes.length + rules.length + addresses.length + firewalls.length === 0;
}
