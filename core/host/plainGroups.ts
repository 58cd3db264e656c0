/**
 * Kernels without resilient nexthop groups, which are of Linux 5.13: what shares flows is a plain group there. All of its paths carry
 * traffic, too, but when one comes or goes, flows of the others move as well.
 */
import type { NodePlan } from '../mesh/plan.js';

/** `release`: of the kernel, as `uname -r` prints it; undefined: unknown. */
export function lacksResilientGroups(release: string | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release ?? '') ?? [];
  return major !== undefined && (Number(major) < 5 || (major === '5' && Number(minor) < 13));
}

/** The plan, with the lack among its problems where it matters. */
export function tellPlainGroups(plan: NodePlan, release: string | undefined): NodePlan {
  if (!lacksResilientGroups(release) || !plan.groups.some(({ spread }) => spread === true)) return plan;
  const problem = {
    subject: { kind: 'node' as const, name: plan.node },
    reason: 'PlainGroups' as const,
    message: `kernel ${release} has no resilient nexthop groups: when a gateway comes or goes, flows of the others move, too`,
    remedy: 'use Linux 5.13 or newer, or let the Mesh say gatewayMode ActivePassive',
  };
  return { ...plan, problems: [...plan.problems, problem] };
}
