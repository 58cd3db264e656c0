/**
 * A plan that shares its host with Kilo's own agent, while a cluster moves over (docs/migrate-from-kilo.md).
 *
 * Both meshes are whole and know nothing of each other; only the order in which a packet finds routes decides whose tunnel it
 * takes. Kilo's routes are in the main table with metric 0 (IPv6: 1024), before ours with theirs. To go ahead of them, ours stand in a table
 * of their own, which a rule names before the main one. The guards stay behind: where ours have no way, Kilo's may have one.
 *
 * No packet is lost by changing sides: what arrives by either mesh is delivered, and the two directions of a connection may
 * differ, once strict reverse-path filtering is off on Kilo's devices, too.
 */
import type { MeshSpec } from '../api/mesh.js';
import { FAMILIES, familyName } from './neighbours.js';
import { MAIN_TABLE, type NodePlan, type Route, RULE_PRIORITY } from './plan.js';

/** What Kilo's agent receives by: its WireGuard interface, and the kernel's IPIP device (Kilo pkg/iproute). */
export const KILO_DEVICES: readonly string[] = ['kilo0', 'tunl0'];

/** The last of our priorities: the other rules are about special packets, and come first. */
const AHEAD_PRIORITY = RULE_PRIORITY + 9;
const AHEAD_TABLE = RULE_PRIORITY + 1;
/** Without a metric an IPv6 route gets 1024 (kernel IP6_RT_PRIO_USER), and Kilo gives none. */
const BEHIND_METRIC = 2107;

export function placeBesideKilo(plan: NodePlan, besideKilo: MeshSpec['besideKilo']): NodePlan {
  if (besideKilo === undefined) return plan;
  const beside = { ...plan, looseFilters: KILO_DEVICES };
  const carries = ({ table, to }: Route): boolean => table === MAIN_TABLE && to.kind !== 'unreachable';
  if (besideKilo === 'behind') {
    return { ...beside, routes: plan.routes.map((route) => (carries(route) && familyName(route.dst) === 'inet6' ? { ...route, metric: BEHIND_METRIC } : route)) };
  }
  return {
    ...beside,
    routes: plan.routes.map((route) => (carries(route) ? { ...route, table: AHEAD_TABLE } : route)).toSorted((a, b) => a.table - b.table),
    rules: [...plan.rules, ...FAMILIES.map((family) => ({ priority: AHEAD_PRIORITY, family, table: AHEAD_TABLE }))],
  };
}
