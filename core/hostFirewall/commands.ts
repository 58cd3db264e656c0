/**
 * The command that opens a firewall for what the mesh needs, in the terms of whoever keeps that firewall.
 */
import type { Packet } from './packet.js';
import type { Fate } from './judge.js';
import type { FirewallTable } from './ruleset.js';

/** in: UDP ports of this host. out: what it sends by UDP. forward: between the devices of the mesh and the pods. */
export type Opening =
  | { readonly kind: 'in'; readonly from: number; readonly to: number }
  | { readonly kind: 'out' }
  | { readonly kind: 'forward'; readonly devices: readonly string[]; readonly podCIDRs: readonly string[] };

interface Closed {
  readonly fate: Fate;
  readonly packet: Packet;
  readonly opening: Opening;
}

/** For a root shell of the host. */
export function commandFor(table: FirewallTable, closed: Closed): string {
  switch (keeperOf(table)) {
    case 'firewalld':
      return firewallCmd(table, closed);
    case 'ufw':
      return ufw(closed.opening);
    case 'iptables':
      return iptables(table, closed);
    default:
      return nft(table, closed);
  }
}

function keeperOf({ family, name, chains }: FirewallTable): 'firewalld' | 'ufw' | 'iptables' | 'nft' {
  const names = [...chains.keys()];
  if (name === 'firewalld') return 'firewalld';
  if (names.some((each) => /^ufw6?-/.test(each))) return 'ufw';
  return name === 'filter' && family !== 'inet' && names.some((each) => /^(INPUT|FORWARD|OUTPUT)$/.test(each)) ? 'iptables' : 'nft';
}

/** Of packets that the host sends, it keeps no list. */
function firewallCmd(table: FirewallTable, closed: Closed): string {
  const { fate, opening } = closed;
  switch (opening.kind) {
    case 'in': {
      const zone = /^filter_IN_(\w+)$/.exec(fate.chain)?.[1];
      return changeFirewalld([...(zone === undefined ? [] : [`--zone=${zone}`]), `--add-port=${rangeOf(opening, '-')}/udp`]);
    }
    case 'out':
      return nft(table, closed);
    default:
      return changeFirewalld([
        '--zone=trusted',
        ...opening.devices.map((each) => `--add-interface=${each}`),
        ...opening.podCIDRs.map((each) => `--add-source=${each}`),
      ]);
  }
}

function changeFirewalld(change: readonly string[]): string {
  return `firewall-cmd --permanent ${change.join(' ')} && firewall-cmd --reload`;
}

function ufw(opening: Opening): string {
  switch (opening.kind) {
    case 'in':
      return `ufw allow ${rangeOf(opening, ':')}/udp`;
    case 'out':
      return 'ufw allow out proto udp from any to any';
    default:
      return opening.devices.flatMap((each) => [`ufw route allow in on ${each}`, `ufw route allow out on ${each}`]).join(' && ');
  }
}

function iptables({ family, chains }: FirewallTable, { fate, opening }: Closed): string {
  const insert = (chain: string, match: string): string => `${family === 'ip6' ? 'ip6tables' : 'iptables'} -I ${chain} ${match} -j ACCEPT`;
  switch (opening.kind) {
    case 'in':
      return insert(fate.base, `-p udp --dport ${rangeOf(opening, ':')}`);
    case 'out':
      return insert(fate.base, '-p udp');
    default: {
      const chain = chains.has(DOCKER) ? DOCKER : fate.base;
      return `${insert(chain, '-i kilo+')} && ${insert(chain, '-o kilo+')}, or spec.forwardRules: true in the Mesh`;
    }
  }
}

/** What Docker leaves to people, and never clears. */
const DOCKER = 'DOCKER-USER';

function nft({ family, name }: FirewallTable, { fate, opening }: Closed): string {
  const insert = (match: string): string => `nft insert rule ${family} ${name} ${fate.base} ${match} accept`;
  switch (opening.kind) {
    case 'in':
      return insert(`udp dport ${rangeOf(opening, '-')}`);
    case 'out':
      return insert('meta l4proto udp');
    default:
      return `${insert(`iifname '"kilo*"'`)} && ${insert(`oifname '"kilo*"'`)}`;
  }
}

function rangeOf({ from, to }: Extract<Opening, { readonly kind: 'in' }>, between: string): string {
  return from === to ? String(from) : `${from}${between}${to}`;
}
