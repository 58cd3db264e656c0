/**
 * How Kilo's traces are removed, in an order in which no packet is without a route: first what directs packets, last what they may still
 * enter by. `kilo0` is not removed here: it becomes ours, or goes with our devices.
 */
import { type Family, familyName } from '../net/family.js';
import type { KiloFirewall, KiloRoute, KiloRule, KiloTraces, Variant } from './traces.js';

export type KiloStep =
  /** A line for `ip -batch`, of one family. */
  | { readonly kind: 'ip'; readonly family: Family; readonly line: string }
  /** What `<variant>-restore --noflush` reads: all of a table at once or nothing. */
  | { readonly kind: 'iptables'; readonly variant: Variant; readonly input: string };

export function kiloRemoval({ routes, rules, addresses, firewalls }: KiloTraces): readonly KiloStep[] {
  return [
    ...rules.map((rule): KiloStep => ({ kind: 'ip', family: rule.family, line: `rule del ${ruleText(rule)}` })),
    ...routes.map((route): KiloStep => ({ kind: 'ip', family: familyName(route.dst), line: `route del ${routeText(route)}` })),
    ...firewalls.map((firewall): KiloStep => ({ kind: 'iptables', variant: firewall.variant, input: restoreText(firewall) })),
    ...addresses.flatMap(({ dev, address, alone }): KiloStep[] => [
      { kind: 'ip', family: familyName(address), line: `addr del ${address} dev ${dev}` },
      // It is the kernel's own and cannot be deleted (kernel net/ipv4/ip_tunnel.c).
      ...(alone && dev !== 'kilo0' ? [{ kind: 'ip', family: 'inet', line: `link set ${dev} down` } as const] : []),
    ]),
  ];
}

/** A step as a command, for people. */
export function stepText(step: KiloStep): string {
  if (step.kind === 'ip') return `ip ${step.family === 'inet6' ? '-6 ' : ''}${step.line}`;
  const [head = '', ...lines] = step.input.trimEnd().split('\n');
  return lines
    .filter((line) => line !== 'COMMIT')
    .map((line) => `${step.variant} -t ${head.slice(1)} ${line}`)
    .join('\n');
}

function ruleText({ priority, from, iif, to }: KiloRule): string {
  return `priority ${priority} from ${from ?? 'all'} to ${to}${iif === undefined ? '' : ` iif ${iif}`} table 1107`;
}

/** Without a metric the kernel matches any; gateway, device and protocol match only Kilo's. */
function routeText({ dst, via, dev, table }: KiloRoute): string {
  return `${dst}${via === undefined ? '' : ` via ${via}`} dev ${dev} table ${table} proto static`;
}

function restoreText({ table, rules, chains, held }: KiloFirewall): string {
  return [
    `*${table}`,
    ...rules.map((rule) => rule.replace('-A ', '-D ')),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.filter((chain) => !held.includes(chain)).map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n');
}
