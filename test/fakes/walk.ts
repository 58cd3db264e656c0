/**
 * Walks a packet through plans, as the kernels would forward it: rules, longest prefix, lowest metric, the active member of
 * the group, the peer whose allowed IPs hold the destination, and the source check of the interface it arrives on.
 */
import { DEVICE_NAME } from '../../core/mesh/encapsulation/device.js';
import { ENCAPSULATIONS } from '../../core/mesh/encapsulation/table.js';
import type { Nexthop, NexthopGroup, NodePlan, Route } from '../../core/mesh/plan.js';
import { addressOf, type Cidr, lastOf, parseCidr } from '../../core/net/cidr.js';
import { FAMILIES } from '../../core/net/family.js';

export interface Host {
  readonly plan: NodePlan;
  readonly publicKey: string;
  /** Nodes of one site reach each other's internal addresses without us. */
  readonly site: string;
  readonly internalIPs: readonly string[];
  readonly podCIDRs: readonly string[];
  /** Networks that it reaches without the mesh. */
  readonly beside?: readonly string[];
  /** The cluster whose network plugin carries its pods inside its site, and has routes for all nodes of the cluster. */
  readonly plugin?: string;
  /** Of cilium_host. */
  readonly pluginAddress?: string | undefined;
}

export interface Packet {
  readonly source: string;
  readonly to: string;
}

export type Walk =
  /** Node after node, and the device that each but the last sent it out by. The last is `lan` or `peer x` where it leaves the nodes. */
  | { readonly kind: 'arrived'; readonly hops: readonly string[]; readonly devices: readonly string[] }
  | { readonly kind: 'lost'; readonly at: string; readonly why: string };

export type Hosts = ReadonlyMap<string, Host>;

export interface Setting {
  /** Public key to who holds it, beside the hosts. */
  readonly externalPeers?: ReadonlyMap<string, string>;
  /** The device by which the packet comes to the first host; `pod` if absent. */
  readonly device?: string;
  /** Which path of a group is in use, among those a node may choose from; the plan's own choice if absent. */
  readonly pathIndex?: number;
}

/** From a pod of `from`, unless `setting` says otherwise. */
export function walk(hosts: Hosts, from: string, packet: Packet, setting: Setting = {}): Walk {
  const hops: string[] = [];
  const devices: string[] = [];
  let here: Step = { host: from, device: setting.device ?? 'pod' };
  for (let step = 0; step < 8; step += 1) {
    hops.push(here.host);
    const host = hosts.get(here.host);
    if (
      host === undefined ||
      [...host.podCIDRs, ...host.plan.meshAddresses, ...host.internalIPs].some((own) => containsAddress(own, packet.to))
    )
      return { kind: 'arrived', hops, devices };
    const next: Sent | Lost = forward({ hosts, setting }, here, packet);
    if ('why' in next) return { kind: 'lost', at: here.host, why: next.why };
    devices.push(next.out);
    here = next;
  }
  return { kind: 'lost', at: here.host, why: `loops: ${hops.join(' ')}` };
}

/** Would `name` take a packet of this source out of its tunnel `device` from the holder of `publicKey`? */
export function takes(hosts: Hosts, at: { readonly name: string; readonly device: string }, publicKey: string, source: string): boolean {
  const peers = hosts.get(at.name)?.plan.interfaces.find(({ name }) => name === at.device)?.peers ?? [];
  return longest(peers, source)?.publicKey === publicKey;
}

interface World {
  readonly hosts: Hosts;
  readonly setting: Setting;
}

interface Step {
  readonly host: string;
  /** Where the packet came in by. */
  readonly device: string;
}

interface Sent extends Step {
  readonly out: string;
}

interface Lost {
  readonly why: string;
}

function forward(world: World, { host: name, device }: Step, packet: Packet): Sent | Lost {
  const host = world.hosts.get(name) as Host;
  const route = bestRoute(host.plan, packet, device);
  const plugged = byPlugin(world, host, packet);
  if (plugged !== undefined && (route === undefined || (route.table === MAIN && lengthOf(route.dst) <= plugged.length)))
    return plugged.step;
  if (route === undefined) {
    if ((host.beside ?? []).some((network) => containsAddress(network, packet.to)))
      return { host: 'lan', device: 'underlay', out: 'underlay' };
    const near = [...world.hosts].find(([, each]) => each.site === host.site && each.internalIPs.includes(packet.to));
    return near === undefined ? { why: 'no route' } : { host: near[0], device: 'underlay', out: 'underlay' };
  }
  const nexthop = nexthopOf(host.plan, route, world.setting.pathIndex);
  if (nexthop === undefined) return { why: `route to ${route.to.kind}` };
  const next =
    nexthop.via === undefined ? throughTunnel(world, host, { packet, device: nexthop.dev }) : toNeighbour(world.hosts, host, nexthop);
  return 'why' in next ? next : { ...next, out: nexthop.dev };
}

function nexthopOf(plan: NodePlan, { to }: Route, pathIndex: number | undefined): Nexthop | undefined {
  const group = to.kind === 'group' ? plan.groups.find(({ id }) => id === to.id) : undefined;
  const id =
    group === undefined
      ? to.kind === 'nexthop'
        ? to.id
        : undefined
      : pathIndex === undefined
        ? group.active[0]
        : pathOf(group, pathIndex);
  return plan.nexthops.find((nexthop) => nexthop.id === id);
}

/** A node with tunnels of its own chooses among these: the others would choose among theirs, and never send it back. */
function pathOf({ paths }: NexthopGroup, index: number): number | undefined {
  const own = paths.filter(({ kind }) => kind === 'plane');
  const usable = own.length > 0 ? own : paths;
  return usable[index % usable.length]?.nexthop;
}

/** A plugin's routes have metric 0, and end in nothing where it cannot send. */
function byPlugin({ hosts }: World, host: Host, { to }: Packet): { readonly length: number; readonly step: Sent | Lost } | undefined {
  if (host.plugin === undefined) return undefined;
  for (const [name, each] of hosts) {
    const network = each === host || each.plugin !== host.plugin ? undefined : each.podCIDRs.find((cidr) => containsAddress(cidr, to));
    if (network === undefined) continue;
    return {
      length: lengthOf(network),
      step: each.site === host.site ? { host: name, device: 'plugin', out: 'plugin' } : { why: 'the plugin cannot reach another location' },
    };
  }
  return undefined;
}

function toNeighbour(hosts: Hosts, from: Host, { via = '', dev }: Nexthop): Step | Lost {
  const device = from.plan.encapsulation;
  const vtep =
    device?.kind === 'vxlan' && device.name === dev ? device.neighbours.find(({ hops }) => hops.includes(via))?.address : undefined;
  const found = [...hosts].find(([, each]) => each.site === from.site && addressesOn(dev, each).includes(vtep ?? via));
  if (found === undefined) return { why: `nobody near has ${via} on ${dev}` };
  const [name, { plan }] = found;
  return isTaken(from.plan, plan, { via, dev }) ? { host: name, device: dev } : { why: `${dev} does not lead to ${via}` };
}

function addressesOn(dev: string, host: Host): readonly string[] {
  if (ENCAPSULATIONS.flannel.pluginDevices.includes(dev)) return host.podCIDRs.map((network) => addressOf(network) ?? '');
  return dev === DEVICE_NAME.ipip || dev === ENCAPSULATIONS.cilium.pluginAddress?.device
    ? [host.pluginAddress ?? host.internalIPs[0] ?? '']
    : host.internalIPs;
}

function isTaken({ encapsulation }: NodePlan, to: NodePlan, { via, dev }: { readonly via: string; readonly dev: string }): boolean {
  if (dev !== DEVICE_NAME.ipip && dev !== DEVICE_NAME.vxlan) return true;
  if (encapsulation?.name !== dev || to.firewall.encapsulation?.from.includes(encapsulation.local) !== true) return false;
  return encapsulation.kind === 'vxlan'
    ? encapsulation.neighbours.some(({ hops }) => hops.includes(via))
    : to.encapsulation?.name === dev && to.encapsulation.local === via;
}

function throughTunnel(
  { hosts, setting }: World,
  from: Host,
  { packet, device }: { readonly packet: Packet; readonly device: string },
): Step | Lost {
  const peers = from.plan.interfaces.find(({ name }) => name === device)?.peers ?? [];
  const peer = longest(peers, packet.to);
  const external = setting.externalPeers?.get(peer?.publicKey ?? '');
  if (external !== undefined) return { host: external, device };
  if (peer?.endpoint === undefined) return { why: `${device} has no peer with an endpoint for ${packet.to}` };
  const port = Number(peer.endpoint.split(':').at(-1));
  const far = [...hosts].find(([, { publicKey }]) => publicKey === peer.publicKey);
  const arrival = far?.[1].plan.interfaces.find(({ listenPort }) => listenPort === port);
  if (far === undefined || arrival === undefined) return { why: `nobody listens at ${peer.endpoint}` };
  const holder = longest(arrival.peers, packet.source);
  return holder?.publicKey === from.publicKey
    ? { host: far[0], device: arrival.name }
    : { why: `${far[0]} refuses the source ${packet.source}` };
}

function bestRoute(plan: NodePlan, packet: Packet, device: string): Route | undefined {
  const family = FAMILIES[packet.to.includes(':') ? 1 : 0];
  const ruled = [
    ...plan.rules.filter(({ from }) => from !== undefined && containsAddress(from, packet.source)),
    ...(plan.tunnelRules ?? []).filter((rule) => rule.iif === device && rule.family === family),
  ].toSorted((a, b) => a.priority - b.priority);
  for (const table of [...ruled.map((rule) => rule.table), MAIN]) {
    const [best] = plan.routes
      .filter((route) => route.table === table && containsAddress(route.dst, packet.to))
      .toSorted((a, b) => lengthOf(b.dst) - lengthOf(a.dst) || a.metric - b.metric);
    if (best !== undefined) return best;
  }
  return undefined;
}

const MAIN = 254;

function longest<T extends { readonly allowedIPs: readonly string[] }>(peers: readonly T[], address: string): T | undefined {
  let best: { readonly peer: T; readonly length: number } | undefined;
  for (const peer of peers) {
    for (const allowed of peer.allowedIPs) {
      if (containsAddress(allowed, address) && lengthOf(allowed) > (best?.length ?? -1)) best = { peer, length: lengthOf(allowed) };
    }
  }
  return best?.peer;
}

interface Span {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
}

const spans = new Map<string, Span>();

function spanOf(text: string): Span {
  const known = spans.get(text);
  if (known !== undefined) return known;
  const cidr = parseCidr(text) as Cidr;
  const span = { ...cidr, last: lastOf(cidr) };
  spans.set(text, span);
  return span;
}

function containsAddress(network: string, address: string): boolean {
  const [outer, inner] = [spanOf(network), spanOf(address)];
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

function lengthOf(text: string): number {
  return spanOf(text).length;
}
