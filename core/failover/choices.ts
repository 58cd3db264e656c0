/**
 * Choices: which paths each remote segment's traffic takes, put into a plan and read out of a host.
 */
import type { NexthopGroup, NodePlan } from '../mesh/plan.js';

/** By segment the names of the paths in use, in order of preference. */
export type Choices = ReadonlyMap<string, readonly string[]>;

/** `plan` with the paths that were chosen. A group without any of them stays as it is. */
export function steer(plan: NodePlan, choices: Choices): NodePlan {
  return { ...plan, groups: plan.groups.map((group) => ({ ...group, active: activeOf(group, choices) })) };
}

/** What a host uses now, as choices: an agent that starts goes on with them. */
export function choicesOf(plan: NodePlan, active: ReadonlyMap<number, readonly number[]>): Choices {
  return new Map(
    plan.groups.flatMap((group): [string, string[]][] => {
      const now = active.get(group.id) ?? [];
      const names = group.paths.filter(({ nexthop }) => now.includes(nexthop)).map(({ name }) => name);
      return names.length === 0 ? [] : [[group.segment, names]];
    }),
  );
}

function activeOf(group: NexthopGroup, choices: Choices): readonly number[] {
  const chosen = choices.get(group.segment) ?? [];
  const active = group.paths.filter(({ name }) => chosen.includes(name)).map(({ nexthop }) => nexthop);
  return active.length === 0 ? group.active : active;
}
