/**
 * The part of a plan that a host without IPv6 can hold. The rest would fail at every pass, and hide whatever else fails.
 */
import { familyName } from '../net/family.js';
import type { NodePlan } from './plan.js';

export function withoutIpv6(plan: NodePlan): NodePlan {
  const nexthops = plan.nexthops.filter(({ family }) => family === 'inet');
  const ids = new Set(nexthops.map(({ id }) => id));
  const meshAddresses = plan.meshAddresses.filter(isIpv4);
  const { tunnelRules, probing } = plan;
  return {
    ...plan,
    meshAddresses,
    nexthops,
    groups: plan.groups.filter(({ paths, active }) => [...paths.map(({ nexthop }) => nexthop), ...active].every((id) => ids.has(id))),
    routes: plan.routes.filter(({ dst }) => isIpv4(dst)),
    rules: plan.rules.filter(
      ({ family, from, to }) => family !== 'inet6' && [from, to].every((side) => side === undefined || isIpv4(side)),
    ),
    ...(tunnelRules === undefined ? {} : { tunnelRules: tunnelRules.filter(({ family }) => family === 'inet') }),
    ...(probing === undefined ? {} : { probing: { ...probing, rules: probing.rules.filter(({ family }) => family === 'inet') } }),
    problems:
      meshAddresses.length === plan.meshAddresses.length
        ? plan.problems
        : [
            ...plan.problems,
            {
              subject: { kind: 'node', name: plan.node },
              reason: 'NoIPv6',
              message: 'the mesh has IPv6, and this host has it switched off, so nothing of it reaches this node or leaves it',
              remedy: 'boot without ipv6.disable=1 and set net.ipv6.conf.all.disable_ipv6=0, or use no IPv6 in the mesh',
            },
          ],
  };
}

function isIpv4(text: string): boolean {
  return familyName(text) === 'inet';
}
