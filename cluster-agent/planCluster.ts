/**
 * The cluster-wide bookkeeping as a pure function: mesh addresses and gateway slots for the nodes, facts for the Mesh.
 *
 * A MeshNode outlives its Node until the garbage collector comes, or for ever where nobody owns it. One whose Node is not in
 * a complete list is gone: it loses its address and slot, and others may have them. One that belongs to such a Node is to be
 * deleted at once; until then the whole federation would send to it, and the garbage collector takes up to half a minute.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { Mesh } from '../core/api/mesh.js';
import type { Confirmed } from '../core/mesh/believed.js';
import { assignMeshAddresses } from '../core/mesh/addresses.js';
import { internalAddresses, ownSegments, present, type Segmentation } from '../core/mesh/segments.js';
import { assignSlots } from '../core/mesh/slots.js';
import { singleAddress, sortCidrs } from '../core/net/cidr.js';
import { aggregate, firstOverlap, isWithin } from '../core/net/sets.js';
import { confirm } from './confirm.js';
import type { PlannedSegment, RangeOverlap, ServiceRanges } from './findings.js';
import { meshTrouble } from './meshTrouble.js';
import { locationTroubles } from './locationTroubles.js';
import { nodeTroubles, type Trouble } from './nodeTroubles.js';
import type { NodeFacts, PeerFacts } from './facts.js';
import { type NameOutcome, type PlannedPeerStatus, planPeers } from './planPeers.js';

export interface ClusterInput {
  readonly mesh: Mesh;
  /** All of the cluster. */
  readonly nodes: readonly NodeFacts[];
  readonly meshNodes: readonly MeshNode[];
  /** None while they are not known. */
  readonly peers: readonly PeerFacts[];
  /** Of the names of their endpoints. */
  readonly outcomeOf: (name: string) => NameOutcome;
  readonly services: ServiceRanges;
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
  readonly confirmed?: Confirmed;
  readonly conditions: readonly PlannedCondition[];
}

export interface PlannedMeshStatus extends ClusterRanges {
  readonly observedGeneration: number;
  readonly segments: readonly PlannedSegment[];
  readonly conditions: readonly PlannedCondition[];
}

export interface ClusterRanges {
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly nodeCIDRs: readonly string[];
}

export interface PlannedCondition {
  readonly type: 'Ready';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

export function planCluster(input: ClusterInput): ClusterPlan {
  const { spec } = input.mesh;
  const alive = new Set(input.nodes.map((node) => node.name));
  const gone = present(input.meshNodes).filter((node) => !alive.has(node.metadata.name));
  const { nodes: here, doubts } = confirm(present(input.meshNodes), input.nodes, spec);

  const ranges = rangesOf(input, here);
  const overlaps = overlapsOf(spec.wireguardCIDRs, ranges);
  const { addresses, exhausted } = assignMeshAddresses(here, spec.wireguardCIDRs);
  const lost = new Set(input.nodes.filter((node) => node.lost).map((node) => node.name));
  const slots = assignSlots(here, spec, lost);
  const given = new Map(here.map((node) => [nameOf(node), withoutContested(node, addresses.get(nameOf(node)) ?? [], overlaps)]));
  const withheld = [...given].filter(([name, left]) => left.length < (addresses.get(name)?.length ?? 0)).map(([name]) => name);
  const troubles = new Map([...locationTroubles(here, spec), ...nodeTroubles(here, { exhausted, withheld })]);

  const statuses = here.map((node): [string, PlannedNodeStatus] => {
    const name = nameOf(node);
    const slot = slots.get(name);
    const meshAddresses = given.get(name) ?? [];
    const { confirmed } = node.status ?? {};
    return [name, {
      meshAddresses,
      ...(slot === undefined ? {} : { slot }),
      ...(confirmed === undefined ? {} : { confirmed }),
      conditions: [ready(troubles.get(name), node, doubts.get(name) ?? node.spec.problems?.[0])],
    }];
  });
  const released = gone.map((node): [string, PlannedNodeStatus] => [nameOf(node), { meshAddresses: [], confirmed: NOTHING, conditions: [ready(NODE_GONE, node)] }]);
  const meshNodes = new Map([...statuses, ...released]);
  const placed = here.map((node) => withStatus(node, meshNodes.get(nameOf(node))));
  const segments = segmentsOf(placed, spec);
  const trouble = meshTrouble({ services: input.services, serviceCIDRs: ranges.serviceCIDRs, overlaps, segments, nodes: troubles });
  return {
    meshNodes,
    orphans: gone.filter(isOwned),
    mesh: {
      observedGeneration: input.mesh.metadata.generation ?? 0,
      ...ranges,
      segments,
      conditions: [ready(trouble, input.mesh)],
    },
    peers: planPeers({ mesh: spec, nodes: placed, peers: input.peers, outcomeOf: input.outcomeOf }),
  };
}

/** Of a node that nobody vouches for. */
const NOTHING: Confirmed = { location: '', podCIDRs: [], internalIPs: [], endpoints: [] };
const NODE_GONE: Trouble = { reason: 'NodeGone', message: 'there is no Node of this name: delete this object if nothing else does' };

/** Out of a range that overlaps something nobody gets a new address: it could be that of a node or a pod. What a node has, it keeps. */
function withoutContested(node: MeshNode, addresses: readonly string[], overlaps: readonly RangeOverlap[]): readonly string[] {
  const contested = overlaps.map(({ range }) => range);
  const held = node.status?.meshAddresses ?? [];
  return addresses.filter((address) => held.includes(address) || !isWithin(address, contested));
}

function overlapsOf(wireguardCIDRs: readonly string[], ranges: ClusterRanges): RangeOverlap[] {
  const others = [['pod', ranges.podCIDRs], ['service', ranges.serviceCIDRs], ['node', ranges.nodeCIDRs]] as const;
  return wireguardCIDRs.flatMap((range) =>
    others.flatMap(([kind, networks]) => {
      const overlap = firstOverlap([range], networks);
      return overlap === undefined ? [] : [{ range, kind, other: overlap.b }];
    }),
  );
}

function rangesOf({ mesh, nodes, services }: ClusterInput, here: readonly MeshNode[]): ClusterRanges {
  return {
    podCIDRs: aggregate([...nodes.flatMap((node) => node.podCIDRs), ...here.flatMap((node) => node.spec.podCIDRs)]),
    serviceCIDRs: sortCidrs(serviceCIDRs(mesh, services)),
    nodeCIDRs: sortCidrs([...nodes.flatMap((node) => node.internalCIDRs), ...here.flatMap((node) => internalAddresses(node).map(singleAddress))]),
  };
}

/** What Kubernetes tells wins over what was written down. */
function serviceCIDRs({ spec, status }: Mesh, services: ServiceRanges): readonly string[] {
  if (services.kind === 'told' && services.ranges.length > 0) return services.ranges;
  const before = services.kind === 'silent' ? status?.serviceCIDRs : undefined;
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

/** `told`: of what a node's own agent says is wrong, which keeps it from something, not from the mesh, the first. */
function ready(trouble: Trouble | undefined, object: { readonly metadata: { readonly generation?: number | undefined } }, told?: Trouble): PlannedCondition {
  const observedGeneration = object.metadata.generation ?? 0;
  if (trouble === undefined) return { type: 'Ready', status: 'True', ...(told ?? { reason: 'Meshed', message: '' }), observedGeneration };
  return { type: 'Ready', status: 'False', ...trouble, observedGeneration };
}

/** By a Node of its name: the garbage collector would delete it, too. */
function isOwned({ metadata }: MeshNode): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'Node' && name === metadata.name);
}

function nameOf(node: MeshNode): string {
  return node.metadata.name;
}
