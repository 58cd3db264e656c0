/**
 * Walks a packet through plans, as the kernels would forward it: rules, longest prefix, lowest metric, the active member of
 * the group, the peer whose allowed IPs hold the destination, and the source check of the interface it arrives on.
 */
import { FAMILIES } from '../../core/mesh/neighbours.js';
import { type Nexthop, type NodePlan, type Route } from '../../core/mesh/plan.js';
import { type Cidr, lastOf, parseCidr } from '../../core/net/cidr.js';

export interface Host {
  readonly plan: NodePlan;
  readonly publicKey: string;
  /** Nodes of one site reach each other's internal addresses without us. */
  readonly site: string;
  readonly internalIPs: readonly string[];
  readonly podCIDRs: readonly string[];
}

export interface Packet {
  readonly source: string;
  readonly to: string;
}

export type Walk =
  /** Node after node, and the device that each but the last sent it out by. */
  | { readonly kind: 'arrived'; readonly hops: readonly string[]; readonly devices: readonly string[] }
  | { readonly kind: 'lost'; readonly at: string; readonly why: string };

export type Hosts = ReadonlyMap<string, Host>;

/** From a pod of `from`. */
export function walk(hosts: Hosts, from: string, packet: Packet): Walk {
  const hops: string[] = [];
  const devices: string[] = [];
  let here: Step = { host: from, device: 'pod' };
  for (let step = 0; step < 8; step += 1) {
    hops.push(here.host);
    const host = hosts.get(here.host) as Host;
    if ([...host.podCIDRs, ...host.plan.meshAddresses, ...host.internalIPs].some((own) => covers(own, packet.to))) return { kind: 'arrived', hops, devices };
    const next: Sent | Lost = forward(hosts, here, packet);
    if ('why' in next) return { kind: 'lost', at: here.host, why: next.why };
    devices.push(next.out);
    here = next;
  }
  return { kind: 'lost', at: here.host, why: `loops: ${hops.join(' ')}` };
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

function forward(hosts: Hosts, { host: name, device }: Step, packet: Packet): Sent | Lost {
  const host = hosts.get(name) as Host;
  const route = bestRoute(host.plan, packet, device);
  if (route === undefined) {
    const near = [...hosts].find(([, each]) => each.site === host.site && each.internalIPs.includes(packet.to));
    return near === undefined ? { why: 'no route' } : { host: near[0], device: 'underlay', out: 'underlay' };
  }
  const nexthop = nexthopOf(host.plan, route);
  if (nexthop === undefined) return { why: `route to ${route.to.kind}` };
  const next = nexthop.via === undefined ? throughTunnel(hosts, host, { packet, device: nexthop.dev }) : toNeighbour(hosts, host, nexthop);
  return 'why' in next ? next : { ...next, out: nexthop.dev };
}

function nexthopOf(plan: NodePlan, { to }: Route): Nexthop | undefined {
  const id = to.kind === 'group' ? plan.groups.find((group) => group.id === to.id)?.active[0] : to.kind === 'nexthop' ? to.id : undefined;
  return plan.nexthops.find((nexthop) => nexthop.id === id);
}

function toNeighbour(hosts: Hosts, from: Host, { via, dev }: Nexthop): Step | Lost {
  const found = [...hosts].find(([, { site, internalIPs }]) => site === from.site && internalIPs.includes(via ?? ''));
  if (found === undefined) return { why: `nobody near has ${via}` };
  const known = dev === 'underlay' || from.plan.vxlan?.neighbours.some(({ address, second }) => [address, second].includes(via));
  const [name, { plan }] = found;
  const taken = dev === 'underlay' || plan.firewall.vxlan?.from.includes(from.plan.vxlan?.local ?? '');
  return known === true && taken === true ? { host: name, device: dev } : { why: `${dev} does not lead to ${via}` };
}

function throughTunnel(hosts: Hosts, from: Host, { packet, device }: { readonly packet: Packet; readonly device: string }): Step | Lost {
  const peers = from.plan.interfaces.find(({ name }) => name === device)?.peers ?? [];
  const peer = longest(peers, packet.to);
  if (peer?.endpoint === undefined) return { why: `${device} has no peer with an endpoint for ${packet.to}` };
  const port = Number(peer.endpoint.split(':').at(-1));
  const far = [...hosts].find(([, { publicKey }]) => publicKey === peer.publicKey);
  const arrival = far?.[1].plan.interfaces.find(({ listenPort }) => listenPort === port);
  if (far === undefined || arrival === undefined) return { why: `nobody listens at ${peer.endpoint}` };
  const holder = longest(arrival.peers, packet.source);
  return holder?.publicKey === from.publicKey ? { host: far[0], device: arrival.name } : { why: `${far[0]} refuses the source ${packet.source}` };
}

function bestRoute(plan: NodePlan, packet: Packet, device: string): Route | undefined {
  const family = FAMILIES[packet.to.includes(':') ? 1 : 0];
  const ruled = [
    ...plan.rules.filter(({ from }) => from !== undefined && covers(from, packet.source)),
    ...(plan.tunnelRules ?? []).filter((rule) => rule.iif === device && rule.family === family),
  ].toSorted((a, b) => a.priority - b.priority);
  for (const table of [...ruled.map((rule) => rule.table), MAIN]) {
    const [best] = plan.routes
      .filter((route) => route.table === table && covers(route.dst, packet.to))
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
      if (covers(allowed, address) && lengthOf(allowed) > (best?.length ?? -1)) best = { peer, length: lengthOf(allowed) };
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

function covers(network: string, address: string): boolean {
  const [outer, inner] = [spanOf(network), spanOf(address)];
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

function lengthOf(text: string): number {
  return spanOf(text).length;
}
