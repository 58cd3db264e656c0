/**
 * Where a packet goes between the nodes of a layout: by the plans of the nodes, by what each uses of them now, and by what is broken.
 */
import { type Choices } from '../../../core/failover/choices.js';
import { type Cidr, contains, parseCidr } from '../../../core/net/cidr.js';
import { createPrefixMap } from '../../../core/net/prefixMap.js';
import type { LayoutNode } from './layout.js';

/** What of the network does not work; absent: all of it does. */
export interface Breakage {
  /** Nothing that this node sends over its LAN gets to that one. */
  lan?(from: string, to: string): boolean;
  /** Nothing that this node sends into its tunnel by `plane` gets out of it at that one. */
  wan?(from: string, to: string, plane: number): boolean;
  /** The node hands on nothing that came in this way. */
  transit?(at: string, by: 'lan' | 'tunnel'): boolean;
  /** Its agent does nothing; the rest of it goes on. */
  agent?(at: string): boolean;
}

/** The first step, where a packet does not go by the routes. */
export type FirstHop = { readonly plane: number } | { readonly node: string };

export interface Packets {
  /** Milliseconds that it takes; undefined: it is lost. */
  travel(from: string, to: string, first?: FirstHop): number | undefined;
  /** Whether there is any way from a pod of one node to a pod of the other, whatever the nodes would have to use. */
  hasWay(from: string, to: string): boolean;
  /** The nodes that it passes now, the last included. */
  passes(from: string, to: string): readonly string[];
}

interface Host {
  readonly node: LayoutNode;
  /** By name of the destination the segment whose group leads to it; none: it is near. */
  readonly segments: ReadonlyMap<string, string>;
  /** By plane and name of the destination: the node at the far end of that tunnel. */
  readonly tunnels: ReadonlyMap<string, string>;
}

const LAN_MS = 1;
const WAN_MS = 10;
const MAX_HOPS = 8;

export function createPackets(nodes: readonly LayoutNode[], choicesOf: (node: string) => Choices, breakage: () => Breakage): Packets {
  const hosts = hostsOf(nodes);
  const host = (name: string): Host => {
    const found = hosts.get(name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };

  function byRoutes(at: string, to: string): FirstHop | undefined {
    const { node, segments } = host(at);
    if (node.site === host(to).node.site) return { node: to };
    const [chosen] = choicesOf(at).get(segments.get(to) ?? '') ?? [];
    const [kind, value] = chosen?.split('/') ?? [];
    return value === undefined ? undefined : kind === 'plane' ? { plane: Number(value) } : { node: value };
  }

  function step(at: string, to: string, hop: FirstHop): { readonly at: string; readonly by: 'lan' | 'tunnel' } | undefined {
    if ('node' in hop) return breakage().lan?.(at, hop.node) === true ? undefined : { at: hop.node, by: 'lan' };
    const far = host(at).tunnels.get(`${hop.plane} ${to}`);
    return far === undefined || breakage().wan?.(at, far, hop.plane) === true ? undefined : { at: far, by: 'tunnel' };
  }

  function follow(
    from: string,
    to: string,
    first?: FirstHop,
  ): { readonly ms: number; readonly hops: readonly string[]; readonly arrived: boolean } {
    const hops: string[] = [];
    let ms = 0;
    let at = from;
    for (let hop = first ?? byRoutes(from, to); hops.length < MAX_HOPS; hop = byRoutes(at, to)) {
      const next = hop === undefined ? undefined : step(at, to, hop);
      if (next === undefined) break;
      ({ at } = next);
      hops.push(at);
      ms += next.by === 'lan' ? LAN_MS : WAN_MS;
      if (at === to) return { ms, hops, arrived: true };
      if (breakage().transit?.(at, next.by) === true) break;
    }
    return { ms, hops, arrived: false };
  }

  /** The gateways of its segment, itself included. */
  const near = (name: string): readonly string[] =>
    nodes.filter(({ site, object }) => site === host(name).node.site && object.status?.slot !== undefined).map((each) => each.name);

  return {
    travel(from, to, first) {
      const { ms, arrived } = follow(from, to, first);
      return arrived ? ms : undefined;
    },
    passes: (from, to) => follow(from, to).hops,
    hasWay(from, to) {
      const broken = breakage();
      return near(from).some(
        (out) =>
          (out === from || (broken.lan?.(from, out) !== true && broken.transit?.(out, 'lan') !== true)) &&
          [...host(out).tunnels].some(([key, far]) => {
            const [plane, destination] = key.split(' ');
            return (
              destination === to &&
              broken.wan?.(out, far, Number(plane)) !== true &&
              (far === to || (broken.transit?.(far, 'tunnel') !== true && broken.lan?.(far, to) !== true))
            );
          }),
      );
    },
  };
}

/** Of a layout, which has them once. */
const known = new WeakMap<readonly LayoutNode[], ReadonlyMap<string, Host>>();

function hostsOf(nodes: readonly LayoutNode[]): ReadonlyMap<string, Host> {
  const hosts = known.get(nodes) ?? new Map(nodes.map((node) => [node.name, hostOf(node, nodes)]));
  known.set(nodes, hosts);
  return hosts;
}

function hostOf(node: LayoutNode, nodes: readonly LayoutNode[]): Host {
  const { plan } = node;
  const groups = createPrefixMap<string>();
  for (const { dst, to } of plan.routes) {
    const cidr = parseCidr(dst);
    const group = to.kind === 'group' ? plan.groups.find(({ id }) => id === to.id) : undefined;
    if (cidr !== undefined && group !== undefined) groups.set(cidr, group.segment);
  }
  const segments = new Map<string, string>();
  const tunnels = new Map<string, string>();
  for (const { name, plan: far } of nodes) {
    const address = parseCidr(far.meshAddresses[0] ?? '') as Cidr;
    const [segment] = groups.covering(address);
    if (segment !== undefined) segments.set(name, segment);
    for (const { plane, peers } of plan.interfaces) {
      const peer = peers.find(({ allowedIPs }) => allowedIPs.some((each) => contains(parseCidr(each) as Cidr, address)));
      const end = nodes.find(({ object }) => object.spec.publicKey === peer?.publicKey);
      if (end !== undefined) tunnels.set(`${plane} ${name}`, end.name);
    }
  }
  return { node, segments, tunnels };
}
