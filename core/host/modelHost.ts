/**
 * ModelHost: a mutable HostState for the HostModel, with the kernel's cascades. A device takes its nexthops along, a nexthop leaves its
 * groups, and the last member of a group takes along the group and its routes.
 */
import { hasFdb } from './devices.js';
import {
  routeKey,
  type CniFolder,
  type HostNexthop,
  type HostRoute,
  type HostRule,
  type HostState,
  type Link,
  type RouteTarget,
  type ForwardChain,
} from './state.js';
import { type ModelInterface, thawInterface } from './modelInterface.js';

export interface ModelHost {
  readonly initial: HostState;
  readonly links: Map<string, Link>;
  readonly wireguard: Map<string, ModelInterface>;
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

export function thaw(initial: HostState): ModelHost {
  const users = new Map<number, number>();
  for (const route of initial.routes.values()) countUser(users, route.to, 1);
  return {
    initial,
    links: new Map(initial.links),
    wireguard: new Map([...initial.wireguard].map(([name, one]) => [name, thawInterface(one)])),
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

/** A live view. */
export function freeze(host: ModelHost): HostState {
  const { initial, users: _users, firewall, forward, cni, podBridge, ...rest } = host;
  return {
    at: initial.at,
    ...(initial.underlay === undefined ? {} : { underlay: initial.underlay }),
    pluginDevices: initial.pluginDevices,
    ...(initial.withoutIpv6 === undefined ? {} : { withoutIpv6: initial.withoutIpv6 }),
    ...rest,
    ...(firewall === undefined ? {} : { firewall }),
    ...(forward.size === 0 ? {} : { forward }),
    ...(cni === undefined ? {} : { cni }),
    ...(podBridge === undefined ? {} : { podBridge }),
  };
}

export function putRoute(host: ModelHost, route: HostRoute): void {
  dropRoute(host, routeKey(route));
  host.routes.set(routeKey(route), route);
  countUser(host.users, route.to, 1);
}

export function dropRoute(host: ModelHost, key: string): void {
  const route = host.routes.get(key);
  if (route === undefined) return;
  host.routes.delete(key);
  countUser(host.users, route.to, -1);
}

export function dropLink(host: ModelHost, name: string): void {
  const link = host.links.get(name);
  if (link !== undefined && hasFdb(link)) {
    host.neighbours.clear();
    host.fdb.clear();
  }
  host.links.delete(name);
  host.wireguard.delete(name);
  for (const [id, nexthop] of host.nexthops) if (nexthop.dev === name) dropNexthop(host, id);
  for (const [key, route] of host.routes) if (route.to.kind === 'device' && route.to.dev === name) dropRoute(host, key);
}

export function dropNexthop(host: ModelHost, id: number): void {
  host.nexthops.delete(id);
  dropTarget(host, id);
  for (const [group, members] of host.groups) {
    if (!members.includes(id)) continue;
    const left = members.filter((member) => member !== id);
    if (left.length === 0) dropTarget(host, group);
    else host.groups.set(group, left);
  }
}

/** A nexthop or a group as the target of routes. */
export function dropTarget(host: ModelHost, id: number): void {
  host.groups.delete(id);
  if ((host.users.get(id) ?? 0) === 0) return;
  for (const [key, { to }] of host.routes) if ((to.kind === 'group' || to.kind === 'nexthop') && to.id === id) dropRoute(host, key);
}

function countUser(users: Map<number, number>, to: RouteTarget, by: 1 | -1): void {
  if (to.kind === 'group' || to.kind === 'nexthop') users.set(to.id, (users.get(to.id) ?? 0) + by);
}
