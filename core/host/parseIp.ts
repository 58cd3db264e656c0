/**
 * What iproute2 prints with `-j`, read into HostState's parts.
 *
 * Peculiarities of iproute2 6.1 that are relied upon or tolerated: without `-d` the table `main`, the type `unicast` and
 * the prefix length of a single address are left out; filtering routes by protocol leaves out the protocol; a nexthop
 * without gateway does not say its family, but its scope does (`host`: IPv4, `link`: IPv6); empty lists may be no text at all.
 */
import { FLANNEL_DEVICE, INTERFACE_PREFIX, IPIP_INTERFACE, NEXTHOP_BASE, POD_BRIDGE, ROUTE_METRIC, ROUTE_PROTOCOL, RULE_PRIORITY, VXLAN_INTERFACE } from '../mesh/plan.js';
import { routeKey, ruleKey, type HostNexthop, type HostRoute, type HostRule, type HostState, type Link, type RouteTarget } from './state.js';
import { canonicalAddress, canonicalCIDR, familyOf } from './text.js';

export interface HostLinks {
  readonly links: HostState['links'];
  readonly pluginDevices: HostState['pluginDevices'];
  readonly addresses: HostState['addresses'];
  /** Of the bridge that our CNI configuration names; undefined: there is none. */
  readonly podBridge: HostState['podBridge'];
  /** Every address of the host, with its device: how the underlay is found. */
  readonly all: readonly HostAddress[];
}

export interface HostAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly dev: string;
  readonly mtu: number;
}

interface Json {
  readonly [name: string]: unknown;
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
    if (PLUGIN_DEVICES.has(dev)) pluginDevices.add(dev);
    if (dev === POD_BRIDGE && object(one['linkinfo'])['info_kind'] === 'bridge') podBridge = { mtu };
    for (const info of objects(one['addr_info'])) {
      if (info['local'] === undefined || info['scope'] === 'link') continue;
      const address = canonicalAddress(string(info['local']));
      const prefixLength = number(info['prefixlen']);
      all.push({ address, prefixLength, dev, mtu });
      const single = prefixLength === (familyOf(address) === 'inet' ? 32 : 128);
      if (dev === 'lo' && single && info['metric'] === ROUTE_METRIC) addresses.add(address);
    }
  }
  return { links, pluginDevices, addresses, podBridge, all };
}

function own(one: Json): Pick<Link, 'addresses'> {
  const addresses = objects(one['addr_info']).flatMap(({ family, local, prefixlen }) => (family === 'inet' && prefixlen === 32 ? [string(local)] : []));
  return addresses.length === 0 ? {} : { addresses };
}

const PLUGIN_DEVICES: ReadonlySet<string> = new Set(Object.values(FLANNEL_DEVICE));
const OUR_WIREGUARD = new RegExp(`^${INTERFACE_PREFIX}[0-9]+$`);

function ourLink(name: string, mtu: number, one: Json): Link | undefined {
  const info = object(one['linkinfo']);
  const kind = info['info_kind'];
  const up = Array.isArray(one['flags']) && one['flags'].includes('UP');
  if (OUR_WIREGUARD.test(name) && (kind === 'wireguard' || kind === 'tun')) return { name, kind, up, mtu };
  const data = object(info['info_data']);
  if (name === IPIP_INTERFACE && kind === 'ipip') return { name, kind, up, mtu, local: data['local'] === undefined || data['local'] === 'any' ? '' : canonicalAddress(string(data['local'])) };
  if (name !== VXLAN_INTERFACE || kind !== 'vxlan') return undefined;
  const local = data['local'] ?? data['local6'];
  return {
    name,
    kind,
    up,
    mtu,
    vxlan: {
      vni: number(data['id']),
      port: number(data['port']),
      local: local === undefined ? '' : canonicalAddress(string(local)),
      mac: string(one['address']).toLowerCase(),
    },
  };
}

/** `ip -j nexthop show proto 107`. */
export function parseNexthops(text: string): Pick<HostState, 'nexthops' | 'groups'> {
  const nexthops = new Map<number, HostNexthop>();
  const groups = new Map<number, readonly number[]>();
  for (const one of list(text)) {
    const id = number(one['id']);
    if (id < NEXTHOP_BASE || !isOurs(one['protocol'])) continue;
    if (one['group'] !== undefined) {
      groups.set(id, objects(one['group']).map((member) => number(member['id'])).toSorted((a, b) => a - b));
      continue;
    }
    const via = one['gateway'] === undefined ? undefined : canonicalAddress(string(one['gateway']));
    const family = via === undefined ? (one['scope'] === 'host' ? 'inet' : 'inet6') : familyOf(via);
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
  return value === undefined ? 254 : (typeof value === 'string' && TABLES[value] !== undefined ? TABLES[value] : Number(value));
}

/** `ip -j -4 rule` or `ip -j -6 rule`. */
export function parseRules(text: string, family: 'inet' | 'inet6'): HostState['rules'] {
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

/** `ip -j neigh show dev kilovx`. */
export function parseNeighbours(text: string): HostState['neighbours'] {
  return new Map(
    list(text)
      .filter((one) => Array.isArray(one['state']) && one['state'].includes('PERMANENT') && one['lladdr'] !== undefined)
      .map((one) => [canonicalAddress(string(one['dst'])), string(one['lladdr']).toLowerCase()]),
  );
}

/** `bridge -j fdb show dev kilovx`. */
export function parseFdb(text: string): HostState['fdb'] {
  return new Map(
    list(text)
      .filter((one) => one['state'] === 'permanent' && one['dst'] !== undefined)
      .map((one) => [string(one['mac']).toLowerCase(), canonicalAddress(string(one['dst']))]),
  );
}

function list(text: string): readonly Json[] {
  return text.trim() === '' ? [] : objects(JSON.parse(text));
}

/** iproute2 prints what it filtered out as `{}`. */
function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter((one) => isJson(one) && Object.keys(one).length > 0) : [];
}

function object(value: unknown): Json {
  return isJson(value) ? value : {};
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function string(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error(`iproute2 printed ${JSON.stringify(value)} where a text was expected`);
}

function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new Error(`iproute2 printed ${JSON.stringify(value)} where a number was expected`);
}
