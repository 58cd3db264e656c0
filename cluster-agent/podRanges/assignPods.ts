/**
 * Which ranges the pods of each node have, where others than the Node say them: the annotation kilofed.io/pod-cidrs of the Node, Calico's
 * blocks, or its CiliumNode. See docs/decisions/0047.
 *
 * Where a plugin gives addresses out of ranges of its own, it does so on all nodes. The Node's spec.podCIDRs then are in nobody's use, or
 * in another node's, so no node falls back to them.
 */
import { type AssignedPods, MAX_ASSIGNED_CIDRS } from '../../core/api/meshNode.js';
import type { MeshSpec } from '../../core/api/meshSpec.js';
import { ANNOTATION } from '../../core/api/names.js';
import type { Complaint } from '../../core/api/problem.js';
import type { CalicoBlock } from '../../core/ipam/calicoBlock.js';
import { parseCidr, sortCidrs } from '../../core/net/cidr.js';
import { createCidrIndex, type CidrIndex } from '../../core/net/cidrIndex.js';
import { aggregate } from '../../core/net/sets.js';
import { isSpecial } from '../../core/net/special.js';

interface AssignPodsInput {
  readonly mesh: Pick<MeshSpec, 'podCIDRsFrom' | 'cni' | 'encapsulationType'>;
  readonly nodes: readonly PodsOfNode[];
  /** Undefined: they cannot be read now, and what was assigned before stays. */
  readonly calico: readonly CalicoBlock[] | undefined;
  /** By node name. Undefined: likewise. */
  readonly cilium: ReadonlyMap<string, readonly string[]> | undefined;
  /** By node name. */
  readonly before: ReadonlyMap<string, AssignedPods>;
}

interface PodsOfNode {
  readonly name: string;
  /** As the Node says them, sorted. */
  readonly podCIDRs: readonly string[];
  /** The nodes' own addresses, as CIDRs. */
  readonly internalCIDRs: readonly string[];
  /** The annotation. */
  readonly saidPodCIDRs?: string;
}

export interface PodAssignment {
  /** Absent: those of the Node. */
  readonly assigned?: AssignedPods;
  readonly problem?: Complaint;
}

type Plugin = 'calico' | 'cilium';

/** By node name; without nodes that have neither. */
export function assignPods(input: AssignPodsInput): ReadonlyMap<string, PodAssignment> {
  const addresses = createCidrIndex(input.nodes.flatMap(({ name, internalCIDRs }) => internalCIDRs.map((each) => [each, name] as const)));
  const told = { calico: calicoRanges(input), cilium: ciliumRanges(input) };
  const plugin = pluginOf(input.mesh, told);
  const assignments = input.nodes.map((node): [string, PodAssignment] => {
    const said = node.saidPodCIDRs === undefined ? undefined : saidRanges(node.saidPodCIDRs);
    if (said?.ranges !== undefined) return [node.name, checked(node, { by: 'annotation', cidrs: said.ranges, addresses })];
    const problem = said?.problem;
    const byPlugin: PodAssignment =
      plugin === undefined
        ? {}
        : plugin === 'unclear'
          ? { problem: UNCLEAR }
          : checked(node, { by: plugin, cidrs: told[plugin]?.get(node.name) ?? [], addresses });
    return [node.name, { ...byPlugin, ...(problem === undefined ? {} : { problem }) }];
  });
  return new Map(bounded(assignments).filter(([, { assigned, problem }]) => assigned !== undefined || problem !== undefined));
}

/** Ranges of all nodes together, as many as other members take (hub/records/admit/limits.ts): nodes keep theirs in the order of names. */
const MAX_ALL = 4_096;

function bounded(assignments: readonly (readonly [string, PodAssignment])[]): (readonly [string, PodAssignment])[] {
  let count = 0;
  return assignments
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, assignment]) => {
      const given = assignment.assigned?.cidrs.length ?? 0;
      count += given;
      if (assignment.assigned === undefined || given === 0 || count <= MAX_ALL) return [name, assignment];
      return [name, { assigned: { ...assignment.assigned, cidrs: [] }, problem: TOO_MANY }];
    });
}

const TOO_MANY: Complaint = {
  reason: 'TooManyPodRanges',
  message: `the nodes have more than ${MAX_ALL} ranges of pods, so those of this one are left out`,
  remedy: `let the network plugin give addresses in wider ranges, or name wider ones in the Nodes' annotations ${ANNOTATION.podCIDRs}`,
};

/** By node name. Undefined: the plugin has no such objects. */
type Told = ReadonlyMap<string, readonly string[]> | undefined;

function pluginOf(
  { podCIDRsFrom, cni, encapsulationType }: AssignPodsInput['mesh'],
  told: Record<Plugin, Told>,
): Plugin | 'unclear' | undefined {
  if (podCIDRsFrom !== undefined) return podCIDRsFrom === 'node' ? undefined : podCIDRsFrom;
  // The Mesh says which plugin there is. flannel takes what the Node says, and so does ours.
  if (cni?.enabled === true || encapsulationType === 'flannel') return undefined;
  const telling = PLUGINS.filter((each) => told[each] !== undefined);
  if (encapsulationType === 'cilium') return telling.includes('cilium') ? 'cilium' : undefined;
  return telling.length > 1 ? 'unclear' : telling[0];
}

const PLUGINS = ['calico', 'cilium'] as const satisfies readonly Plugin[];

const UNCLEAR: Complaint = {
  reason: 'PodRangesUnclear',
  message: 'there are ranges of pods in IPAMBlocks of Calico and in CiliumNodes, so those of its Node are taken',
  remedy: 'write which of them counts to spec.podCIDRsFrom of the Mesh, or remove what a former plugin left',
};

function calicoRanges({ calico, before, nodes }: AssignPodsInput): Told {
  if (calico === undefined) return kept('calico', before);
  const ranges = new Map<string, string[]>(nodes.map(({ name }) => [name, []]));
  let any = false;
  const give = (node: string, cidrs: readonly string[]): void => {
    const known = ranges.get(node);
    any ||= known !== undefined && cidrs.length > 0;
    known?.push(...cidrs);
  };
  for (const { node, cidr, borrowed } of calico) {
    if (node !== undefined) give(node, [cidr]);
    for (const [user, addresses] of Object.entries(borrowed)) give(user, addresses);
  }
  return any ? ranges : undefined;
}

function ciliumRanges({ cilium, before, nodes }: AssignPodsInput): Told {
  if (cilium === undefined) return kept('cilium', before);
  return nodes.some(({ name }) => (cilium.get(name) ?? []).length > 0) ? cilium : undefined;
}

function kept(plugin: Plugin, before: AssignPodsInput['before']): Told {
  const ranges = [...before].filter(([, { by }]) => by === plugin).map(([node, { cidrs }]): [string, string[]] => [node, cidrs]);
  return ranges.length === 0 ? undefined : new Map(ranges);
}

function saidRanges(text: string): { readonly ranges?: readonly string[]; readonly problem?: Complaint } {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const bad = parts.find((part) => parseCidr(part) === undefined);
  if (bad === undefined && parts.length > 0) return { ranges: parts };
  return {
    problem: {
      reason: 'BadPodCIDRs',
      message: `annotation ${ANNOTATION.podCIDRs} is "${text}", which is ignored`,
      remedy: 'write the ranges of its pods, such as 10.42.1.0/24,fd00:42:1::/64',
    },
  };
}

/** What others route to the node, of what was said. Nothing is assigned where it is what the Node says, too. */
function checked(
  { name, podCIDRs }: PodsOfNode,
  { by, cidrs, addresses }: { readonly by: AssignedPods['by']; readonly cidrs: readonly string[]; readonly addresses: CidrIndex<string> },
): PodAssignment {
  const refused: string[] = [];
  const good = sortCidrs(cidrs).filter((text) => {
    const why = refusalOf(text, addresses);
    if (why !== undefined) refused.push(`${text} ${why}`);
    return why === undefined;
  });
  const few = good.length <= MAX_ASSIGNED_CIDRS ? good : aggregate(good);
  const problem = refused.length > 0 ? refusal(by, refused) : shortage(by, { given: few.length, name });
  const told = problem === undefined ? {} : { problem };
  if (few.length > 0 && few.join() === podCIDRs.join()) return told;
  return { assigned: { by, cidrs: few.slice(0, MAX_ASSIGNED_CIDRS) }, ...told };
}

function refusalOf(text: string, addresses: CidrIndex<string>): string | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined || isSpecial(cidr)) return 'touches a loopback, link-local, multicast or reserved range';
  if (cidr.length < SHORTEST[cidr.family]) return `is wider than /${SHORTEST[cidr.family]}`;
  const [node] = addresses.touching(cidr);
  return node === undefined ? undefined : `holds the address of node ${node}`;
}

/** The shortest prefix that is taken, bits. */
const SHORTEST = { 4: 8, 6: 32 } as const;

const WHERE: Readonly<Record<AssignedPods['by'], string>> = {
  annotation: `the annotation ${ANNOTATION.podCIDRs}`,
  calico: "Calico's IPAMBlocks",
  cilium: 'its CiliumNode',
};

function refusal(by: AssignedPods['by'], refused: readonly string[]): Complaint {
  const more = refused.length > 1 ? ` and ${refused.length - 1} more` : '';
  return {
    reason: 'PodRangeRefused',
    message: `of the ranges of its pods (${WHERE[by]}), ${refused[0]}${more}: left out`,
    remedy: 'correct it there',
  };
}

function shortage(by: AssignedPods['by'], { given, name }: { readonly given: number; readonly name: string }): Complaint | undefined {
  if (given > MAX_ASSIGNED_CIDRS)
    return {
      reason: 'TooManyPodRanges',
      message: `${WHERE[by]}: ${given} ranges of pods, of which ${MAX_ASSIGNED_CIDRS} are taken; pods in the others are not reached`,
      remedy: `let it give addresses in wider ranges, or name such in the Node's annotation ${ANNOTATION.podCIDRs}`,
    };
  // Calico gives a node its first block with its first pod.
  if (given > 0 || by !== 'cilium') return undefined;
  return {
    reason: 'NoPodCIDR',
    message: `there is no CiliumNode ${name} that names ranges, so its pods cannot be reached from other locations`,
    remedy: 'does Cilium run there, and does its operator?',
  };
}
