/**
 * HostModel: what a host holds after each change, without asking it.
 *
 * The agent applies changes against it, so that one change costs no new observation, a step whose ground is missing is
 * skipped rather than tried, and nothing is removed that something still uses because an earlier step failed. It knows
 * the kernel's cascades: a device takes its nexthops with it, a nexthop leaves its groups, the last member takes the
 * group and its routes along.
 */
import type { ByKind, Change, ChangeKind, ChangeOf, PeerSet } from './change.js';
import { DISABLED_SUFFIX, isConfiguration } from './conflist.js';
import { enabledName } from './diffCni.js';
import type { ForwardChain } from './forward.js';
import { firewallFacts } from './firewall.js';
import { routeKey, ruleKey, type CniFolder, type HostNexthop, type HostRoute, type HostRule, type HostState, type Link, type PeerState, type RouteTarget, type WireguardState } from './state.js';

export interface HostModel {
  /** Why `change` cannot be done now; undefined: it can. `soon`: what `provides` names of changes that come right before it. */
  unmet(change: Change, soon?: ReadonlySet<string>): string | undefined;
  /** `change` was done. */
  record(change: Change): void;
  /** What is now; a live view, so that one change in a host of thousands costs little. */
  state(): HostState;
}

/** What other changes may stand on once `change` is done. */
export function provides(change: Change): string | undefined {
  switch (change.kind) {
    case 'wireguard.add':
      return thing.link(change.name);
    case 'vxlan.add':
    case 'ipip.add':
      return thing.link(change.device.name);
    case 'nexthop.set':
    case 'group.set':
      return thing.hop(change.id);
    default:
      return undefined;
  }
}

const thing = {
  link: (name: string): string => `device ${name}`,
  hop: (id: number): string => `nexthop ${id}`,
} as const;

export function createHostModel(initial: HostState): HostModel {
  const host = thaw(initial);
  const recorders = recordersOf(host);
  return {
    unmet: (change, soon = NOTHING) => missing(host, change, soon) ?? used(host, change),
    record: (change) => recordWith(recorders, change),
    state: () => view(host),
  };
}

interface Device {
  publicKey?: string;
  listenPort: number;
  readonly peers: Map<string, PeerState>;
  /** Which peer has each prefix. */
  readonly owners: Map<string, string>;
}

interface Host {
  readonly initial: HostState;
  readonly links: Map<string, Link>;
  readonly wireguard: Map<string, Device>;
  readonly addresses: Set<string>;
  readonly neighbours: Map<string, string>;
  readonly fdb: Map<string, string>;
  readonly nexthops: Map<number, HostNexthop>;
  readonly groups: Map<number, readonly number[]>;
  readonly routes: Map<string, HostRoute>;
  readonly rules: Map<string, HostRule>;
  /** How many routes lead to each nexthop or group. */
  readonly users: Map<number, number>;
  firewall: readonly string[] | undefined;
  readonly forward: Map<ForwardChain, Set<string>>;
  cni: CniFolder | undefined;
  podBridge: HostState['podBridge'];
  readonly sysctls: Map<string, string>;
}

function thaw(initial: HostState): Host {
  const users = new Map<number, number>();
  for (const route of initial.routes.values()) countUser(users, route.to, 1);
  return {
    initial,
    links: new Map(initial.links),
    wireguard: new Map([...initial.wireguard].map(([name, one]) => [name, { ...one, peers: new Map(one.peers), owners: ownersOf(one) }])),
    addresses: new Set(initial.addresses),
    neighbours: new Map(initial.neighbours),
    fdb: new Map(initial.fdb),
    nexthops: new Map(initial.nexthops),
    groups: new Map(initial.groups),
    routes: new Map(initial.routes),
    rules: new Map(initial.rules),
    users,
    firewall: initial.firewall,
    forward: new Map([...(initial.forward ?? [])].map(([chain, rules]) => [chain, new Set(rules)])),
    cni: initial.cni,
    podBridge: initial.podBridge,
    sysctls: new Map(initial.sysctls),
  };
}

function view(host: Host): HostState {
  const { initial, users: _users, firewall, forward, cni, podBridge, ...rest } = host;
  return {
    at: initial.at,
    ...(initial.underlay === undefined ? {} : { underlay: initial.underlay }),
    pluginDevices: initial.pluginDevices,
    ...rest,
    ...(firewall === undefined ? {} : { firewall }),
    ...(forward.size === 0 ? {} : { forward }),
    ...(cni === undefined ? {} : { cni }),
    ...(podBridge === undefined ? {} : { podBridge }),
  };
}

const NOTHING: ReadonlySet<string> = new Set();

/** Of the devices we only know the underlay, our own, and those of network plugins. */
function missing(host: Host, change: Change, soon: ReadonlySet<string>): string | undefined {
  const lacking = needs(change).find((need) => !soon.has(need) && !isThere(host, need));
  return lacking === undefined ? undefined : `${lacking} is missing`;
}

function isThere(host: Host, need: string): boolean {
  const [kind = '', name = ''] = need.split(' ');
  if (kind === 'device') return name === host.initial.underlay?.dev || host.links.has(name) || host.initial.pluginDevices.has(name);
  return host.nexthops.has(Number(name)) || host.groups.has(Number(name));
}

function needs(change: Change): readonly string[] {
  switch (change.kind) {
    case 'wireguard.configure':
    case 'link.set':
    case 'vxlan.set':
      return [thing.link(change.name)];
    case 'peer.set':
    case 'peer.delete':
      return [thing.link(change.interface)];
    case 'neighbour.set':
    case 'fdb.set':
      return [thing.link(change.dev)];
    case 'address.add':
      return change.dev === undefined ? [] : [thing.link(change.dev)];
    case 'nexthop.set':
      return [thing.link(change.nexthop.dev)];
    case 'group.set':
      return change.members.map(thing.hop);
    case 'route.set':
      return targetNeeds(change.route.to);
    default:
      return [];
  }
}

function targetNeeds(to: RouteTarget): readonly string[] {
  if (to.kind === 'device') return [thing.link(to.dev)];
  return 'id' in to ? [thing.hop(to.id)] : [];
}

function used(host: Host, change: Change): string | undefined {
  if (change.kind !== 'nexthop.delete' && change.kind !== 'group.delete') return undefined;
  return usedByRoutes(host, change.id) ?? (change.kind === 'nexthop.delete' ? usedByGroup(host, change.id) : undefined);
}

function usedByGroup(host: Host, id: number): string | undefined {
  for (const [group, members] of host.groups) if (members.includes(id)) return `group ${group} still uses it`;
  return undefined;
}

function usedByRoutes(host: Host, id: number): string | undefined {
  const routes = host.users.get(id) ?? 0;
  return routes === 0 ? undefined : `${routes} routes still use it`;
}

function recordWith<K extends ChangeKind>(recorders: ByKind<void>, change: ChangeOf<K>): void {
  recorders[change.kind](change);
}

function recordersOf(host: Host): ByKind<void> {
  return {
    'sysctl.set': ({ name, value }) => void host.sysctls.set(name, value),
    'wireguard.add': ({ name }) => {
      host.links.set(name, { name, kind: 'wireguard', up: false, mtu: 0 });
      host.wireguard.set(name, { listenPort: 0, peers: new Map(), owners: new Map() });
    },
    'wireguard.configure': ({ name, listenPort, key, publicKey }) => {
      const one = host.wireguard.get(name);
      if (one === undefined) return;
      if (listenPort !== undefined) one.listenPort = listenPort;
      if (key) one.publicKey = publicKey;
    },
    'vxlan.add': ({ device }) => {
      const { vni, port, local, mac } = device;
      host.links.set(device.name, { name: device.name, kind: 'vxlan', up: false, mtu: device.mtu, vxlan: { vni, port, local, mac } });
    },
    'ipip.add': ({ device: { name, mtu, local } }) => void host.links.set(name, { name, kind: 'ipip', up: false, mtu, local }),
    'vxlan.set': ({ name, local, mac }) => {
      const link = host.links.get(name);
      if (link?.vxlan === undefined) return;
      host.links.set(name, { ...link, vxlan: { ...link.vxlan, ...(local === undefined ? {} : { local }), ...(mac === undefined ? {} : { mac }) } });
    },
    'link.set': ({ name, mtu }) => {
      const link = host.links.get(name);
      if (link !== undefined) host.links.set(name, { ...link, mtu, up: true });
    },
    'link.delete': ({ name }) => dropLink(host, name),
    'peer.set': (change) => setPeer(host, change),
    'peer.delete': (change) => deletePeer(host, change.interface, change.publicKey),
    'address.add': ({ address, dev }) => {
      if (dev === undefined) host.addresses.add(address);
      else readdress(host, dev, (now) => [...now, address]);
    },
    'address.delete': ({ address, dev }) => {
      if (dev === undefined) host.addresses.delete(address);
      else readdress(host, dev, (now) => now.filter((one) => one !== address));
    },
    'neighbour.set': ({ address, mac }) => void host.neighbours.set(address, mac),
    'neighbour.delete': ({ address }) => void host.neighbours.delete(address),
    'fdb.set': ({ mac, address }) => void host.fdb.set(mac, address),
    'fdb.delete': ({ mac }) => void host.fdb.delete(mac),
    'nexthop.set': ({ id, nexthop }) => void host.nexthops.set(id, nexthop),
    'nexthop.delete': ({ id }) => dropNexthop(host, id),
    'group.set': ({ id, members }) => void host.groups.set(id, members),
    'group.delete': ({ id }) => dropTarget(host, id),
    'route.set': ({ route }) => {
      dropRoute(host, routeKey(route));
      host.routes.set(routeKey(route), route);
      countUser(host.users, route.to, 1);
    },
    'route.delete': ({ route }) => dropRoute(host, routeKey(route)),
    'rule.add': ({ rule }) => void host.rules.set(ruleKey(rule), rule),
    'rule.delete': ({ rule }) => void host.rules.delete(ruleKey(rule)),
    'firewall.set': ({ firewall }) => void (host.firewall = firewallFacts(firewall)),
    'firewall.delete': () => void (host.firewall = undefined),
    'bridge.set': ({ mtu }) => void (host.podBridge = { mtu }),
    'cni.write': ({ text }) => setCni(host, { own: text }),
    'cni.delete': () => setCni(host, { own: undefined }),
    'cni.disable': ({ file }) => renameCni(host, file, `${file}${DISABLED_SUFFIX}`),
    'cni.restore': ({ file }) => renameCni(host, file, enabledName(file)),
    'forward.add': ({ chain, rule }) => void host.forward.get(chain)?.add(rule),
    'forward.delete': ({ chain, rule }) => void host.forward.get(chain)?.delete(rule),
    'conntrack.forget': () => undefined,
  };
}

function setCni(host: Host, change: { readonly own: string | undefined }): void {
  const { others = [], disabled = [] } = host.cni ?? {};
  host.cni = { others, disabled, ...(change.own === undefined ? {} : { own: change.own }) };
}

function renameCni(host: Host, from: string, to: string): void {
  if (host.cni === undefined) return;
  const names = [...host.cni.others, ...host.cni.disabled].map((name) => (name === from ? to : name)).toSorted();
  host.cni = { ...host.cni, others: names.filter(isConfiguration), disabled: names.filter((name) => !isConfiguration(name)) };
}

function readdress(host: Host, name: string, change: (now: readonly string[]) => readonly string[]): void {
  const link = host.links.get(name);
  if (link !== undefined) host.links.set(name, { ...link, addresses: change(link.addresses ?? []) });
}

function ownersOf({ peers }: WireguardState): Map<string, string> {
  const owners = new Map<string, string>();
  for (const [publicKey, peer] of peers) for (const prefix of peer.allowedIPs) owners.set(prefix, publicKey);
  return owners;
}

function setPeer(host: Host, change: PeerSet): void {
  const device = host.wireguard.get(change.interface);
  if (device === undefined) return;
  const before = device.peers.get(change.publicKey) ?? NEW_PEER;
  const { presharedKey: psk, ...rest } = before;
  const presharedKey = change.presharedKey === undefined ? psk : (change.presharedKey ?? undefined);
  device.peers.set(change.publicKey, {
    ...rest,
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(change.endpoint === undefined ? {} : { endpoint: change.endpoint }),
    ...(change.persistentKeepalive === undefined ? {} : { persistentKeepalive: change.persistentKeepalive }),
    ...(change.allowedIPs === undefined ? {} : { allowedIPs: change.allowedIPs.toSorted() }),
  });
  if (change.allowedIPs !== undefined) moveAllowedIPs(device, change.publicKey, before.allowedIPs, change.allowedIPs);
}

const NEW_PEER: PeerState = { persistentKeepalive: 0, allowedIPs: [], lastHandshake: 0, receivedBytes: 0, sentBytes: 0 };

/** A prefix belongs to the peer that got it last. */
function moveAllowedIPs(device: Device, publicKey: string, before: readonly string[], after: readonly string[]): void {
  for (const prefix of before) device.owners.delete(prefix);
  for (const prefix of after) {
    const loser = device.owners.get(prefix);
    const peer = loser === undefined ? undefined : device.peers.get(loser);
    if (loser !== undefined && peer !== undefined) device.peers.set(loser, { ...peer, allowedIPs: peer.allowedIPs.filter((one) => one !== prefix) });
    device.owners.set(prefix, publicKey);
  }
}

function deletePeer(host: Host, name: string, publicKey: string): void {
  const device = host.wireguard.get(name);
  for (const prefix of device?.peers.get(publicKey)?.allowedIPs ?? []) device?.owners.delete(prefix);
  device?.peers.delete(publicKey);
}

function dropLink(host: Host, name: string): void {
  if (host.links.get(name)?.kind === 'vxlan') {
    host.neighbours.clear();
    host.fdb.clear();
  }
  host.links.delete(name);
  host.wireguard.delete(name);
  for (const [id, nexthop] of host.nexthops) if (nexthop.dev === name) dropNexthop(host, id);
  for (const [key, route] of host.routes) if (route.to.kind === 'device' && route.to.dev === name) dropRoute(host, key);
}

function dropNexthop(host: Host, id: number): void {
  host.nexthops.delete(id);
  dropTarget(host, id);
  for (const [group, members] of host.groups) {
    if (!members.includes(id)) continue;
    const left = members.filter((member) => member !== id);
    if (left.length === 0) dropTarget(host, group);
    else host.groups.set(group, left);
  }
}

function dropTarget(host: Host, id: number): void {
  host.groups.delete(id);
  if ((host.users.get(id) ?? 0) === 0) return;
  for (const [key, { to }] of host.routes) if ((to.kind === 'group' || to.kind === 'nexthop') && to.id === id) dropRoute(host, key);
}

function dropRoute(host: Host, key: string): void {
  const route = host.routes.get(key);
  if (route === undefined) return;
  host.routes.delete(key);
  countUser(host.users, route.to, -1);
}

function countUser(users: Map<number, number>, to: RouteTarget, by: 1 | -1): void {
  if (to.kind === 'group' || to.kind === 'nexthop') users.set(to.id, (users.get(to.id) ?? 0) + by);
}
