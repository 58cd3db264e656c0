/**
 * A NodePlan as text: everything that a node's host should have, for people to read and for tests to compare. Secret keys are not shown.
 */
import { problemText, subjectText } from '../api/problem.js';
import type { DeviceKind, DeviceOf, FilterOf } from '../mesh/encapsulation/device.js';
import type { Firewall, NodePlan, Route, WireguardInterface, WireguardPeer } from '../mesh/plan.js';
import { renderTable } from './table.js';

const TABLE_NAMES: Readonly<Record<number, string>> = { 254: 'main' };

export function renderPlan(plan: NodePlan): string {
  return Object.values(SECTIONS)
    .map((render) => render(plan))
    .filter((text) => text !== '')
    .join('\n\n');
}

/** For programs. Preshared keys are left out. */
export function planJson(plan: NodePlan): string {
  return JSON.stringify(plan, (key, value: unknown) => (key === 'presharedKey' ? undefined : value), 2);
}

/**
 * In the order of the text. A field of the plan that had no entry would be on the host and not in the text, so it does not compile: what
 * another entry shows says so by `shown`.
 */
const SECTIONS: { readonly [K in keyof Required<NodePlan>]: (plan: NodePlan) => string } = {
  node: heading,
  role: shown,
  meshAddresses: shown,
  interfaces: ({ interfaces }) => interfaces.map(interfaceSection).join('\n\n'),
  encapsulation: ({ encapsulation }) => (encapsulation === undefined ? '' : encapsulationSection(encapsulation)),
  nexthops: ({ nexthops }) =>
    section(
      'nexthops',
      ['ID', 'NAME', 'FAMILY', 'DEVICE', 'VIA'],
      nexthops.map(({ id, name, family, dev, via }) => [String(id), name, family, dev, via ?? '']),
    ),
  groups: (plan) => section('nexthop groups', ['ID', 'NAME', 'USES', 'PATHS (* in use)'], groupRows(plan)),
  routes: (plan) =>
    section(
      'routes',
      ['TABLE', 'DESTINATION', 'METRIC', 'TO', 'SOURCE'],
      plan.routes.map((route) => routeRow(route, plan)),
    ),
  rules: (plan) => section('rules', ['PRIORITY', 'MATCH', 'TABLE'], ruleRows(plan)),
  tunnelRules: shown,
  looseFilters: ({ looseFilters = [] }) => (looseFilters.length === 0 ? '' : `reverse-path filter: loose on ${looseFilters.join(' ')}`),
  firewall: ({ firewall }) => section('firewall', ['WHAT', 'WHERE'], firewallRows(firewall)),
  forward: ({ forward }) => (forward === undefined ? '' : `iptables FORWARD: accept the mesh's devices and ${forward.podCIDRs.join(' ')}`),
  cni: ({ cni }) =>
    cni === undefined ? '' : `CNI: pods get ${cni.podCIDRs.join(' and ')}, MTU ${cni.mtu}; configurations of others: ${cni.others}`,
  probing: (plan) => section('probes', ['PATH', 'FROM PORT', 'ANSWER BY', 'TO'], probeRows(plan)),
  problems: ({ problems }) =>
    section(
      'problems',
      ['SUBJECT', 'REASON', 'MESSAGE'],
      problems.map((problem) => [subjectText(problem.subject), problem.reason, problemText(problem)]),
    ),
};

function shown(): string {
  return '';
}

function heading({ node, role, meshAddresses }: NodePlan): string {
  const as = role.kind === 'gateway' ? `gateway in slot ${role.slot}` : 'member';
  return `node ${node}: ${as}, mesh address ${meshAddresses.join(' and ')}`;
}

function interfaceSection({ name, listenPort, mtu, peers }: WireguardInterface): string {
  const table = indented(PEER_COLUMNS, peers.map(peerRow));
  return [`${name}: WireGuard, port ${listenPort}, MTU ${mtu}`, table].filter((text) => text !== '').join('\n');
}

const PEER_COLUMNS = ['PEER', 'PUBLIC KEY', 'ENDPOINT', 'KEEPALIVE', 'ALLOWED IPS'];

function peerRow(peer: WireguardPeer): string[] {
  const { owner, publicKey, presharedKey, endpoint, observedEndpoints = [], persistentKeepalive, allowedIPs } = peer;
  return [
    subjectText(owner),
    `${publicKey}${presharedKey === undefined ? '' : ' (and a preshared key)'}`,
    [endpoint ?? '(dials us)', ...observedEndpoints].join(' or '),
    persistentKeepalive === 0 ? 'off' : `${persistentKeepalive}s`,
    allowedIPs.join(' '),
  ];
}

function encapsulationSection<K extends DeviceKind>(device: DeviceOf<K>): string {
  return DEVICES[device.kind](device);
}

const DEVICES: { readonly [K in DeviceKind]: (device: DeviceOf<K>) => string } = {
  vxlan: ({ name, vni, port, mtu, local, mac, neighbours }) =>
    section(
      `${name}: VXLAN ${vni}, port ${port}, MTU ${mtu}, local ${local}, MAC ${mac}`,
      ['NODE', 'ADDRESS', 'MAC', 'NEXT HOPS'],
      neighbours.map((each) => [each.node, each.address, each.mac, each.hops.join(' ')]),
    ),
  ipip: ({ name, mtu, local }) => `${name}: IPIP, MTU ${mtu}, local ${local}`,
};

function groupRows({ groups }: NodePlan): string[][] {
  return groups.map(({ id, name, paths, active, spread }) => [
    String(id),
    name,
    spread === true ? 'all paths' : 'one path',
    paths.map((path) => `${path.name}${active.includes(path.nexthop) ? '*' : ''}`).join(' '),
  ]);
}

function routeRow({ table, dst, metric, to, src }: Route, { groups, nexthops }: NodePlan): string[] {
  const name = (id: number): string =>
    (groups.find((group) => group.id === id) ?? nexthops.find((nexthop) => nexthop.id === id))?.name ?? `id ${id}`;
  const target = to.kind === 'unreachable' ? 'unreachable' : to.kind === 'device' ? `device ${to.dev}` : name(to.id);
  return [TABLE_NAMES[table] ?? String(table), dst, String(metric), target, src ?? ''];
}

function ruleRows({ rules, tunnelRules = [], probing }: NodePlan): string[][] {
  return [
    ...rules.map(({ priority, family, from, to, table }) => [
      String(priority),
      `${family === undefined ? '' : `${family} `}from ${from ?? 'all'} to ${to ?? 'all'}`,
      String(table),
    ]),
    ...tunnelRules.map(({ priority, family, iif, table }) => [String(priority), `${family} in by ${iif}`, String(table)]),
    ...(probing?.rules ?? []).map(({ priority, family, sport, table }) => [
      String(priority),
      `${family} from UDP port ${sport} here`,
      String(table),
    ]),
  ];
}

function probeRows({ probing }: NodePlan): string[][] {
  return (probing?.paths ?? []).map(({ name, from, answerVia, targets }) => [
    name,
    String(from),
    answerVia === undefined ? 'route' : `plane ${answerVia}`,
    targets.map((target) => `${target.name} (${target.address})`).join(' '),
  ]);
}

function firewallRows(firewall: Firewall): string[][] {
  return Object.values(FIREWALL).flatMap((rows) => rows(firewall));
}

/** As SECTIONS: every field of the firewall. */
const FIREWALL: { readonly [K in keyof Required<Firewall>]: (firewall: Firewall) => string[][] } = {
  clampInterfaces: ({ clampInterfaces }) =>
    clampInterfaces.length === 0 ? [] : [['clamp TCP MSS', `in and out by ${clampInterfaces.join(' ')}`]],
  tunnels: ({ tunnels }) =>
    tunnels === undefined
      ? []
      : [['no tunnel in a tunnel', `UDP ports ${tunnels.ports.join(' ')}, mesh addresses ${tunnels.addresses.join(' ')}`]],
  encapsulation: ({ encapsulation }) => (encapsulation === undefined ? [] : [filterRow(encapsulation)]),
  probes: ({ probes }) => (probes === undefined ? [] : [['take probes', `from ${probes.join(' ')}`]]),
  nat: ({ nat }) =>
    nat === undefined
      ? []
      : [
          ['translate', `from ${nat.from.join(' ') || 'nobody'} unless to ${nat.known.join(' ') || 'the mesh'}`],
          ...(nat.location.length === 0 ? [] : [['translate', `from the mesh to ${nat.location.join(' ')}`]]),
        ],
  kept: ({ kept }) =>
    kept === undefined
      ? []
      : [
          [
            'keep the source',
            `between ${kept.pods.join(' ') || 'no pods'} and ${kept.remote.join(' ') || 'the mesh'}, whatever plugins say`,
          ],
        ],
  members: ({ members }) => (members === undefined ? [] : memberRows(members)),
};

function memberRows({ audit, members, exported, open }: NonNullable<Firewall['members']>): string[][] {
  const count = (endpoints: readonly unknown[], who: string): string[] =>
    endpoints.length === 0 ? [] : [`${endpoints.length} exported endpoints${who}`];
  return members.map((member) => [
    `${audit ? 'count' : 'reject'} what comes from ${member.name}`,
    `${member.ranges.join(' ')}, unless to ${[...open, ...count(exported, ''), ...count(member.exported, ' for it'), 'other nodes'].join(
      ', ',
    )}`,
  ]);
}

function filterRow<K extends DeviceKind>(filter: FilterOf<K>): string[] {
  const [what, where] = FILTERS[filter.kind](filter);
  return [what, `${where} from ${filter.from.join(' ')}`];
}

const FILTERS: { readonly [K in DeviceKind]: (filter: FilterOf<K>) => readonly [string, string] } = {
  vxlan: ({ port }) => ['take VXLAN', `on port ${port}`],
  ipip: ({ local }) => ['take IPIP', `at ${local}`],
};

/** Nothing where there are no rows. */
function section(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title}\n${indented(columns, rows)}`;
}

function indented(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : renderTable(columns, rows).replaceAll(/^/gm, '  ');
}
