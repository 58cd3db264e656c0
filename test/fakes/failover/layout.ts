/**
 * Layouts of a federation in which gateways fail: which nodes stand where, and the plan of each, as planNode makes it.
 */
import type { MeshNode } from '../../../core/api/meshNode.js';
import type { MeshSpec } from '../../../core/api/meshSpec.js';
import { ANNOTATION } from '../../../core/api/names.js';
import type { Peer } from '../../../core/api/peer.js';
import type { NodePlan } from '../../../core/mesh/plan.js';
import { asPeers, cluster, defaults, type NodeSketch } from '../mesh.js';
import { plan } from '../meshPlans.js';

export interface Layout {
  /** Of the location in which something fails. */
  readonly nodes: 1 | 2 | 3 | 5;
  /** How many of them may be gateways; no more than there are planes are. */
  readonly gateways: 1 | 2 | 3;
  readonly planes: 1 | 2 | 3;
  /**
   * one: another location of the cluster, of three nodes with as many gateways. several: that, and a member with two locations. mixed: the
   * first, and a member with granularity `full`, each node of which is a segment. full: the cluster itself has that granularity.
   */
  readonly remote: 'one' | 'several' | 'mixed' | 'full';
}

export interface LayoutNode {
  readonly name: string;
  /** Nodes with the same reach each other without a tunnel. */
  readonly site: string;
  readonly plan: NodePlan;
  readonly object: MeshNode;
}

/** Where it fails: nodes a1, a2, ... */
export const FAILING_SITE = 'east/a';

export function layoutName({ nodes, gateways, planes, remote }: Layout): string {
  return `${nodes} nodes, ${gateways} gateways, ${planes} planes, remote ${remote}`;
}

/** Planned once. */
const planned = new WeakMap<Layout, readonly LayoutNode[]>();

export function nodesOf(layout: Layout): readonly LayoutNode[] {
  const nodes = planned.get(layout) ?? planNodes(layout);
  planned.set(layout, nodes);
  return nodes;
}

function planNodes({ nodes, gateways, planes, remote }: Layout): readonly LayoutNode[] {
  const east = memberOf({ name: 'east', index: 1, mesh: meshOf(1, planes, remote === 'full' ? 'full' : 'location') }, [
    ...sketch({ location: 'a', index: 1, nodes, gateways }),
    ...sketch({ location: 'b', index: 2, nodes: 3, gateways }),
  ]);
  const west =
    remote === 'one' || remote === 'full'
      ? undefined
      : memberOf({ name: 'west', index: 2, mesh: meshOf(2, planes, remote === 'mixed' ? 'full' : 'location') }, [
          ...sketch({ location: 'c', index: 3, nodes: 2, gateways: 2 }),
          ...(remote === 'mixed' ? [] : sketch({ location: 'd', index: 4, nodes: 1, gateways: 1 })),
        ]);
  return west === undefined ? planMember(east, []) : [...planMember(east, west.peers), ...planMember(west, east.peers)];
}

function meshOf(index: number, planes: number, granularity: MeshSpec['granularity']): MeshSpec {
  return { ...defaults, planes, granularity, wireguardCIDRs: [`10.${index}.0.0/16`] };
}

interface Member {
  readonly name: string;
  readonly mesh: MeshSpec;
  readonly objects: readonly MeshNode[];
  /** That stand for it elsewhere. */
  readonly peers: readonly Peer[];
}

function memberOf(
  { name, index, mesh }: { readonly name: string; readonly index: number; readonly mesh: MeshSpec },
  sketches: readonly NodeSketch[],
): Member {
  const objects = cluster(sketches, `10.${index}.0.0/16`, mesh);
  const addressesOf = (key: string): string => objects.find(({ spec }) => spec.publicKey === key)?.status?.meshAddresses?.join(',') ?? '';
  const peers = asPeers(name, objects, mesh).map(({ metadata, ...peer }) => ({
    ...peer,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [ANNOTATION.meshAddress]: addressesOf(peer.spec.publicKey) } },
  }));
  return { name, mesh, objects, peers };
}

function sketch({
  location,
  index,
  nodes,
  gateways,
}: {
  readonly location: string;
  readonly index: number;
  readonly nodes: number;
  readonly gateways: number;
}): NodeSketch[] {
  return Array.from({ length: nodes }, (_, at) => ({
    name: `${location}${at + 1}`,
    location,
    internalIP: `172.20.${index}.${at + 11}/24`,
    podCIDR: `10.42.${index * 16 + at}.0/24`,
    gateway: at < gateways ? 'auto' : 'never',
  }));
}

function planMember({ name, mesh, objects }: Member, peers: readonly Peer[]): LayoutNode[] {
  return objects.map((object) => ({
    name: object.metadata.name,
    site: mesh.granularity === 'full' ? `${name}/${object.metadata.name}` : `${name}/${object.spec.location}`,
    plan: plan(object.metadata.name, objects, { peers, mesh }),
    object,
  }));
}
