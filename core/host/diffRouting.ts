/**
 * Nexthops, groups, routes and rules.
 */
import type { Nexthop, NodePlan, Route } from '../mesh/plan.js';
import { MAIN_TABLE, ROUTE_METRIC } from '../mesh/reserved.js';
import { aggregate } from '../net/sets.js';
import { createPerObject, perObject } from '../memory/perObject.js';
import type { Change, Difference } from './change.js';
import { KERNEL_RELEASE } from './diffSysctls.js';
import { lacksResilientGroups } from './plainGroups.js';
import { routeKey, ruleKey, type HostNexthop, type HostRoute, type HostRule, type HostState, type RouteTarget } from './state.js';
import { canonicalAddress, canonicalCIDR } from './text.js';
import { type Family, familyName } from '../net/family.js';

export function diffNexthops(desired: NodePlan, observed: HostState): Difference {
  const wanted = new Map<number, HostNexthop>();
  for (const nexthop of desired.nexthops) {
    const { id, dev, via, family } = nexthop;
    const device = dev === 'underlay' ? underlayFor(family, observed) : dev;
    wanted.set(
      id,
      hostNexthops.get(nexthop, [device], () => ({
        dev: device,
        ...(via === undefined ? {} : { via: canonicalAddress(via) }),
        family,
        onlink: via !== undefined,
      })),
    );
  }
  return {
    set: [...wanted]
      .filter(([id, nexthop]) => !sameNexthop(nexthop, observed.nexthops.get(id)))
      .map(([id, nexthop]) => ({ kind: 'nexthop.set', id, nexthop })),
    remove: [...observed.nexthops.keys()].filter((id) => !wanted.has(id)).map((id) => ({ kind: 'nexthop.delete', id })),
  };
}

const hostNexthops = createPerObject<Nexthop, HostNexthop>();

function underlayFor(family: Family, { underlay }: HostState): string {
  return (family === 'inet6' ? underlay?.inet6?.dev : undefined) ?? underlay?.dev ?? 'underlay';
}

function sameNexthop(a: HostNexthop, b: HostNexthop | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.via === b.via && a.family === b.family && a.onlink === b.onlink;
}

/** Points the groups at their active members. A failover changes nothing else. */
export function diffGroups(desired: NodePlan, observed: HostState): Difference {
  const plain = lacksResilientGroups(observed.sysctls.get(KERNEL_RELEASE));
  const wanted = new Map(
    desired.groups.map(({ id, active, spread }) => [
      id,
      { members: [...new Set(active)].toSorted((a, b) => a - b), ...(spread === true && !plain ? { spread } : {}) },
    ]),
  );
  return {
    set: [...wanted]
      .filter(([id, { members }]) => observed.groups.get(id)?.join() !== members.join())
      .map(([id, group]) => ({ kind: 'group.set', id, ...group })),
    remove: [...observed.groups.keys()].filter((id) => !wanted.has(id)).map((id) => ({ kind: 'group.delete', id })),
  };
}

export function diffRoutes(desired: NodePlan, observed: HostState): Difference {
  const set: Change[] = [];
  const wanted: string[] = [];
  let present = 0;
  for (const route of desired.routes) {
    const { dst, src, key } = hostForm(route);
    const now = observed.routes.get(key);
    wanted.push(key);
    if (now !== undefined) present += 1;
    if (sameRoute(route.to, src, now)) continue;
    const { table, metric, to } = route;
    set.push({ kind: 'route.set', route: { dst, table, metric, to, ...(src === undefined ? {} : { src }) } });
  }
  // Nearly always all present routes are wanted, and with thousands of them it pays to stop here.
  return { set, remove: present === observed.routes.size ? [] : obsoleteRoutes(new Set(wanted), observed) };
}

const hostForm = perObject((route: Route) => {
  const dst = canonicalCIDR(route.dst);
  return {
    dst,
    src: route.src === undefined ? undefined : canonicalAddress(route.src),
    key: routeKey({ dst, table: route.table, metric: route.metric }),
  };
});

function obsoleteRoutes(wanted: ReadonlySet<string>, observed: HostState): readonly Change[] {
  return [...observed.routes].filter(([key]) => !wanted.has(key)).map(([, route]) => ({ kind: 'route.delete', route }));
}

/**
 * Forgets connections to prefixes that get their first route. On an adopted host they have one, so a restart forgets nothing. Only the main
 * table counts: other tables carry probes, and their default routes would match every connection of the node.
 */
export function forgetFlows(set: readonly Change[], observed: HostState): readonly Change[] {
  const prefixes = set.flatMap((change) =>
    change.kind === 'route.set' &&
    change.route.table === MAIN_TABLE &&
    change.route.metric === ROUTE_METRIC &&
    !observed.routes.has(routeKey(change.route))
      ? [change.route.dst]
      : [],
  );
  return prefixes.length === 0 ? [] : [{ kind: 'conntrack.forget', prefixes: aggregate(prefixes) }];
}

function sameRoute(to: RouteTarget, src: string | undefined, now: HostRoute | undefined): boolean {
  if (now === undefined || now.src !== src || now.to.kind !== to.kind) return false;
  if ('id' in to && 'id' in now.to) return to.id === now.to.id;
  return !('dev' in to && 'dev' in now.to) || to.dev === now.to.dev;
}

export function diffRules(desired: NodePlan, observed: HostState): Difference {
  const probes = (desired.probing?.rules ?? []).map((rule): HostRule => ({ ...rule, iif: 'lo' }));
  const wanted = new Map([...desired.rules.map(hostRule), ...(desired.tunnelRules ?? []), ...probes].map((rule) => [ruleKey(rule), rule]));
  return {
    set: [...wanted].filter(([key]) => !observed.rules.has(key)).map(([, rule]) => ({ kind: 'rule.add', rule })),
    remove: [...observed.rules].filter(([key]) => !wanted.has(key)).map(([, rule]) => ({ kind: 'rule.delete', rule })),
  };
}

function hostRule({ priority, family, from, to, table }: NodePlan['rules'][number]): HostRule {
  return {
    priority,
    family: family ?? familyName(to ?? from ?? ''),
    ...(from === undefined ? {} : { from: canonicalCIDR(from) }),
    ...(to === undefined ? {} : { to: canonicalCIDR(to) }),
    table,
  };
}
