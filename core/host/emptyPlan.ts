/**
 * The plan of a host that is not part of a mesh. Clean-up changes the host to this.
 */
import type { NodePlan } from '../mesh/plan.js';

export function emptyPlan(node: string): NodePlan {
  return {
    node,
    role: { kind: 'member' },
    meshAddresses: [],
    interfaces: [],
    nexthops: [],
    groups: [],
    routes: [],
    rules: [],
    firewall: { clampInterfaces: [] },
    problems: [],
  };
}
