/**
 * FakeHost: a kernel for tests. It reads the commands that changes print, as `ip`, `bridge`, `wg` and `nft` would, keeps
 * what they set, and refuses and cascades as Linux does. It shares nothing with the model that the agent uses.
 */
import type { Change } from '../../core/host/change.js';
import type { ForwardChain } from '../../core/host/forward.js';
import { firewallFacts } from '../../core/host/firewall.js';
import { batchLine, changeText } from '../../core/host/render.js';
import { EMPTY_HOST, type HostNexthop, type HostRoute, type HostRule, type HostState, type Link, type PeerState, type RouteTarget } from '../../core/host/state.js';

export interface FakeHost {
  /** Undefined, or why the kernel refused. */
  run(change: Change): string | undefined;
  state(): HostState;
  /** Something else on the host takes a device away. */
  lose(device: string): void;
}

/** The word that follows `key`. */
const after = (words: readonly string[], key: string): string => words[words.indexOf(key) + 1] ?? '';
const maybe = (words: readonly string[], key: string): string | undefined => (words.includes(key) ? after(words, key) : undefined);

export interface Peculiarities {
  /** Devices of network plugins, all up. */
  readonly plugins?: readonly string[];
  /** Kinds of devices that the kernel does not know. */
  readonly lacks?: readonly string[];
  /** Which FORWARD chains of iptables there are. */
  readonly forward?: readonly ForwardChain[];
  /** The folder of CNI configurations: names and contents; absent: there is none. */
  readonly cni?: Readonly<Record<string, string>> | undefined;
}

interface Kernel {
  readonly plugins: ReadonlySet<string>;
  readonly lacks: ReadonlySet<string>;
  readonly links: Map<string, Link>;
  readonly wireguard: Map<string, { publicKey?: string; listenPort: number; peers: Map<string, PeerState> }>;
  readonly addresses: Set<string>;
  readonly neighbours: Map<string, string>;
  readonly fdb: Map<string, string>;
  readonly nexthops: Map<number, HostNexthop>;
  readonly groups: Map<number, readonly number[]>;
  readonly routes: Map<string, HostRoute>;
  readonly rules: Map<string, HostRule>;
  readonly sysctls: Map<string, string>;
  firewall: readonly string[] | undefined;
  readonly forward: Map<ForwardChain, Set<string>>;
  /** File names to contents; undefined: no such folder. */
  cni: Map<string, string> | undefined;
}

/** `underlay` is a device that belongs to the host. */
export function createFakeHost(underlay = 'eth0', at = 1_000_000, { plugins = [], lacks = [], cni, forward: chains = [] }: Peculiarities = {}): FakeHost {
  const kernel: Kernel = {
    plugins: new Set(plugins), lacks: new Set(lacks), links: new Map(), wireguard: new Map(), addresses: new Set(), neighbours: new Map(), fdb: new Map(), nexthops: new Map(), groups: new Map(),
    routes: new Map(), rules: new Map(), sysctls: new Map(), firewall: undefined,
    forward: new Map(chains.map((chain) => [chain, new Set()])),
    cni: cni === undefined ? undefined : new Map(Object.entries(cni)),
  };
  return {
    run: (change) => run(kernel, underlay, change),
    state() {
      const { firewall, plugins: pluginDevices, lacks: _lacks, cni: files, forward, ...rest } = structuredClone(kernel);
      return { ...EMPTY_HOST, ...rest, pluginDevices, at, underlay: { dev: underlay, mtu: 1500 }, ...(firewall === undefined ? {} : { firewall }), ...(forward.size === 0 ? {} : { forward }), ...(files === undefined ? {} : { cni: folderOf(files) }) };
    },
    lose: (device) => void loseLink(kernel, device),
  };
}

const IPV6 = '-6';

function run(kernel: Kernel, underlay: string, change: Change): string | undefined {
  const batch = batchLine(change);
  // What has no address in it says its family by the program that is asked: `ip -6`.
  if (batch !== undefined) return runLine(kernel, underlay, [...batch.line.split(' '), ...(batch.channel === 'ip6' ? [IPV6] : [])]);
  if (isOfFiles(change)) return runFile(kernel, change);
  if (change.kind === 'conntrack.forget') return undefined;
  if (change.kind === 'forward.add' || change.kind === 'forward.delete') return runForward(kernel, change);
  switch (change.kind) {
    case 'sysctl.set':
      kernel.sysctls.set(change.name, change.value);
      return undefined;
    case 'wireguard.add':
      if (kernel.links.has(change.name)) return 'File exists';
      kernel.links.set(change.name, { name: change.name, kind: 'wireguard', up: false, mtu: 1420 });
      kernel.wireguard.set(change.name, { listenPort: 0, peers: new Map() });
      return undefined;
    case 'wireguard.configure': {
      const device = kernel.wireguard.get(change.name);
      if (device === undefined) return 'No such device';
      if (change.key) device.publicKey = change.publicKey;
      device.listenPort = change.listenPort ?? device.listenPort;
      return undefined;
    }
    case 'firewall.set':
      kernel.firewall = firewallFacts(change.firewall);
      return undefined;
    case 'firewall.delete':
      kernel.firewall = undefined;
      return undefined;
    default:
      return runWg(kernel, change, changeText(change).split(' '));
  }
}

function runForward({ forward }: Kernel, { kind, chain, rule }: Extract<Change, { kind: `forward.${string}` }>): string | undefined {
  const rules = forward.get(chain);
  if (rules === undefined) return 'No chain/target/match by that name';
  if (kind === 'forward.add') rules.add(rule);
  return kind === 'forward.add' || rules.delete(rule) ? undefined : 'does not exist';
}

type FileChange = Extract<Change, { kind: `cni.${string}` }>;

function isOfFiles(change: Change): change is FileChange {
  return change.kind.startsWith('cni.');
}

function runFile(kernel: Kernel, change: FileChange): string | undefined {
  switch (change.kind) {
    case 'cni.write':
      return void kernel.cni?.set(OWN_FILE, change.text);
    case 'cni.delete':
      return void kernel.cni?.delete(OWN_FILE);
    case 'cni.disable':
      return renameFile(kernel, change.file, `${change.file}.kilofed-disabled`);
    default:
      return renameFile(kernel, change.file, change.file.replace('.kilofed-disabled', ''));
  }
}

const OWN_FILE = '10-kilofed.conflist';

function folderOf(files: ReadonlyMap<string, string>): NonNullable<HostState['cni']> {
  const names = [...files.keys()].toSorted();
  const own = files.get(OWN_FILE);
  return {
    ...(own === undefined ? {} : { own }),
    others: names.filter((name) => /\.(conf|conflist|json)$/.test(name) && name !== OWN_FILE),
    disabled: names.filter((name) => name.endsWith('.kilofed-disabled')),
  };
}

function renameFile({ cni }: Kernel, from: string, to: string): string | undefined {
  const text = cni?.get(from);
  if (cni === undefined || text === undefined) return 'No such file or directory';
  cni.delete(from);
  cni.set(to, text);
  return undefined;
}

/** `wg set <interface> peer <key> ...`, with the semantics of WireGuard's allowed IPs: the last writer of a prefix has it. */
function runWg(kernel: Kernel, change: Change, [, , name = '', , publicKey = '', ...words]: readonly string[]): string | undefined {
  const device = kernel.wireguard.get(name);
  if (device === undefined) return 'No such device';
  if (words[0] === 'remove') {
    device.peers.delete(publicKey);
    return undefined;
  }
  const before: PeerState = device.peers.get(publicKey) ?? { persistentKeepalive: 0, allowedIPs: [], lastHandshake: 0, receivedBytes: 0, sentBytes: 0 };
  const allowed = maybe(words, 'allowed-ips')?.split(',').filter((prefix) => prefix !== '');
  for (const [key, peer] of device.peers) {
    if (key !== publicKey && allowed !== undefined) device.peers.set(key, { ...peer, allowedIPs: peer.allowedIPs.filter((prefix) => !allowed.includes(prefix)) });
  }
  const keepalive = maybe(words, 'persistent-keepalive')?.replace('off', '0');
  const endpoint = maybe(words, 'endpoint') ?? before.endpoint;
  device.peers.set(publicKey, {
    ...before,
    ...(endpoint === undefined ? {} : { endpoint }),
    persistentKeepalive: Number(keepalive ?? before.persistentKeepalive),
    allowedIPs: (allowed ?? before.allowedIPs).toSorted(),
  });
  if (words.includes('preshared-key')) setPresharedKey(device.peers, publicKey, change);
  return undefined;
}

/** The text of a change never shows the key itself. */
function setPresharedKey(peers: Map<string, PeerState>, publicKey: string, change: Change): void {
  const peer = peers.get(publicKey);
  if (peer === undefined || change.kind !== 'peer.set') return;
  const { presharedKey: _old, ...rest } = peer;
  peers.set(publicKey, typeof change.presharedKey === 'string' ? { ...rest, presharedKey: change.presharedKey } : rest);
}

type Handler = (kernel: Kernel, words: readonly string[], underlay: string) => string | undefined;

function runLine(kernel: Kernel, underlay: string, [object = '', verb = '', ...words]: readonly string[]): string | undefined {
  const handler = HANDLERS[`${object} ${verb}`];
  return handler === undefined ? `Object "${object} ${verb}" is unknown` : handler(kernel, words, underlay);
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  'link add': ({ links, lacks }, words) => {
    const name = words[0] ?? '';
    if (lacks.has(after(words, 'type'))) return 'Error: Unknown device type.';
    if (links.has(name)) return 'File exists';
    if (after(words, 'type') === 'ipip') {
      links.set(name, { name, kind: 'ipip', up: false, mtu: Number(after(words, 'mtu')), local: after(words, 'local') });
      return undefined;
    }
    const vxlan = { vni: Number(after(words, 'id')), port: Number(after(words, 'dstport')), local: after(words, 'local'), mac: after(words, 'address') };
    links.set(name, { name, kind: 'vxlan', up: false, mtu: Number(after(words, 'mtu')), vxlan });
    return undefined;
  },
  'link set': ({ links }, words) => {
    const link = links.get(words[0] ?? '');
    if (link === undefined) return 'Cannot find device';
    const vxlan = link.vxlan === undefined ? {} : { vxlan: { ...link.vxlan, local: maybe(words, 'local') ?? link.vxlan.local, mac: maybe(words, 'address') ?? link.vxlan.mac } };
    links.set(link.name, { ...link, ...vxlan, mtu: Number(maybe(words, 'mtu') ?? link.mtu), up: link.up || words.includes('up') });
    return undefined;
  },
  'link del': (kernel, words) => loseLink(kernel, words[0] ?? ''),
  'addr replace': ({ addresses, links }, words) => {
    const address = (words[0] ?? '').split('/')[0] ?? '';
    const link = links.get(after(words, 'dev'));
    if (after(words, 'dev') === 'lo') addresses.add(address);
    else if (link === undefined) return 'Cannot find device';
    else links.set(link.name, { ...link, addresses: [...new Set([...(link.addresses ?? []), address])] });
    return undefined;
  },
  'addr del': ({ addresses, links }, words) => {
    const address = (words[0] ?? '').split('/')[0] ?? '';
    const link = links.get(after(words, 'dev'));
    if (link === undefined) return addresses.delete(address) ? undefined : 'Cannot assign requested address';
    links.set(link.name, { ...link, addresses: (link.addresses ?? []).filter((one) => one !== address) });
    return undefined;
  },
  'neigh replace': ({ neighbours }, words) => void neighbours.set(words[0] ?? '', after(words, 'lladdr')),
  'neigh del': ({ neighbours }, words) => (neighbours.delete(words[0] ?? '') ? undefined : 'No such file or directory'),
  'fdb replace': ({ fdb }, words) => void fdb.set(words[0] ?? '', after(words, 'dst')),
  'fdb del': ({ fdb }, words) => (fdb.delete(words[0] ?? '') ? undefined : 'No such file or directory'),
  'nexthop replace': (kernel, words, underlay) => {
    const id = Number(after(words, 'id'));
    const members = maybe(words, 'group')?.split('/').map(Number);
    if (members !== undefined) {
      if (members.some((member) => !kernel.nexthops.has(member))) return 'Invalid nexthop id';
      kernel.groups.set(id, members);
      return undefined;
    }
    const dev = after(words, 'dev');
    if (dev !== underlay && !kernel.plugins.has(dev) && kernel.links.get(dev)?.up !== true) return 'Network is down';
    const via = maybe(words, 'via');
    kernel.nexthops.set(id, { dev, ...(via === undefined ? {} : { via }), family: words.includes(IPV6) ? 'inet6' : 'inet', onlink: words.includes('onlink') });
    return undefined;
  },
  'nexthop del': (kernel, words) => loseNexthop(kernel, Number(after(words, 'id'))),
  'route replace': (kernel, words) => {
    const dst = words.find((word) => word.includes('/')) ?? '';
    const src = maybe(words, 'src');
    const to = routeTarget(kernel, words);
    if (to === undefined) return 'Nexthop id does not exist';
    if (src !== undefined && !kernel.addresses.has(src) && !src.startsWith('10.0.')) return 'Invalid prefsrc address';
    const route: HostRoute = { dst, table: Number(after(words, 'table')), metric: Number(after(words, 'metric')), to, ...(src === undefined ? {} : { src }) };
    kernel.routes.set(`${route.table} ${dst} ${route.metric}`, route);
    return undefined;
  },
  'route del': ({ routes }, words) => (routes.delete(`${after(words, 'table')} ${words.find((word) => word.includes('/'))} ${after(words, 'metric')}`) ? undefined : 'No such process'),
  'rule add': ({ rules }, words) => {
    const { key, rule } = ruleOf(words);
    if (rules.has(key)) return 'File exists';
    rules.set(key, rule);
    return undefined;
  },
  'rule del': ({ rules }, words) => (rules.delete(ruleOf(words).key) ? undefined : 'No such file or directory'),
};

function routeTarget(kernel: Kernel, words: readonly string[]): RouteTarget | undefined {
  if (words[0] === 'unreachable') return { kind: 'unreachable' };
  const dev = maybe(words, 'dev');
  if (dev !== undefined) return { kind: 'device', dev };
  const id = Number(after(words, 'nhid'));
  if (kernel.groups.has(id)) return { kind: 'group', id };
  return kernel.nexthops.has(id) ? { kind: 'nexthop', id } : undefined;
}

function ruleOf(words: readonly string[]): { readonly key: string; readonly rule: HostRule } {
  const side = (name: string): string | undefined => (after(words, name) === 'all' ? undefined : after(words, name));
  const from = side('from');
  const to = side('to');
  const iif = maybe(words, 'iif');
  const sport = maybe(words, 'sport');
  const family = words.includes(IPV6) ? 'inet6' : 'inet';
  const rule: HostRule = {
    priority: Number(after(words, 'priority')), family, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }),
    ...(iif === undefined ? {} : { iif }), ...(sport === undefined ? {} : { sport: Number(sport) }), table: Number(after(words, 'table')),
  };
  return { key: `${rule.priority} ${family} ${from ?? 'all'} ${to ?? 'all'} ${iif ?? 'any'} ${sport ?? 'any'} ${rule.table}`, rule };
}

function loseLink(kernel: Kernel, name: string): string | undefined {
  const link = kernel.links.get(name);
  if (link === undefined) return 'Cannot find device';
  kernel.links.delete(name);
  kernel.wireguard.delete(name);
  if (link.kind === 'vxlan') {
    kernel.neighbours.clear();
    kernel.fdb.clear();
  }
  for (const [id, nexthop] of kernel.nexthops) if (nexthop.dev === name) loseNexthop(kernel, id);
  return undefined;
}

/** A nexthop leaves its groups; a group without members goes, and with it every route that leads to it. */
function loseNexthop(kernel: Kernel, id: number): string | undefined {
  if (!kernel.nexthops.delete(id) && !kernel.groups.delete(id)) return 'No such file or directory';
  for (const [key, { to }] of kernel.routes) if ('id' in to && to.id === id) kernel.routes.delete(key);
  for (const [group, members] of kernel.groups) {
    const left = members.filter((member) => member !== id);
    if (left.length > 0) kernel.groups.set(group, left);
    else loseNexthop(kernel, group);
  }
  return undefined;
}
