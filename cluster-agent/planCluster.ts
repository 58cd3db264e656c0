/**
 * The cluster-wide bookkeeping as a pure function: mesh addresses and gateway slots for the nodes, facts for the Mesh.
 */
import type { MeshNode } from '../core/api/meshNode.js';
import type { Mesh } from '../core/api/mesh.js';
import { assignMeshAddresses } from '../core/mesh/addresses.js';
import { internalAddresses, ownSegments } from '../core/mesh/segments.js';
import { assignSlots } from '../core/mesh/slots.js';
import { singleAddress, sortCidrs } from '../core/net/cidr.js';
import { aggregate, firstOverlap } from '../core/net/sets.js';
import type { NodeFacts } from './facts.js';

export interface ClusterInput {
  readonly mesh: Mesh;
  readonly nodes: readonly NodeFacts[];
  readonly meshNodes: readonly MeshNode[];
  /** From the ServiceCIDR API; undefined: this cluster does not have it. */
  readonly serviceCIDRs: readonly string[] | undefined;
}

export interface ClusterPlan {
  /** By node name. */
  readonly meshNodes: ReadonlyMap<string, PlannedNodeStatus>;
  readonly mesh: PlannedMeshStatus;
}

export interface PlannedNodeStatus {
  readonly meshAddresses: readonly string[];
  readonly slot?: number;
}

export interface PlannedMeshStatus {
  readonly observedGeneration: number;
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly nodeCIDRs: readonly string[];
  readonly segments: readonly {
    readonly name: string;
    readonly location: string;
    readonly nodes: number;
    readonly gateways: readonly { readonly slot: number; readonly node: string }[];
  }[];
  readonly conditions: readonly PlannedCondition[];
}

export interface PlannedCondition {
  readonly type: 'Ready';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

export function planCluster(input: ClusterInput): ClusterPlan {
  const { spec } = input.mesh;
  // A MeshNode outlives its Node until the garbage collector comes: whose Node is not in a complete list is gone for us.
  const alive = new Map(input.nodes.map((node) => [node.name, node]));
  const meshNodes = input.meshNodes.filter((node) => alive.has(node.metadata.name));
  const { addresses, exhausted } = assignMeshAddresses(meshNodes, spec.wireguardCIDRs);
  const slots = assignSlots(meshNodes, spec.planes);
  const statuses = new Map(
    [...addresses].map(([name, meshAddresses]): [string, PlannedNodeStatus] => {
      const slot = slots.get(name);
      return [name, { meshAddresses, ...(slot === undefined ? {} : { slot }) }];
    }),
  );
  const assigned = meshNodes.map((node): MeshNode => {
    const planned = statuses.get(node.metadata.name);
    return { ...node, status: { meshAddresses: [...(planned?.meshAddresses ?? [])], ...(planned?.slot === undefined ? {} : { slot: planned.slot }) } };
  });
  const ranges = {
    podCIDRs: aggregate(input.nodes.flatMap((node) => node.podCIDRs)),
    serviceCIDRs: sortCidrs(input.serviceCIDRs ?? spec.serviceCIDRs ?? []),
    nodeCIDRs: sortCidrs(meshNodes.flatMap((node) => internalAddresses(node).map(singleAddress))),
  };
  const observedGeneration = input.mesh.metadata.generation ?? 0;
  const segments = ownSegments(assigned, spec.planes).segments.map(({ name, location, nodes, gateways }) => ({
    name,
    location,
    nodes: nodes.length,
    gateways: gateways.map((gateway) => ({ slot: gateway.slot, node: gateway.name })),
  }));
  const trouble = findTrouble({ input, ranges, exhausted, lonely: segments.filter(({ gateways }) => gateways.length === 0).map(({ name }) => name) });
  return {
    meshNodes: statuses,
    mesh: { observedGeneration, ...ranges, segments, conditions: [{ type: 'Ready', ...trouble, observedGeneration }] },
  };
}

interface Findings {
  readonly input: ClusterInput;
  readonly ranges: { readonly podCIDRs: readonly string[]; readonly serviceCIDRs: readonly string[]; readonly nodeCIDRs: readonly string[] };
  readonly exhausted: readonly string[];
  readonly lonely: readonly string[];
}

function findTrouble({ input, ranges, exhausted, lonely }: Findings): Pick<PlannedCondition, 'status' | 'reason' | 'message'> {
  const { wireguardCIDRs } = input.mesh.spec;
  for (const [what, others] of [['pod', ranges.podCIDRs], ['service', ranges.serviceCIDRs], ['node', ranges.nodeCIDRs]] as const) {
    const overlap = firstOverlap(wireguardCIDRs, others);
    if (overlap !== undefined) {
      return bad('RangeOverlap', `spec.wireguardCIDRs ${overlap.a} overlaps the ${what} range ${overlap.b}: choose another range`);
    }
  }
  if (exhausted.length > 0) {
    return bad('AddressesExhausted', `spec.wireguardCIDRs has no address left for ${exhausted.join(', ')}: choose a wider range`);
  }
  if (lonely.length > 0) return bad('NoGateway', `no node can be a gateway of ${lonely.join(', ')}`);
  if (ranges.serviceCIDRs.length === 0) {
    return bad('ServiceRangeUnknown', 'this cluster does not tell its Service range: write it to spec.serviceCIDRs');
  }
  return { status: 'True', reason: 'Meshed', message: '' };
}

function bad(reason: string, message: string): Pick<PlannedCondition, 'status' | 'reason' | 'message'> {
  return { status: 'False', reason, message };
}
