/**
 * The nft table `inet kilofed`: its text, loaded as one transaction, and the facts by which an observed table is compared.
 *
 * nft prints a ruleset differently from version to version, so the text is never compared. Every rule carries a comment
 * that says all that it depends on; those and the elements of the sets are the facts.
 */
import { NFT_TABLE, type Firewall } from '../mesh/plan.js';
import { canonicalAddress, familyOf } from './text.js';

/** Sorted. Empty: no table is wanted. */
export function firewallFacts(firewall: Firewall): readonly string[] {
  const { clampInterfaces, vxlan } = firewall;
  return [
    ...(clampInterfaces.length === 0 ? [] : [fact.rule('forward', CLAMP)]),
    ...clampInterfaces.map((name) => fact.element('clamp', name)),
    ...(vxlan === undefined ? [] : [fact.rule('input', vxlanComment('ip', vxlan.port)), fact.rule('input', vxlanComment('ip6', vxlan.port))]),
    ...(vxlan?.from ?? []).map((address) => fact.element(vtepSet(address), canonicalAddress(address))),
  ].toSorted();
}

/** What `nft -f -` reads: the old table goes and the new one comes in one transaction. */
export function firewallText(firewall: Firewall): string {
  const { clampInterfaces, vxlan } = firewall;
  const vteps = (vxlan?.from ?? []).map(canonicalAddress);
  const lines = [
    ...(clampInterfaces.length === 0
      ? []
      : [
          setText('clamp', 'ifname', clampInterfaces.map((name) => `"${name}"`)),
          '  chain forward {',
          '    type filter hook forward priority mangle; policy accept;',
          `    oifname @clamp tcp flags syn / syn,rst tcp option maxseg size set rt mtu comment "${CLAMP}"`,
          '  }',
        ]),
    ...(vxlan === undefined
      ? []
      : [
          setText('vtep4', 'ipv4_addr', vteps.filter((address) => familyOf(address) === 'inet')),
          setText('vtep6', 'ipv6_addr', vteps.filter((address) => familyOf(address) === 'inet6')),
          '  chain input {',
          '    type filter hook input priority filter; policy accept;',
          `    udp dport ${vxlan.port} ip saddr != @vtep4 drop comment "${vxlanComment('ip', vxlan.port)}"`,
          `    udp dport ${vxlan.port} ip6 saddr != @vtep6 drop comment "${vxlanComment('ip6', vxlan.port)}"`,
          '  }',
        ]),
  ];
  return [...DROP_TABLE, `table inet ${NFT_TABLE} {`, ...lines, '}', ''].join('\n');
}

/** Removes the table, and is content when there is none. */
export const FIREWALL_REMOVAL: string = `${firewallRemoval().join('\n')}\n`;

export const fact = {
  rule: (chain: string, comment: string): string => `rule ${chain}: ${comment}`,
  element: (set: string, value: string): string => `element ${set}: ${value}`,
} as const;

const CLAMP = 'kilofed: clamp mss to route mtu';
const DROP_TABLE = firewallRemoval();

function firewallRemoval(): readonly string[] {
  return [`table inet ${NFT_TABLE}`, `delete table inet ${NFT_TABLE}`];
}

function vxlanComment(family: 'ip' | 'ip6', port: number): string {
  return `kilofed: ${family} vxlan ${port} only from the location`;
}

function setText(name: string, type: string, elements: readonly string[]): string {
  return `  set ${name} { type ${type}; ${elements.length === 0 ? '' : `elements = { ${elements.join(', ')} }; `}}`;
}

function vtepSet(address: string): string {
  return familyOf(address) === 'inet' ? 'vtep4' : 'vtep6';
}
