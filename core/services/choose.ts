/**
 * Which of the ready endpoints of one Service serve: those of the best tier that has any, of each member as many as its weight asks for.
 *
 * Something always serves while anything can: what is chosen is ready, and if nothing is, nothing is chosen among.
 */
import type { ChoicePolicy } from './choicePolicy.js';
import { publishedCounts } from './publishedCounts.js';
import { inOrder } from './addressOrder.js';

export interface Candidate {
  /** Id of the member. */
  readonly member: string;
  /** Addresses of its ready endpoints that can be reached. */
  readonly ready: readonly string[];
  /** They serve, whatever is chosen: they are not ours to hold back. */
  readonly fixed?: true;
}

/** By member, the addresses that serve. Of members that are not in it, none does. Candidates that are drained are never in it. */
export function choose(policy: ChoicePolicy, candidates: readonly Candidate[]): ReadonlyMap<string, ReadonlySet<string>> {
  const drained = new Set(policy.drained);
  const able = candidates.filter(({ member, ready }) => ready.length > 0 && !drained.has(member));
  const weighted = able.filter(({ member }) => weightOf(policy, member) > 0);
  const pool = weighted.length > 0 ? weighted : able;
  const best = Math.min(...pool.map(({ member }) => tierOf(policy, member)));
  const tier = pool.filter(({ member }) => tierOf(policy, member) === best);
  const counts =
    policy.weights === undefined || weighted.length === 0
      ? tier.map(({ ready }) => ready.length)
      : publishedCounts(
          tier.map(({ member, ready, fixed }) => ({
            ready: ready.length,
            weight: weightOf(policy, member),
            ...(fixed === true && { fixed }),
          })),
        );
  return new Map(
    tier.map(({ member, ready }, index) => {
      const count = counts[index] ?? ready.length;
      return [member, new Set(count >= ready.length ? ready : inOrder(ready, policy.self).slice(0, count))];
    }),
  );
}

export function weightOf({ weights }: ChoicePolicy, member: string): number {
  return weights !== undefined && Object.hasOwn(weights, member) ? (weights[member] ?? 1) : 1;
}

/** The lower, the better. */
export function tierOf({ self, affinity, prefer = [] }: ChoicePolicy, member: string): number {
  if (member === self && affinity === 'local') return -1;
  if (member === self && affinity === 'remote') return prefer.length + 1;
  const found = prefer.findIndex((tier) => tier.includes(member));
  return found < 0 ? prefer.length : found;
}
