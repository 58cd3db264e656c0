/**
 * The cluster-wide bookkeeping as a pure function: mesh addresses and gateway slots for the nodes, facts for the Mesh.
 *
 * A MeshNode outlives its Node until the garbage collector comes, or for ever where nobody owns it. One whose Node is not in
 * a complete list is gone: it loses its address and slot, and others may have them. One that belongs to such a Node is to be
 * deleted at once; until then the whole federation would send to it, and the garbage collector takes up to half a minute.
 */
import type { AssignedPods, MeshNode } from '../core/api/meshNode.js';
import type { Mesh } from '../core/api/mesh.js';
import { type Complaint, type Problem, problemText } from '../core/api/problem.js';
import type { Verified } from '../core/mesh/verified.js';
import { assignMeshAddresses } from '../core/mesh/addresses.js';
import { underlayAddressesOf, ownSegments, present, type Segmentation } from '../core/mesh/segments.js';
import { assignSlots } from '../core/mesh/slots.js';
import { singleAddress, sortCidrs } from '../core/net/cidr.js';
import { aggregate, firstOverlap, isWithin } from '../core/net/sets.js';
import { verifyNodes } from './verify.js';
import type { PlannedSegment, RangeOverlap, ServiceRanges } from './findings.js';
import type { LinksPlan, ListedLink } from './planLinks.js';
import { meshProblems } from './meshProblems.js';
import { locationProblems } from './locationProblems.js';
import { nodeProblems } from './nodeProblems.js';
import type { PlannedCondition } from '../core/api/conditions.js';
import { readyCondition } from './readyCondition.js';
import type { NodeFacts, PeerFacts } from './facts.js';
import type { PodAssignment } from './podRanges/assignPods.js';
import { type NameOutcome, type PlannedPeerStatus, planPeers } from './planPeers.js';

export interface ClusterInput {
  readonly mesh: Mesh;
  /** All of the cluster. */
  readonly nodes: readonly NodeFacts[];
  readonly meshNodes: readonly MeshNode[];
  /** Empty until they are known. */
  readonly peers: readonly PeerFacts[];
  /** Of the names of their endpoints. */
  readonly outcomeOf: (name: string) => NameOutcome;
  readonly services: ServiceRanges;
  /** By node name: the ranges of pods that others than their Nodes say; absent: nobody does. */
  readonly pods?: ReadonlyMap<string, PodAssignment>;
  /** With what other members may reach; absent: none. */
  readonly exportProblems?: readonly Problem[];
  /** Absent: not known yet; what the Mesh says of them stays. */
  readonly links?: LinksPlan;
}

export interface ClusterPlan {
  /** By node name; also of those to be deleted, in case that fails. */
  readonly meshNodes: ReadonlyMap<string, PlannedNodeStatus>;
  /** Those to be deleted: each belongs to a Node that is gone. */
  readonly orphans: readonly MeshNode[];
  readonly mesh: PlannedMeshStatus;
  /** By name. */
  readonly peers: ReadonlyMap<string, PlannedPeerStatus>;
}

export interface PlannedNodeStatus {
  readonly meshAddresses: readonly string[];
  readonly slot?: number;
  readonly verified?: Verified;
  readonly assignedPods?: AssignedPods;
  readonly conditions: readonly PlannedCondition[];
}

interface PlannedMeshStatus extends ClusterRanges {
  readonly observedGeneration: number;
  readonly segments: readonly PlannedSegment[];
  readonly links?: readonly ListedLink[];
  readonly conditions: readonly PlannedCondition[];
}

interface ClusterRanges {
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly nodeCIDRs: readonly string[];
}

export function planCluster(input: ClusterInput): ClusterPlan {
  const { spec } = input.mesh;
  const alive = new Set(input.nodes.map((node) => node.name));
  const gone = present(input.meshNodes).filter((node) => !alive.has(node.metadata.name));
  const { nodes: here, refuted } = verifyNodes(present(input.meshNodes), input, spec);

  const ranges = rangesOf(input, here);
  const overlaps = overlapsOf(spec.wireguardCIDRs, ranges);
  const { addresses, exhausted } = assignMeshAddresses(here, spec.wireguardCIDRs);
  const lost = new Set(input.nodes.filter((node) => node.lost).map((node) => node.name));
  const slots = assignSlots(here, spec, lost);
  const given = new Map(here.map((node) => [nameOf(node), withoutContested(node, addresses.get(nameOf(node)) ?? [], overlaps)]));
  const withheld = [...given].filter(([name, left]) => left.length < (addresses.get(name)?.length ?? 0)).map(([name]) => name);
  const problems = new Map([
    ...locationProblems(here, spec),
    ...nodeProblems(here, { exhausted, withheld, lost, pods: podProblemsOf(input) }),
  ]);

  const statuses = here.map((node): [string, PlannedNodeStatus] => {
    const name = nameOf(node);
    const slot = slots.get(name);
    const meshAddresses = given.get(name) ?? [];
    const { verified, assignedPods } = node.status ?? {};
    return [
      name,
      {
        meshAddresses,
        ...(slot === undefined ? {} : { slot }),
        ...(verified === undefined ? {} : { verified }),
        ...(assignedPods === undefined ? {} : { assignedPods }),
        conditions: [readyCondition(listOf(problems.get(name)), node, told(node, refuted.get(name)))],
      },
    ];
  });
  const released = gone.map((node): [string, PlannedNodeStatus] => [
    nameOf(node),
    { meshAddresses: [], verified: NOTHING, conditions: [readyCondition([nodeGone(node)], node)] },
  ]);
  const meshNodes = new Map([...statuses, ...released]);
  const placed = here.map((node) => withStatus(node, meshNodes.get(nameOf(node))));
  const segments = segmentsOf(placed, spec);
  const wrong = meshProblems({
    services: input.services,
    serviceCIDRs: ranges.serviceCIDRs,
    overlaps,
    segments,
    exports: input.exportProblems ?? [],
    nodes: problems,
  });
  return {
    meshNodes,
    orphans: gone.filter(isOwned),
    mesh: {
      observedGeneration: input.mesh.metadata.generation ?? 0,
      ...ranges,
      segments,
      ...linksOf(input),
      conditions: [readyCondition(wrong, input.mesh), ...linkedOf(input)],
    },
    peers: planPeers({ mesh: spec, nodes: placed, peers: input.peers, outcomeOf: input.outcomeOf }),
  };
}

function linksOf({ links, mesh: { status } }: ClusterInput): Pick<PlannedMeshStatus, 'links'> {
  const listed = links?.listed ?? status?.links;
  return listed === undefined ? {} : { links: listed };
}

function linkedOf({ links, mesh: { status } }: ClusterInput): PlannedCondition[] {
  if (links !== undefined) return [links.condition];
  return (status?.conditions ?? [])
    .filter(({ type }) => type === 'Linked')
    .map(({ type, status: state, reason, message, observedGeneration }) => ({
      type,
      status: state,
      reason,
      message,
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
    }));
}

/** For a node without a Node: nothing it says is verified. */
const NOTHING: Verified = { location: '', podCIDRs: [], internalIPs: [], endpoints: [] };

function nodeGone({ metadata: { name } }: MeshNode): Problem {
  return {
    subject: { kind: 'node', name },
    reason: 'NodeGone',
    message: 'there is no Node of this name',
    remedy: 'delete this object if nothing else does',
  };
}

/** No new address comes from a range that overlaps another: a node or pod might have it. Nodes keep what they have. */
function withoutContested(node: MeshNode, addresses: readonly string[], overlaps: readonly RangeOverlap[]): readonly string[] {
  const contested = overlaps.map(({ range }) => range);
  const held = node.status?.meshAddresses ?? [];
  return addresses.filter((address) => held.includes(address) || !isWithin(address, contested));
}

function overlapsOf(wireguardCIDRs: readonly string[], ranges: ClusterRanges): RangeOverlap[] {
  const others = [
    ['pod', ranges.podCIDRs],
    ['service', ranges.serviceCIDRs],
    ['node', ranges.nodeCIDRs],
  ] as const;
  return wireguardCIDRs.flatMap((range) =>
    others.flatMap(([kind, networks]) => {
      const overlap = firstOverlap([range], networks);
      return overlap === undefined ? [] : [{ range, kind, other: overlap.b }];
    }),
  );
}

function podProblemsOf({ pods = new Map() }: ClusterInput): ReadonlyMap<string, Complaint> {
  return new Map([...pods].flatMap(([name, { problem }]) => (problem === undefined ? [] : [[name, problem]])));
}

function rangesOf({ mesh, nodes, services, pods }: ClusterInput, here: readonly MeshNode[]): ClusterRanges {
  return {
    podCIDRs: aggregate([
      ...nodes.flatMap((node) => pods?.get(node.name)?.assigned?.cidrs ?? node.podCIDRs),
      ...here.flatMap((node) => node.spec.podCIDRs),
    ]),
    serviceCIDRs: sortCidrs(serviceCIDRs(mesh, services)),
    nodeCIDRs: sortCidrs([
      ...nodes.flatMap((node) => node.internalCIDRs),
      ...here.flatMap((node) => underlayAddressesOf(node).map(singleAddress)),
    ]),
  };
}

/** The API wins over the spec. */
function serviceCIDRs({ spec, status }: Mesh, services: ServiceRanges): readonly string[] {
  if (services.kind === 'known' && services.ranges.length > 0) return services.ranges;
  const before = services.kind === 'unavailable' ? status?.serviceCIDRs : undefined;
  return before ?? spec.serviceCIDRs ?? [];
}

function segmentsOf(nodes: readonly MeshNode[], mesh: Segmentation): PlannedSegment[] {
  return ownSegments(nodes, mesh).segments.map(({ name, location, nodes: members, gateways }) => ({
    name,
    location,
    nodes: members.length,
    gateways: gateways.map((gateway) => ({ slot: gateway.slot, node: gateway.name })),
  }));
}

function withStatus(node: MeshNode, planned: PlannedNodeStatus | undefined): MeshNode {
  return { ...node, status: { ...node.status, meshAddresses: [...(planned?.meshAddresses ?? [])], slot: planned?.slot } };
}

/** What keeps a node from something but not from the mesh: a claim that its Node refutes, else the first problem that its agent reports. */
function told({ spec }: MeshNode, refuted: Problem | undefined): { readonly reason: string; readonly message: string } | undefined {
  return refuted === undefined ? spec.problems?.[0] : { reason: refuted.reason, message: problemText(refuted) };
}

function listOf(problem: Problem | undefined): readonly Problem[] {
  return problem === undefined ? [] : [problem];
}

/** Owned by the Node of its name, so that the garbage collector would delete it, too. */
function isOwned({ metadata }: MeshNode): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'Node' && name === metadata.name);
}

function nameOf(node: MeshNode): string {
  return node.metadata.name;
}
