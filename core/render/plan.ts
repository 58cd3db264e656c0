/**
 * A NodePlan as text: what a node's host is to hold, for people to read and for tests to compare. Keys that are secret are
 * not shown.
 */
import type { NodePlan, Route, WireguardPeer } from '../mesh/plan.js';
import { renderTable } from './table.js';

const TABLE_NAMES: Readonly<Record<number, string>> = { 254: 'main' };

export function renderPlan(plan: NodePlan): string {
  const sections = [
    heading(plan),
    ...plan.interfaces.map(({ name, listenPort, mtu, peers }) => [`${name}: WireGuard, port ${listenPort}, MTU ${mtu}`, indented(PEER_COLUMNS, peers.map(peerRow))].filter((text) => text !== '').join('\n')),
    vxlanSection(plan),
    plan.ipip === undefined ? '' : `${plan.ipip.name}: IPIP, MTU ${plan.ipip.mtu}, local ${plan.ipip.local}`,
    section('nexthops', ['ID', 'NAME', 'FAMILY', 'DEVICE', 'VIA'], plan.nexthops.map(({ id, name, family, dev, via }) => [String(id), name, family, dev, via ?? ''])),
    section('nexthop groups', ['ID', 'NAME', 'WAYS (* in use)'], groupRows(plan)),
    section('routes', ['TABLE', 'DESTINATION', 'METRIC', 'TO', 'SOURCE'], plan.routes.map((route) => routeRow(route, plan))),
    section('rules', ['PRIORITY', 'MATCH', 'TABLE'], ruleRows(plan)),
    section('firewall', ['WHAT', 'WHERE'], firewallRows(plan)),
    section('problems', ['SUBJECT', 'REASON', 'MESSAGE'], plan.problems.map(({ subject, reason, message }) => [subject, reason, message])),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function heading({ node, role, meshAddresses }: NodePlan): string {
  const as = role.kind === 'gateway' ? `gateway in slot ${role.slot}` : 'member';
  return `node ${node}: ${as}, mesh address ${meshAddresses.join(' and ')}`;
}

const PEER_COLUMNS = ['PEER', 'PUBLIC KEY', 'ENDPOINT', 'KEEPALIVE', 'ALLOWED IPS'];

function peerRow({ owner, publicKey, presharedKey, endpoint, persistentKeepalive, allowedIPs }: WireguardPeer): string[] {
  return [
    owner,
    `${publicKey}${presharedKey === undefined ? '' : ' (and a preshared key)'}`,
    endpoint ?? '(dials us)',
    persistentKeepalive === 0 ? 'off' : `${persistentKeepalive}s`,
    allowedIPs.join(' '),
  ];
}

function vxlanSection({ vxlan }: NodePlan): string {
  if (vxlan === undefined) return '';
  const title = `${vxlan.name}: VXLAN ${vxlan.vni}, port ${vxlan.port}, MTU ${vxlan.mtu}, local ${vxlan.local}, MAC ${vxlan.mac}`;
  return section(title, ['NODE', 'ADDRESS', 'MAC', 'NEXT HOPS'], vxlan.neighbours.map(({ node, address, mac, hops }) => [node, address, mac, hops.join(' ')]));
}

function groupRows({ groups }: NodePlan): string[][] {
  return groups.map(({ id, name, candidates, active }) => [String(id), name, candidates.map((way) => `${way.name}${active.includes(way.nexthop) ? '*' : ''}`).join(' ')]);
}

function routeRow({ table, dst, metric, to, src }: Route, { groups, nexthops }: NodePlan): string[] {
  const name = (id: number): string => (groups.find((group) => group.id === id) ?? nexthops.find((nexthop) => nexthop.id === id))?.name ?? `id ${id}`;
  const target = to.kind === 'unreachable' ? 'unreachable' : to.kind === 'device' ? `device ${to.dev}` : name(to.id);
  return [TABLE_NAMES[table] ?? String(table), dst, String(metric), target, src ?? ''];
}

function ruleRows({ rules, tunnelRules = [] }: NodePlan): string[][] {
  return [
    ...rules.map(({ priority, family, from, to, table }) => [String(priority), `${family === undefined ? '' : `${family} `}from ${from ?? 'all'} to ${to ?? 'all'}`, String(table)]),
    ...tunnelRules.map(({ priority, family, iif, table }) => [String(priority), `${family} in by ${iif}`, String(table)]),
  ];
}

function firewallRows({ firewall: { clampInterfaces, tunnels, vxlan, ipip } }: NodePlan): string[][] {
  return [
    ...(clampInterfaces.length === 0 ? [] : [['clamp TCP MSS', `out by ${clampInterfaces.join(' ')}`]]),
    ...(tunnels === undefined ? [] : [['no tunnel in a tunnel', `UDP ports ${tunnels.ports.join(' ')}`]]),
    ...(vxlan === undefined ? [] : [['take VXLAN', `on port ${vxlan.port} from ${vxlan.from.join(' ')}`]]),
    ...(ipip === undefined ? [] : [['take IPIP', `at ${ipip.local} from ${ipip.from.join(' ')}`]]),
  ];
}

/** Nothing where there are no rows. */
function section(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title}\n${indented(columns, rows)}`;
}

function indented(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : renderTable(columns, rows).replaceAll(/^/gm, '  ');
}
