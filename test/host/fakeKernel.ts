/**
 * What the kernel of a FakeHost holds, and what goes along with a device or a nexthop that goes.
 */
import type { ForwardChain, HostNexthop, HostRoute, HostRule, Link, PeerState } from '../../core/host/state.js';

export interface Kernel {
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

export function loseLink(kernel: Kernel, name: string): string | undefined {
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
export function loseNexthop(kernel: Kernel, id: number): string | undefined {
  if (!kernel.nexthops.delete(id) && !kernel.groups.delete(id)) return 'No such file or directory';
  for (const [key, { to }] of kernel.routes) if ('id' in to && to.id === id) kernel.routes.delete(key);
  for (const [group, members] of kernel.groups) {
    const left = members.filter((member) => member !== id);
    if (left.length > 0) kernel.groups.set(group, left);
    else loseNexthop(kernel, group);
  }
  return undefined;
}
