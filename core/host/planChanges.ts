/**
 * planChanges: the steps from what a host holds to what its plan wants, in an order in which traffic never breaks.
 *
 * New before old: interfaces, peers, addresses, neighbours, nexthops, groups, routes, rules, firewall; then what is no
 * longer wanted, in reverse. What is already right is not touched, so a restarted agent adopts a host with no change at
 * all. Nothing is flushed, and no device is made again, except one that nobody serves any more (its userspace process is
 * deaf), a VXLAN device whose id or port changed, which the kernel cannot alter, or an IPIP device of another own address.
 */
import { type IpipDevice, MAIN_TABLE, type NodePlan, POD_BRIDGE, ROUTE_METRIC, type VxlanDevice, type WireguardInterface } from '../mesh/plan.js';
import { aggregate } from '../net/sets.js';
import type { Change, Difference } from './change.js';
import { diffCni } from './diffCni.js';
import { diffForward } from './forward.js';
import { diffPeers } from './diffPeers.js';
import { diffSysctls } from './diffSysctls.js';
import type { EndpointMemory } from './endpoints.js';
import { elementChanges, firewallFacts } from './firewall.js';
import { createHostModel } from './hostModel.js';
import { routeKey, ruleKey, type HostNexthop, type HostRoute, type HostRule, type HostState, type RouteTarget } from './state.js';
import { canonicalAddress, canonicalCIDR, familyOf } from './text.js';

export interface ChangesInput {
  readonly desired: NodePlan;
  readonly observed: HostState;
  /** Endpoints as wanted when they were last written. */
  readonly prior: EndpointMemory;
  /** Of the node's own key. */
  readonly publicKey: string;
}

export function planChanges(input: ChangesInput): readonly Change[] {
  const { desired } = input;
  const obsolete = obsoleteLinks(desired, input.observed);
  const observed = without(input.observed, obsolete);
  const sysctls = diffSysctls(desired, observed);
  const routes = diffRoutes(desired, observed);
  const parts: readonly Difference[] = [
    { set: [...sysctls.before, ...obsolete], remove: [] },
    diffLinks(input, observed),
    { set: sysctls.after, remove: [] },
    ...desired.interfaces.map((one) => diffPeers({ desired: one, observed: observed.wireguard.get(one.name), prior: input.prior, at: observed.at })),
    diffAddresses(desired, observed),
    diffNeighbours(desired.vxlan, observed),
    diffNexthops(desired, observed),
    diffGroups(desired, observed),
    routes,
    diffRules(desired, observed),
    diffFirewall(desired, observed),
    diffForward(desired.forward, observed.forward),
    { set: diffPodBridge(desired, observed), remove: [] },
    // Pods start as soon as they have a network: what it leads to is there by then.
    diffCni(desired.cni, observed.cni),
    // Last: a packet in between would be translated by the old rules once more.
    { set: forgetFlows(routes.set, observed), remove: [] },
  ];
  return [...parts.flatMap((part) => part.set), ...parts.toReversed().flatMap((part) => part.remove)];
}

/** Devices that must be made again before anything else, since they cannot be mended. */
function obsoleteLinks(desired: NodePlan, observed: HostState): readonly Extract<Change, { kind: 'link.delete' }>[] {
  const deaf = desired.interfaces.filter(({ name }) => observed.links.has(name) && !observed.wireguard.has(name)).map(({ name }) => name);
  const device = desired.vxlan;
  const link = device === undefined ? undefined : observed.links.get(device.name);
  const unlike = device !== undefined && link !== undefined && (link.vxlan === undefined || link.vxlan.vni !== device.vni || link.vxlan.port !== device.port);
  const { ipip } = desired;
  const moved = ipip === undefined ? undefined : observed.links.get(ipip.name);
  const elsewhere = ipip !== undefined && moved !== undefined && (moved.kind !== 'ipip' || moved.local !== canonicalAddress(ipip.local));
  return [...deaf, ...(unlike ? [device.name] : []), ...(elsewhere ? [ipip.name] : [])].map((name) => ({ kind: 'link.delete', name }));
}

function without(observed: HostState, obsolete: readonly Change[]): HostState {
  if (obsolete.length === 0) return observed;
  const model = createHostModel(observed);
  for (const change of obsolete) model.record(change);
  return model.state();
}

function diffLinks(input: ChangesInput, observed: HostState): Difference {
  const { desired } = input;
  const { vxlan, ipip } = desired;
  const wanted = new Set([...desired.interfaces, ...(vxlan === undefined ? [] : [vxlan]), ...(ipip === undefined ? [] : [ipip])].map(({ name }) => name));
  return {
    set: [
      ...desired.interfaces.flatMap((one) => diffInterface(one, observed, input.publicKey)),
      ...(vxlan === undefined ? [] : diffVxlan(vxlan, observed)),
      ...(ipip === undefined ? [] : diffIpip(ipip, observed)),
    ],
    remove: [...observed.links.keys()].filter((name) => !wanted.has(name)).toSorted().map((name) => ({ kind: 'link.delete', name })),
  };
}

function diffInterface(desired: WireguardInterface, observed: HostState, publicKey: string): readonly Change[] {
  const { name, mtu, listenPort } = desired;
  const link = observed.links.get(name);
  const now = observed.wireguard.get(name);
  const key = now?.publicKey !== publicKey;
  const port = now?.listenPort === listenPort ? {} : { listenPort };
  return [
    ...(link === undefined ? [{ kind: 'wireguard.add', name } as const] : []),
    ...(key || 'listenPort' in port ? [{ kind: 'wireguard.configure', name, key, publicKey, ...port } as const] : []),
    ...(link?.up === true && link.mtu === mtu ? [] : [{ kind: 'link.set', name, mtu } as const]),
  ];
}

function diffVxlan(desired: VxlanDevice, observed: HostState): readonly Change[] {
  const device = { ...desired, local: canonicalAddress(desired.local), mac: desired.mac.toLowerCase() };
  const { name, mtu } = device;
  const link = observed.links.get(name);
  const up: Change = { kind: 'link.set', name, mtu };
  if (link?.vxlan === undefined) return [{ kind: 'vxlan.add', device }, up];
  const local = link.vxlan.local === device.local ? {} : { local: device.local };
  const mac = link.vxlan.mac === device.mac ? {} : { mac: device.mac };
  return [
    ...('local' in local || 'mac' in mac ? [{ kind: 'vxlan.set', name, ...local, ...mac } as const] : []),
    ...(link.up && link.mtu === mtu ? [] : [up]),
  ];
}

function diffIpip(desired: IpipDevice, observed: HostState): readonly Change[] {
  const { name, mtu, local } = desired;
  const link = observed.links.get(name);
  const up: Change = { kind: 'link.set', name, mtu };
  if (link === undefined) return [{ kind: 'ipip.add', device: { name, mtu, local: canonicalAddress(local) } }, up];
  return link.up && link.mtu === mtu ? [] : [up];
}

/**
 * Mesh addresses are on `lo`, and the IPv4 one on each tunnel device, too: what comes in by a device without an address is
 * dropped by reverse-path filtering as soon as the way back is another, even where it is loose (kernel net/ipv4/fib_frontend.c
 * __fib_validate_source, `no_addr`).
 */
function diffAddresses(desired: NodePlan, observed: HostState): Difference {
  const wanted = new Set(desired.meshAddresses.map(canonicalAddress));
  const numbered = [...wanted].filter((address) => familyOf(address) === 'inet');
  const devices = tunnelDevices(desired).map((dev) => ({ dev, now: observed.links.get(dev)?.addresses ?? [] }));
  return {
    set: [
      ...[...wanted].filter((address) => !observed.addresses.has(address)).map((address) => ({ kind: 'address.add', address }) as const),
      ...devices.flatMap(({ dev, now }) => numbered.filter((address) => !now.includes(address)).map((address) => ({ kind: 'address.add', address, dev }) as const)),
    ],
    remove: [
      ...[...observed.addresses].filter((address) => !wanted.has(address)).map((address) => ({ kind: 'address.delete', address }) as const),
      ...devices.flatMap(({ dev, now }) => now.filter((address) => !numbered.includes(address)).map((address) => ({ kind: 'address.delete', address, dev }) as const)),
    ],
  };
}

function tunnelDevices({ interfaces, vxlan, ipip }: NodePlan): readonly string[] {
  return [...interfaces, ...(vxlan === undefined ? [] : [vxlan]), ...(ipip === undefined ? [] : [ipip])].map(({ name }) => name);
}

function diffNeighbours(device: VxlanDevice | undefined, observed: HostState): Difference {
  if (device === undefined) return { set: [], remove: [] };
  const dev = device.name;
  const vteps = device.neighbours.map(({ address, mac }) => ({ address: canonicalAddress(address), mac: mac.toLowerCase() }));
  const entries = device.neighbours.flatMap(({ hops, mac }) => hops.map((address) => ({ address: canonicalAddress(address), mac: mac.toLowerCase() })));
  const addresses = new Set(entries.map(({ address }) => address));
  const macs = new Set(vteps.map(({ mac }) => mac));
  return {
    set: [
      ...vteps.filter(({ mac, address }) => observed.fdb.get(mac) !== address).map((entry) => ({ kind: 'fdb.set', dev, ...entry }) as const),
      ...entries.filter(({ mac, address }) => observed.neighbours.get(address) !== mac).map((entry) => ({ kind: 'neighbour.set', dev, ...entry }) as const),
    ],
    remove: [
      ...[...observed.neighbours.keys()].filter((address) => !addresses.has(address)).map((address) => ({ kind: 'neighbour.delete', dev, address }) as const),
      ...[...observed.fdb].filter(([mac]) => !macs.has(mac)).map(([mac, address]) => ({ kind: 'fdb.delete', dev, mac, address }) as const),
    ],
  };
}

function diffNexthops(desired: NodePlan, observed: HostState): Difference {
  const wanted = new Map<number, HostNexthop>();
  for (const { id, dev, via, family } of desired.nexthops) {
    wanted.set(id, {
      dev: dev === 'underlay' ? (observed.underlay?.dev ?? 'underlay') : dev,
      ...(via === undefined ? {} : { via: canonicalAddress(via) }),
      family,
      onlink: via !== undefined,
    });
  }
  return {
    set: [...wanted].filter(([id, nexthop]) => !sameNexthop(nexthop, observed.nexthops.get(id))).map(([id, nexthop]) => ({ kind: 'nexthop.set', id, nexthop })),
    remove: [...observed.nexthops.keys()].filter((id) => !wanted.has(id)).map((id) => ({ kind: 'nexthop.delete', id })),
  };
}

function sameNexthop(a: HostNexthop, b: HostNexthop | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.via === b.via && a.family === b.family && a.onlink === b.onlink;
}

/** What leads to the groups' active members; a switch of ways is no more than this. */
export function diffGroups(desired: NodePlan, observed: HostState): Difference {
  const wanted = new Map(desired.groups.map(({ id, active, spread }) => [id, { members: [...new Set(active)].toSorted((a, b) => a - b), ...(spread === true ? { spread } : {}) }]));
  return {
    set: [...wanted].filter(([id, { members }]) => observed.groups.get(id)?.join() !== members.join()).map(([id, group]) => ({ kind: 'group.set', id, ...group })),
    remove: [...observed.groups.keys()].filter((id) => !wanted.has(id)).map((id) => ({ kind: 'group.delete', id })),
  };
}

function diffRoutes(desired: NodePlan, observed: HostState): Difference {
  const set: Change[] = [];
  const wanted: string[] = [];
  let present = 0;
  for (const route of desired.routes) {
    const dst = canonicalCIDR(route.dst);
    const src = route.src === undefined ? undefined : canonicalAddress(route.src);
    const key = routeKey({ dst, table: route.table, metric: route.metric });
    const now = observed.routes.get(key);
    wanted.push(key);
    if (now !== undefined) present += 1;
    if (sameRoute(route.to, src, now)) continue;
    const { table, metric, to } = route;
    set.push({ kind: 'route.set', route: { dst, table, metric, to, ...(src === undefined ? {} : { src }) } });
  }
  // Nearly always every route that is there is wanted, and with thousands of them looking no further is worth it.
  return { set, remove: present === observed.routes.size ? [] : obsoleteRoutes(new Set(wanted), observed) };
}

function obsoleteRoutes(wanted: ReadonlySet<string>, observed: HostState): readonly Change[] {
  return [...observed.routes].filter(([key]) => !wanted.has(key)).map(([, route]) => ({ kind: 'route.delete', route }));
}

/**
 * Prefixes that get their first route. Those of an adopted host have theirs, so a restart forgets nothing. Tables that only
 * rules lead to carry probes: their default routes would make every connection of the node one to forget.
 */
function forgetFlows(set: readonly Change[], observed: HostState): readonly Change[] {
  const prefixes = set.flatMap((change) => (change.kind === 'route.set' && change.route.table === MAIN_TABLE && change.route.metric === ROUTE_METRIC && !observed.routes.has(routeKey(change.route)) ? [change.route.dst] : []));
  return prefixes.length === 0 ? [] : [{ kind: 'conntrack.forget', prefixes: aggregate(prefixes) }];
}

function sameRoute(to: RouteTarget, src: string | undefined, now: HostRoute | undefined): boolean {
  if (now === undefined || now.src !== src || now.to.kind !== to.kind) return false;
  if ('id' in to && 'id' in now.to) return to.id === now.to.id;
  return !('dev' in to && 'dev' in now.to) || to.dev === now.to.dev;
}

/** New pods get their MTU from the CNI file; the bridge's own bounds what is sent to those that are there. */
function diffPodBridge({ cni }: NodePlan, { podBridge }: HostState): readonly Change[] {
  return cni === undefined || podBridge === undefined || podBridge.mtu === cni.mtu ? [] : [{ kind: 'bridge.set', name: POD_BRIDGE, mtu: cni.mtu }];
}

function diffRules(desired: NodePlan, observed: HostState): Difference {
  const probes = (desired.probing?.rules ?? []).map((rule): HostRule => ({ ...rule, iif: 'lo' }));
  const wanted = new Map([...desired.rules.map(hostRule), ...(desired.tunnelRules ?? []), ...probes].map((rule) => [ruleKey(rule), rule]));
  return {
    set: [...wanted].filter(([key]) => !observed.rules.has(key)).map(([, rule]) => ({ kind: 'rule.add', rule })),
    remove: [...observed.rules].filter(([key]) => !wanted.has(key)).map(([, rule]) => ({ kind: 'rule.delete', rule })),
  };
}

function hostRule({ priority, family, from, to, table }: NodePlan['rules'][number]): HostRule {
  return {
    priority,
    family: family ?? familyOf(to ?? from ?? ''),
    ...(from === undefined ? {} : { from: canonicalCIDR(from) }),
    ...(to === undefined ? {} : { to: canonicalCIDR(to) }),
    table,
  };
}

function diffFirewall(desired: NodePlan, observed: HostState): Difference {
  const facts = firewallFacts(desired.firewall);
  if (facts.length === 0) return { set: [], remove: observed.firewall === undefined ? [] : [{ kind: 'firewall.delete' }] };
  if (observed.firewall?.join('\n') === facts.join('\n')) return { set: [], remove: [] };
  const elements = observed.firewall === undefined ? undefined : elementChanges(observed.firewall, desired.firewall);
  return { set: [{ kind: 'firewall.set', firewall: desired.firewall, ...(elements === undefined ? {} : { elements }) }], remove: [] };
}
