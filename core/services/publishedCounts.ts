/**
 * How many endpoints of each member are published, so that shares are as the weights say: kube-proxy sends every endpoint the same.
 *
 * As many as can be: the member that is scarcest for its weight publishes all it has, the others in proportion, each rounded, and at least
 * one. So with m members and K endpoints published, the share of each differs from its weight's by less than (m - 1) / K: for two members
 * by less than what one endpoint gets.
 */

interface Weighted {
  /** Ready endpoints, at least one. */
  readonly ready: number;
  /** More than 0. */
  readonly weight: number;
  /** All of them serve in any case. If that is more than its share, or less, the others follow as far as they have endpoints. */
  readonly fixed?: true;
}

/** In the order of `members`. */
export function publishedCounts(members: readonly Weighted[]): number[] {
  const fixed = members.find((each) => each.fixed === true);
  const scale = fixed === undefined ? Math.min(...members.map(({ ready, weight }) => ready / weight)) : fixed.ready / fixed.weight;
  return members.map(({ ready, weight, fixed: whole }) =>
    whole === true ? ready : Math.min(ready, Math.max(1, Math.round(scale * weight))),
  );
}
