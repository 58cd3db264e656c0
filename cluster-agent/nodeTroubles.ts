/**
 * What keeps single nodes from being reached, for the conditions of their MeshNodes.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import { type Cidr, compareCidrs, contains, parseCidr } from '../core/net/cidr.js';

export interface Trouble {
  /** One word, CamelCase. */
  readonly reason: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

export interface NodeShortages {
  /** Nodes for which a range had no address left. */
  readonly exhausted: readonly string[];
  /** Nodes that get no address of a range because it overlaps something. */
  readonly withheld: readonly string[];
}

/** By node name; the first that applies of each. Nodes without trouble are left out. */
export function nodeTroubles(nodes: readonly MeshNode[], { exhausted, withheld }: NodeShortages): ReadonlyMap<string, Trouble> {
  const holders = holdersOfKeys(nodes);
  const overlaps = podOverlaps(nodes);
  const troubles = new Map<string, Trouble>();
  for (const node of nodes) {
    const { name } = node.metadata;
    const twins = (holders.get(node.spec.publicKey) ?? []).filter((each) => each !== name);
    const trouble = sameKey(twins) ?? noAddress(name, { exhausted, withheld }) ?? podTrouble(node, overlaps.get(name));
    if (trouble !== undefined) troubles.set(name, trouble);
  }
  return troubles;
}

function holdersOfKeys(nodes: readonly MeshNode[]): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>();
  for (const { metadata: { name }, spec: { publicKey } } of nodes) {
    const known = holders.get(publicKey);
    if (known === undefined) holders.set(publicKey, [name]);
    else known.push(name);
  }
  return holders;
}

/** Machines cloned from one image, after an agent had run on it. */
function sameKey(twins: readonly string[]): Trouble | undefined {
  if (twins.length === 0) return undefined;
  return {
    reason: 'DuplicateKey',
    message: `has the same WireGuard key as ${twins.join(', ')}: on all but one of them delete /var/lib/kilofed/key and restart the node-agent`,
  };
}

function noAddress(name: string, { exhausted, withheld }: NodeShortages): Trouble | undefined {
  if (withheld.includes(name)) {
    return { reason: 'RangeOverlap', message: "gets no mesh address while the Mesh's wireguardCIDRs overlap another range of the cluster: choose another one there" };
  }
  if (!exhausted.includes(name)) return undefined;
  return { reason: 'AddressesExhausted', message: "the Mesh's wireguardCIDRs have no address left: choose a wider range there" };
}

interface PodNetwork {
  readonly node: string;
  readonly text: string;
  readonly cidr: Cidr;
}

interface PodOverlap {
  readonly own: PodNetwork;
  readonly other: PodNetwork;
}

/** One overlap of each node that has any. Sorted, a network comes right before what it contains. */
function podOverlaps(nodes: readonly MeshNode[]): ReadonlyMap<string, PodOverlap> {
  const found = new Map<string, PodOverlap>();
  const open: PodNetwork[] = [];
  for (const network of podNetworks(nodes).toSorted((a, b) => compareCidrs(a.cidr, b.cidr))) {
    for (let last = open.at(-1); last !== undefined && !contains(last.cidr, network.cidr); last = open.at(-1)) open.pop();
    const around = open.findLast((each) => each.node !== network.node);
    if (around !== undefined) {
      if (!found.has(network.node)) found.set(network.node, { own: network, other: around });
      if (!found.has(around.node)) found.set(around.node, { own: around, other: network });
    }
    open.push(network);
  }
  return found;
}

function podNetworks(nodes: readonly MeshNode[]): readonly PodNetwork[] {
  return nodes.flatMap((node) =>
    node.spec.podCIDRs.flatMap((text): PodNetwork[] => {
      const cidr = parseCidr(text);
      return cidr === undefined ? [] : [{ node: node.metadata.name, text, cidr }];
    }),
  );
}

function podTrouble(node: MeshNode, overlap: PodOverlap | undefined): Trouble | undefined {
  if (node.spec.podCIDRs.length === 0) {
    return {
      reason: 'NoPodCIDR',
      message: 'its Node has no spec.podCIDRs, so its pods cannot be reached from other locations: run kube-controller-manager with --allocate-node-cidrs',
    };
  }
  if (overlap === undefined) return undefined;
  const { own, other } = overlap;
  return { reason: 'PodCIDROverlap', message: `its pod CIDR ${own.text} overlaps ${other.text} of node ${other.node}: give one of them another` };
}
