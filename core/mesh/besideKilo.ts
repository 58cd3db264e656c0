/**
 * A plan that shares its host with Kilo's own agent, while a cluster moves over (docs/migrate-from-kilo.md).
 *
 * Both meshes are complete and independent of each other. Only the order in which the kernel finds routes decides which tunnel a packet
 * takes. Kilo's routes are in the main table with metric 0 (IPv6: 1024), so they come before ours. To go ahead of them, ours move to a
 * table of their own, with a rule before the main table's. The guards stay behind: where our mesh has no path, Kilo's may have one.
 *
 * Changing sides loses no packet. What arrives by either mesh is delivered, and the two directions of a connection may differ, once strict
 * reverse-path filtering is off on Kilo's devices, too.
 */
import type { MeshSpec } from '../api/meshSpec.js';
import { FAMILIES, familyName } from '../net/family.js';
import type { NodePlan, Route } from './plan.js';
import { MAIN_TABLE, RULE_PRIORITY } from './reserved.js';

/** The devices of Kilo's agent: its WireGuard interface, and the kernel's IPIP device (Kilo pkg/iproute). */
export const KILO_DEVICES: readonly string[] = ['kilo0', 'tunl0'];

/** The last of our priorities: our other rules match special packets and must come first. */
const AHEAD_PRIORITY = RULE_PRIORITY + 9;
const AHEAD_TABLE = RULE_PRIORITY + 1;
/** Behind 1024, which an IPv6 route without a metric gets (kernel IP6_RT_PRIO_USER); Kilo's have none. */
const BEHIND_METRIC = 2107;

export function placeBesideKilo(plan: NodePlan, besideKilo: MeshSpec['besideKilo']): NodePlan {
  if (besideKilo === undefined) return plan;
  const beside = { ...plan, looseFilters: KILO_DEVICES };
  const carries = ({ table, to }: Route): boolean => table === MAIN_TABLE && to.kind !== 'unreachable';
  if (besideKilo === 'behind') {
    return {
      ...beside,
      routes: plan.routes.map((route) =>
        carries(route) && familyName(route.dst) === 'inet6' ? { ...route, metric: BEHIND_METRIC } : route,
      ),
    };
  }
  return {
    ...beside,
    routes: plan.routes.map((route) => (carries(route) ? { ...route, table: AHEAD_TABLE } : route)).toSorted((a, b) => a.table - b.table),
    rules: [...plan.rules, ...FAMILIES.map((family) => ({ priority: AHEAD_PRIORITY, family, table: AHEAD_TABLE }))],
  };
}
