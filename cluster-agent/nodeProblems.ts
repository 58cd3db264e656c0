/**
 * What keeps single nodes from being reached, for the conditions of their MeshNodes.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import { ANNOTATION } from '../core/api/names.js';
import type { Complaint, Problem } from '../core/api/problem.js';
import type { Reason } from '../core/api/reasons.js';
import { type Cidr, compareCidrs, contains, parseCidr } from '../core/net/cidr.js';

export interface NodeShortages {
  /** Nodes that got no address because a range is used up. */
  readonly exhausted: readonly string[];
  /** Nodes that get no address because a range overlaps another. */
  readonly withheld: readonly string[];
  /** Nodes that Kubernetes has lost contact with. */
  readonly lost: ReadonlySet<string>;
  /** By node name: what is wrong with the ranges of its pods; absent: nothing. */
  readonly pods?: ReadonlyMap<string, Complaint>;
}

/** By node name, the first that applies; only nodes with a problem. */
export function nodeProblems(nodes: readonly MeshNode[], { exhausted, withheld, lost, pods }: NodeShortages): ReadonlyMap<string, Problem> {
  const holders = holdersOfKeys(nodes);
  const overlaps = podOverlaps(nodes);
  const problems = new Map<string, Problem>();
  for (const node of nodes) {
    const { name } = node.metadata;
    const twins = (holders.get(node.spec.publicKey) ?? []).filter((each) => each !== name);
    const own =
      sameKey(twins) ??
      noAddress(name, { exhausted, withheld }) ??
      hostProblem(node) ??
      pods?.get(name) ??
      podProblem(node, overlaps.get(name));
    const problem = unheard(name, lost) ?? own;
    if (problem !== undefined) problems.set(name, { subject: { kind: 'node', name }, ...problem });
  }
  return problems;
}

/** What others report of such a node, and what it reported itself, is of the past, so this comes before all else. */
function unheard(name: string, lost: ReadonlySet<string>): Complaint | undefined {
  return lost.has(name) ? LOST : undefined;
}

const LOST: Complaint = {
  reason: 'NodeLost',
  message: 'Kubernetes has lost contact with its kubelet, so nobody knows what its tunnels do',
  remedy: 'look at the machine; if it does not come back, delete its Node',
};

function holdersOfKeys(nodes: readonly MeshNode[]): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>();
  for (const {
    metadata: { name },
    spec: { publicKey },
  } of nodes) {
    const known = holders.get(publicKey);
    if (known === undefined) holders.set(publicKey, [name]);
    else known.push(name);
  }
  return holders;
}

/** Machines cloned from one image, after an agent had run on it. */
function sameKey(twins: readonly string[]): Complaint | undefined {
  if (twins.length === 0) return undefined;
  return {
    reason: 'DuplicateKey',
    message: `has the same WireGuard key as ${twins.join(', ')}`,
    remedy: 'on all but one of them delete /var/lib/kilofed/key and restart the node-agent',
  };
}

function noAddress(name: string, { exhausted, withheld }: Pick<NodeShortages, 'exhausted' | 'withheld'>): Complaint | undefined {
  if (withheld.includes(name)) {
    return {
      reason: 'RangeOverlap',
      message: "gets no mesh address while the Mesh's wireguardCIDRs overlap another range of the cluster",
      remedy: 'choose another one there',
    };
  }
  if (!exhausted.includes(name)) return undefined;
  return { reason: 'AddressesExhausted', message: "the Mesh's wireguardCIDRs have no address left", remedy: 'choose a wider range there' };
}

/** What its own agent tells: then nobody reaches anybody through it, whatever else is well. */
function hostProblem({ spec }: MeshNode): Complaint | undefined {
  for (const reason of CUT_OFF) {
    const told = spec.problems?.find((each) => each.reason === reason);
    if (told !== undefined) return { reason, message: told.message };
  }
  return undefined;
}

const CUT_OFF = ['HostFailing', 'FirewallDrops'] as const satisfies readonly Reason[];

interface PodNetwork {
  readonly node: string;
  readonly text: string;
  readonly cidr: Cidr;
  /** Whether others may have addresses of it. */
  readonly isLent: boolean;
}

interface PodOverlap {
  readonly own: PodNetwork;
  readonly other: PodNetwork;
}

/**
 * One overlap of each node that has any. Sorted, a network comes right before what it contains. An address that one node borrows from
 * another's block is none.
 */
function podOverlaps(nodes: readonly MeshNode[]): ReadonlyMap<string, PodOverlap> {
  const found = new Map<string, PodOverlap>();
  const open: PodNetwork[] = [];
  for (const network of podNetworks(nodes).toSorted((a, b) => compareCidrs(a.cidr, b.cidr))) {
    for (let last = open.at(-1); last !== undefined && !contains(last.cidr, network.cidr); last = open.at(-1)) open.pop();
    const around = open.findLast((each) => each.node !== network.node && !(each.isLent && compareCidrs(each.cidr, network.cidr) !== 0));
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
      return cidr === undefined ? [] : [{ node: node.metadata.name, text, cidr, isLent: node.status?.assignedPods?.by === 'calico' }];
    }),
  );
}

function podProblem(node: MeshNode, overlap: PodOverlap | undefined): Complaint | undefined {
  if (node.spec.podCIDRs.length === 0 && node.status?.assignedPods === undefined) {
    return {
      reason: 'NoPodCIDR',
      message: 'its Node has no spec.podCIDRs, so its pods cannot be reached from other locations',
      remedy: `run kube-controller-manager with --allocate-node-cidrs, or say the ranges in its annotation ${ANNOTATION.podCIDRs}`,
    };
  }
  if (overlap === undefined) return undefined;
  const { own, other } = overlap;
  return {
    reason: 'PodCIDROverlap',
    message: `its pod CIDR ${own.text} overlaps ${other.text} of node ${other.node}`,
    remedy: 'give one of them another',
  };
}
