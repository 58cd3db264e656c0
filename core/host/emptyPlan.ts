/**
 * The plan of a host that is no part of a mesh: clean-up is the way from what is there to this.
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
