/**
 * Walks a packet through plans, as the kernels would forward it: longest prefix, lowest metric, the active member of the
 * group, the peer whose allowed IPs hold the destination, and the source check of the interface it arrives on.
 */
import { type NodePlan, type Route } from '../../core/mesh/plan.js';
import { type Cidr, contains, parseCidr } from '../../core/net/cidr.js';

export interface Host {
  readonly plan: NodePlan;
  readonly publicKey: string;
  readonly internalIP: string | undefined;
  readonly podCIDRs: readonly string[];
}

export type Walk =
  | { readonly kind: 'arrived'; readonly hops: readonly string[] }
  | { readonly kind: 'lost'; readonly at: string; readonly why: string };

/** From a pod of `from` to the address `to`. */
export function walk(hosts: ReadonlyMap<string, Host>, from: string, packet: { readonly source: string; readonly to: string }): Walk {
  const hops: string[] = [];
  let at = from;
  for (let step = 0; step < 8; step += 1) {
    hops.push(at);
    const host = hosts.get(at) as Host;
    if ([...host.podCIDRs, ...host.plan.meshAddresses].some((own) => covers(own, packet.to))) return { kind: 'arrived', hops };
    const next = forward(hosts, host, packet);
    if (typeof next !== 'string') return { kind: 'lost', at, why: next.why };
    at = next;
  }
  return { kind: 'lost', at, why: `loops: ${hops.join(' ')}` };
}

function forward(hosts: ReadonlyMap<string, Host>, host: Host, packet: { readonly source: string; readonly to: string }): string | { readonly why: string } {
  const route = bestRoute(host.plan, packet.to);
  if (route === undefined) return { why: 'no route' };
  const nexthopId = route.to.kind === 'group' ? host.plan.groups.find(({ id }) => id === (route.to as { id: number }).id)?.active[0] : route.to.kind === 'nexthop' ? route.to.id : undefined;
  const nexthop = host.plan.nexthops.find(({ id }) => id === nexthopId);
  if (nexthop === undefined) return { why: `route to ${route.to.kind}` };
  if (nexthop.via !== undefined) {
    const neighbour = [...hosts].find(([, each]) => each.internalIP === nexthop.via)?.[0];
    return neighbour ?? { why: `no host has ${nexthop.via}` };
  }
  const device = host.plan.interfaces.find(({ name }) => name === nexthop.dev);
  const holders = (device?.peers ?? []).filter((peer) => peer.allowedIPs.some((each) => covers(each, packet.to)));
  const peer = longest(holders, packet.to);
  if (peer?.endpoint === undefined) return { why: `${nexthop.dev} has no peer with an endpoint for ${packet.to}` };
  const port = Number(peer.endpoint.split(':').at(-1));
  const far = [...hosts].find(([, each]) => each.publicKey === peer.publicKey);
  const arrival = far?.[1].plan.interfaces.find(({ listenPort }) => listenPort === port);
  const back = arrival?.peers.find(({ publicKey }) => publicKey === host.publicKey);
  if (far === undefined || back === undefined) return { why: `nobody at ${peer.endpoint} knows our key` };
  return back.allowedIPs.some((each) => covers(each, packet.source)) ? far[0] : { why: `${far[0]} refuses the source ${packet.source}` };
}

function bestRoute(plan: NodePlan, to: string): Route | undefined {
  return plan.routes
    .filter((route) => route.table === 254 && covers(route.dst, to))
    .toSorted((a, b) => lengthOf(b.dst) - lengthOf(a.dst) || a.metric - b.metric)[0];
}

function longest<T extends { readonly allowedIPs: readonly string[] }>(peers: readonly T[], to: string): T | undefined {
  const best = (peer: T): number => Math.max(...peer.allowedIPs.filter((each) => covers(each, to)).map(lengthOf));
  return peers.toSorted((a, b) => best(b) - best(a))[0];
}

function covers(network: string, address: string): boolean {
  return contains(parseCidr(network) as Cidr, parseCidr(address) as Cidr);
}

function lengthOf(text: string): number {
  return (parseCidr(text) as Cidr).length;
}
