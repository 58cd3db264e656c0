/**
 * A cluster of two locations and a second member, and the plans of their nodes: what tests of planning share.
 */
import type { MeshNode } from '../../core/api/meshNode.js';
import type { MeshSpec } from '../../core/api/meshSpec.js';
import { subjectText } from '../../core/api/problem.js';
import type { Peer } from '../../core/api/peer.js';
import type { EncapsulationDevice, VxlanDevice } from '../../core/mesh/encapsulation/device.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import { planNode } from '../../core/mesh/planNode.js';
import { ROUTE_METRIC } from '../../core/mesh/reserved.js';
import { cluster, defaults, type NodeSketch } from './mesh.js';

/** Two locations: eu with a gateway in each slot and one more node, in another subnet; us with one node. */
export const EAST: readonly NodeSketch[] = [
  { name: 'a', location: 'eu', internalIP: '172.20.1.11/24', podCIDR: '10.42.1.0/24' },
  { name: 'b', location: 'eu', internalIP: '172.20.1.12/24', podCIDR: '10.42.2.0/24' },
  { name: 'c', location: 'eu', internalIP: '172.20.9.13/24', podCIDR: '10.42.3.0/24' },
  { name: 'd', location: 'us', internalIP: '172.20.2.11/24', podCIDR: '10.42.4.0/24' },
];
export const east = cluster(EAST, '10.4.0.0/16');
export const west = cluster([{ name: 'w', internalIP: '192.168.7.5/24', endpoint: '203.0.113.7', podCIDR: '10.43.0.0/24' }], '10.5.0.0/16');

interface Around {
  readonly peers?: readonly Peer[];
  readonly mesh?: Partial<MeshSpec>;
  readonly resolved?: Readonly<Record<string, string>>;
}

export function plan(node: string, nodes: readonly MeshNode[], { peers = [], mesh = {}, resolved = {} }: Around = {}): NodePlan {
  const planned = planNode({ node, mesh: { ...defaults, ...mesh }, nodes, peers, resolved, underlayMtu: 1500 });
  if (planned.kind === 'absent') throw new Error(planned.reason);
  return planned.plan;
}

export function meshAddress(nodes: readonly MeshNode[], name: string): string {
  return nodes.find(({ metadata }) => metadata.name === name)?.status?.meshAddresses?.[0] ?? '';
}

/** `destination -> where`, of the main table, without the guards. */
export function carried({ routes, groups, nexthops }: NodePlan): string[] {
  const where = (to: NodePlan['routes'][number]['to']): string =>
    to.kind === 'group'
      ? (groups
          .find(({ id }) => id === to.id)
          ?.paths.map(({ name }) => name)
          .join('|') ?? '?')
      : to.kind === 'nexthop'
        ? (nexthops.find(({ id }) => id === to.id)?.name ?? '?')
        : to.kind;
  return routes
    .filter(({ table, metric }) => table === 254 && metric === ROUTE_METRIC)
    .map(({ dst, to }) => `${dst} -> ${where(to)}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
}

export function vxlanOf({ encapsulation }: { readonly encapsulation?: EncapsulationDevice | undefined }): VxlanDevice | undefined {
  return encapsulation?.kind === 'vxlan' ? encapsulation : undefined;
}

export function reasons({ problems }: NodePlan): string[] {
  return problems.map(({ subject, reason }) => `${subjectText(subject)}: ${reason}`);
}
