/**
 * Changes as text: the line for `ip -batch` or `bridge -batch`, the arguments for `wg set`, and the command for people.
 *
 * No secret becomes text here: a private or preshared key is given by the file that holds it.
 */
import { ROUTE_METRIC, ROUTE_PROTOCOL } from '../mesh/reserved.js';
import type { ByKind, Change, ChangeKind, ChangeOf, PeerSet } from './change.js';
import { CNI_FILE, DISABLED_SUFFIX } from './conflist.js';
import { hostDevice } from './devices.js';
import { enabledName } from './diffCni.js';
import { firewallFacts } from './firewall.js';
import type { HostNexthop, HostRoute, HostRule } from './state.js';
import { singleCIDR } from './text.js';

/** `ip6` is `ip -6`: a batch has one family for all its lines, and some lines need it to be IPv6. */
export type BatchChannel = 'ip' | 'ip6' | 'bridge';

interface BatchLine {
  readonly channel: BatchChannel;
  readonly line: string;
}

/** The batch line of a change; undefined: iproute2 does not carry it out. */
export function batchLine(change: Change): BatchLine | undefined {
  const line = lineOf(change);
  if (line === undefined) return undefined;
  return { channel: channelOf(change), line };
}

/** Only the channel of that line, which is cheaper: there may be thousands of long lines. */
export function batchChannel(change: Change): BatchChannel | undefined {
  return LINES[change.kind] === none ? undefined : channelOf(change);
}

function channelOf(change: Change): BatchChannel {
  if (change.kind === 'fdb.set' || change.kind === 'fdb.delete') return 'bridge';
  if (change.kind === 'nexthop.set') return change.nexthop.family === 'inet6' ? 'ip6' : 'ip';
  return (change.kind === 'rule.add' || change.kind === 'rule.delete') && change.rule.family === 'inet6' ? 'ip6' : 'ip';
}

function lineOf<K extends ChangeKind>(change: ChangeOf<K>): string | undefined {
  return LINES[change.kind](change);
}

function none(): undefined {
  return undefined;
}

const LINES: ByKind<string | undefined> = {
  'sysctl.set': none,
  'wireguard.add': none,
  'wireguard.configure': none,
  'peer.set': none,
  'peer.delete': none,
  'firewall.set': none,
  'firewall.delete': none,
  'cni.write': none,
  'cni.delete': none,
  'cni.disable': none,
  'cni.restore': none,
  'forward.add': none,
  'forward.delete': none,
  'conntrack.forget': none,
  'bridge.set': ({ name, mtu }) => `link set ${name} mtu ${mtu}`,
  'device.add': ({ device }) => `link add ${hostDevice(device).addArguments}`,
  'vxlan.set': ({ name, mac, local }) =>
    `link set ${name}${mac === undefined ? '' : ` address ${mac}`}${local === undefined ? '' : ` type vxlan local ${local}`}`,
  'link.set': ({ name, mtu }) => `link set ${name} mtu ${mtu} up`,
  'link.delete': ({ name }) => `link del ${name}`,
  'address.add': ({ address, dev = 'lo' }) => `addr replace ${singleCIDR(address)} dev ${dev} metric ${ROUTE_METRIC}`,
  'address.delete': ({ address, dev = 'lo' }) => `addr del ${singleCIDR(address)} dev ${dev}`,
  'neighbour.set': ({ address, mac, dev }) => `neigh replace ${address} lladdr ${mac} dev ${dev} nud permanent`,
  'neighbour.delete': ({ address, dev }) => `neigh del ${address} dev ${dev}`,
  'fdb.set': ({ mac, dev, address }) => `fdb replace ${mac} dev ${dev} dst ${address} self permanent`,
  'fdb.delete': ({ mac, dev, address }) => `fdb del ${mac} dev ${dev} dst ${address} self`,
  'nexthop.set': ({ id, nexthop }) => `nexthop replace id ${id} ${nexthopText(nexthop)} protocol ${ROUTE_PROTOCOL}`,
  'nexthop.delete': ({ id }) => `nexthop del id ${id}`,
  'group.set': ({ id, members, spread }) => {
    const type = spread === true ? ` type resilient buckets ${BUCKETS}` : '';
    return `nexthop replace id ${id} group ${members.join('/')}${type} protocol ${ROUTE_PROTOCOL}`;
  },
  'group.delete': ({ id }) => `nexthop del id ${id}`,
  'route.set': ({ route }) => `route replace ${routeText(route)}`,
  'route.delete': ({ route: { to, dst, table, metric } }) =>
    `route del ${to.kind === 'unreachable' ? 'unreachable ' : ''}${dst} table ${table} metric ${metric} proto ${ROUTE_PROTOCOL}`,
  'rule.add': ({ rule }) => `rule add ${ruleText(rule)}`,
  'rule.delete': ({ rule }) => `rule del ${ruleText(rule)}`,
};

/** Of a resilient group: how finely flows are spread (kernel nexthop-group-resilient.rst). */
const BUCKETS = 128;

function nexthopText(nexthop: HostNexthop): string {
  return `${nexthop.via === undefined ? '' : `via ${nexthop.via} `}dev ${nexthop.dev}${nexthop.onlink ? ' onlink' : ''}`;
}

function routeText({ dst, table, metric, to, src }: HostRoute): string {
  const type = to.kind === 'unreachable' ? 'unreachable ' : '';
  const target = to.kind === 'device' ? ` dev ${to.dev}` : 'id' in to ? ` nhid ${to.id}` : '';
  return `${type}${dst}${target} table ${table} metric ${metric} proto ${ROUTE_PROTOCOL}${src === undefined ? '' : ` src ${src}`}`;
}

/** By number: an image without /etc/protocols has no name for it. */
const UDP = 17;

function ruleText({ priority, from = 'all', to = 'all', iif, sport, table }: HostRule): string {
  const device = iif === undefined ? '' : ` iif ${iif}`;
  const port = sport === undefined ? '' : ` ipproto ${UDP} sport ${sport}`;
  return `priority ${priority} from ${from} to ${to}${device}${port} table ${table} protocol ${ROUTE_PROTOCOL}`;
}

/** The part of a `wg set` command that writes one peer. `pskFile` names the file with its preshared key, where it has one. */
export function wgPeerArguments(change: PeerSet, pskFile: string | undefined): readonly string[] {
  const { publicKey, presharedKey, endpoint, persistentKeepalive, allowedIPs } = change;
  return [
    'peer',
    publicKey,
    ...(presharedKey === undefined ? [] : ['preshared-key', presharedKey === null ? '/dev/null' : (pskFile ?? '/dev/null')]),
    ...(endpoint === undefined ? [] : ['endpoint', endpoint]),
    ...(persistentKeepalive === undefined ? [] : ['persistent-keepalive', persistentKeepalive === 0 ? 'off' : String(persistentKeepalive)]),
    ...(allowedIPs === undefined ? [] : ['allowed-ips', allowedIPs.join(',')]),
  ];
}

/** A change as a command, for people. */
export function changeText(change: Change): string {
  const batch = batchLine(change);
  return batch === undefined ? textOf(change) : `${batch.channel === 'ip6' ? 'ip -6' : batch.channel} ${batch.line}`;
}

function textOf<K extends ChangeKind>(change: ChangeOf<K>): string {
  const text: ((change: ChangeOf<K>) => string) | undefined = TEXTS[change.kind];
  return text?.(change) ?? change.kind;
}

/** The texts of changes without a batch line. */
const TEXTS: { readonly [K in ChangeKind]?: (change: ChangeOf<K>) => string } = {
  'sysctl.set': ({ name, value }) => `sysctl ${name}=${value}`,
  'wireguard.add': ({ name }) => `ip link add ${name} type wireguard`,
  'wireguard.configure': ({ name, key, listenPort }) =>
    `wg set ${name}${key ? ' private-key (file)' : ''}${listenPort === undefined ? '' : ` listen-port ${listenPort}`}`,
  'peer.set': (change) => `wg set ${change.interface} ${wgPeerArguments(change, '(file)').join(' ')}`,
  'peer.delete': (change) => `wg set ${change.interface} peer ${change.publicKey} remove`,
  'firewall.set': ({ firewall, elements }) =>
    elements === undefined
      ? `nft table inet kilofed: ${firewallFacts(firewall).join('; ')}`
      : `nft ${elements.trimEnd().replaceAll('\n', '; ')}`,
  'firewall.delete': () => 'nft delete table inet kilofed',
  'cni.write': () => `write ${CNI_FILE}`,
  'cni.delete': () => `rm ${CNI_FILE}`,
  'cni.disable': ({ file }) => `mv ${file} ${file}${DISABLED_SUFFIX}`,
  'cni.restore': ({ file }) => `mv ${file} ${enabledName(file)}`,
  'forward.add': ({ chain, rule }) => `${chain} FORWARD: accept ${rule}`,
  'forward.delete': ({ chain, rule }) => `${chain} FORWARD: accept no more ${rule}`,
  'conntrack.forget': ({ prefixes }) => `conntrack -D -d ${prefixes.join(',')} (translated only)`,
};
