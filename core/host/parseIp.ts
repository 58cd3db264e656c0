/**
 * Reads what iproute2 prints with `-j` into the parts of a HostState.
 *
 * Peculiarities of iproute2 6.1: without `-d` it leaves out the table `main`, the type `unicast` and the prefix length of a single address.
 * A list of routes by protocol leaves out the protocol. A nexthop without a gateway says no family, and its scope tells
 * it on some kernels only. An empty list may be no text at all.
 */
import { INTERFACE_PREFIX, NEXTHOP_BASE, POD_BRIDGE, ROUTE_METRIC, ROUTE_PROTOCOL, RULE_PRIORITY } from '../mesh/reserved.js';
import { parseDevice } from './devices.js';
import { type Json, list, number, object, objects, string } from './iprouteJson.js';
import { isPluginDevice } from './pluginNames.js';
import {
  routeKey,
  ruleKey,
  type HostNexthop,
  type HostRoute,
  type HostRule,
  type HostState,
  type Link,
  type RouteTarget,
} from './state.js';
import { canonicalAddress, canonicalCIDR } from './text.js';
import { type Family, familyName } from '../net/family.js';

interface HostLinks {
  readonly links: HostState['links'];
  readonly pluginDevices: HostState['pluginDevices'];
  readonly addresses: HostState['addresses'];
  /** The bridge that our CNI configuration names; undefined: there is none. */
  readonly podBridge: HostState['podBridge'];
  /** Every address of the host, with its device. */
  readonly all: readonly HostAddress[];
}

export interface HostAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly dev: string;
  readonly mtu: number;
}

/** `ip -j -d addr`. */
export function parseAddresses(text: string): HostLinks {
  const links = new Map<string, Link>();
  const pluginDevices = new Set<string>();
  const addresses = new Set<string>();
  const all: HostAddress[] = [];
  let podBridge: HostLinks['podBridge'];
  for (const one of list(text)) {
    const dev = string(one['ifname']);
    const mtu = number(one['mtu']);
    const link = ourLink(dev, mtu, one);
    if (link !== undefined) links.set(dev, { ...link, ...own(one) });
    if (isPluginDevice(dev)) pluginDevices.add(dev);
    if (dev === POD_BRIDGE && object(one['linkinfo'])['info_kind'] === 'bridge') podBridge = { mtu };
    for (const info of objects(one['addr_info'])) {
      if (info['local'] === undefined || info['scope'] === 'link') continue;
      const address = canonicalAddress(string(info['local']));
      const prefixLength = number(info['prefixlen']);
      all.push({ address, prefixLength, dev, mtu });
      const single = prefixLength === (familyName(address) === 'inet' ? 32 : 128);
      if (dev === 'lo' && single && info['metric'] === ROUTE_METRIC) addresses.add(address);
    }
  }
  return { links, pluginDevices, addresses, podBridge, all };
}

function own(one: Json): Pick<Link, 'addresses'> {
  const addresses = objects(one['addr_info']).flatMap(({ family, local, prefixlen }) =>
    family === 'inet' && prefixlen === 32 ? [string(local)] : [],
  );
  return addresses.length === 0 ? {} : { addresses };
}

const OUR_WIREGUARD = new RegExp(`^${INTERFACE_PREFIX}[0-9]+$`);

function ourLink(name: string, mtu: number, one: Json): Link | undefined {
  const info = object(one['linkinfo']);
  const kind = info['info_kind'];
  const up = Array.isArray(one['flags']) && one['flags'].includes('UP');
  if (OUR_WIREGUARD.test(name) && (kind === 'wireguard' || kind === 'tun')) return { name, kind, up, mtu };
  const device = parseDevice(name, kind, one, object(info['info_data']));
  return device === undefined ? undefined : { name, up, mtu, ...device };
}

/** `ip -j nexthop show proto 107`, and `inet`: the same with `-4`, which has no groups. */
export function parseNexthops(text: string, inet: string): Pick<HostState, 'nexthops' | 'groups'> {
  const ofIpv4 = new Set(list(inet).map(({ id }) => id));
  const nexthops = new Map<number, HostNexthop>();
  const groups = new Map<number, readonly number[]>();
  for (const one of list(text)) {
    const id = number(one['id']);
    if (id < NEXTHOP_BASE || !isOurs(one['protocol'])) continue;
    if (one['group'] !== undefined) {
      groups.set(
        id,
        objects(one['group'])
          .map((member) => number(member['id']))
          .toSorted((a, b) => a - b),
      );
      continue;
    }
    const via = one['gateway'] === undefined ? undefined : canonicalAddress(string(one['gateway']));
    const family = via === undefined ? (ofIpv4.has(one['id']) ? 'inet' : 'inet6') : familyName(via);
    nexthops.set(id, {
      dev: string(one['dev']),
      ...(via === undefined ? {} : { via }),
      family,
      onlink: Array.isArray(one['flags']) && one['flags'].includes('onlink'),
    });
  }
  return { nexthops, groups };
}

/** `ip -j route show table all proto 107`, of both families. */
export function parseRoutes(text: string, isGroup: (id: number) => boolean): HostState['routes'] {
  const routes = new Map<string, HostRoute>();
  for (const one of list(text)) {
    const dst = string(one['dst']);
    const route: HostRoute = {
      dst: dst === 'default' ? (one['pref'] === undefined ? '0.0.0.0/0' : '::/0') : canonicalCIDR(dst),
      table: tableNumber(one['table']),
      metric: one['metric'] === undefined ? 0 : number(one['metric']),
      to: routeTarget(one, isGroup),
      ...(one['prefsrc'] === undefined ? {} : { src: canonicalAddress(string(one['prefsrc'])) }),
    };
    routes.set(routeKey(route), route);
  }
  return routes;
}

function routeTarget(one: Json, isGroup: (id: number) => boolean): RouteTarget {
  if (one['type'] === 'unreachable') return { kind: 'unreachable' };
  if (one['type'] !== undefined && one['type'] !== 'unicast') return { kind: 'foreign' };
  if (one['nhid'] !== undefined) {
    const id = number(one['nhid']);
    return isGroup(id) ? { kind: 'group', id } : { kind: 'nexthop', id };
  }
  return one['gateway'] === undefined && one['dev'] !== undefined ? { kind: 'device', dev: string(one['dev']) } : { kind: 'foreign' };
}

/** A protocol that /etc/iproute2/rt_protos does not name is printed as its number, in quotes or without. */
function isOurs(protocol: unknown): boolean {
  return Number(protocol) === ROUTE_PROTOCOL;
}

const TABLES: Readonly<Record<string, number>> = { main: 254, local: 255, default: 253 };

function tableNumber(value: unknown): number {
  return value === undefined ? 254 : typeof value === 'string' && TABLES[value] !== undefined ? TABLES[value] : Number(value);
}

/** `ip -j -4 rule` or `ip -j -6 rule`. */
export function parseRules(text: string, family: Family): HostState['rules'] {
  const rules = new Map<string, HostRule>();
  for (const one of list(text)) {
    const priority = number(one['priority']);
    if (priority < RULE_PRIORITY || priority >= RULE_PRIORITY + RULE_COUNT || !isOurs(one['protocol'])) continue;
    const from = ruleSide(one, 'src');
    const to = ruleSide(one, 'dst');
    const rule: HostRule = {
      priority,
      family,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(one['iif'] === undefined ? {} : { iif: string(one['iif']) }),
      ...(one['sport'] === undefined ? {} : { sport: number(one['sport']) }),
      table: tableNumber(one['table']),
    };
    rules.set(ruleKey(rule), rule);
  }
  return rules;
}

function ruleSide(one: Json, name: 'src' | 'dst'): string | undefined {
  const address = one[name];
  if (address === undefined || address === 'all') return undefined;
  const length = one[`${name}len`];
  return canonicalCIDR(length === undefined ? string(address) : `${string(address)}/${number(length)}`);
}

const RULE_COUNT = 10;

/** `ip -j neigh show dev <device>`. */
export function parseNeighbours(text: string): HostState['neighbours'] {
  return new Map(
    list(text)
      .filter((one) => Array.isArray(one['state']) && one['state'].includes('PERMANENT') && one['lladdr'] !== undefined)
      .map((one) => [canonicalAddress(string(one['dst'])), string(one['lladdr']).toLowerCase()]),
  );
}

/** `bridge -j fdb show dev <device>`. */
export function parseFdb(text: string): HostState['fdb'] {
  return new Map(
    list(text)
      .filter((one) => one['state'] === 'permanent' && one['dst'] !== undefined)
      .map((one) => [string(one['mac']).toLowerCase(), canonicalAddress(string(one['dst']))]),
  );
}
