/**
 * Conditions (metav1.Condition), as every writer of them writes them.
 */
import { printable } from '../text/printable.js';
import type { Condition } from './resources.js';

/** What a planner says of a condition. Since when it is so, only its writer can tell. */
export type PlannedCondition = Omit<Condition, 'lastTransitionTime'>;

/** An object that has conditions, or will have. */
export interface Conditioned {
  readonly metadata: { readonly generation?: number | undefined };
  readonly status?: { readonly conditions?: readonly PreviousCondition[] | undefined } | undefined;
}

type PreviousCondition = Pick<Condition, 'type' | 'lastTransitionTime'> & { readonly status: string };

/**
 * `planned`, as they are to stand in `object`, sorted by type. A condition keeps its `lastTransitionTime` while its status stays
 * the same, whatever becomes of its reason (API conventions, "Typical status properties"), and is about the object's generation
 * unless it says which. Messages are made printable, since people read them in terminals. Types that are not planned are left to
 * their own writers.
 *
 * @param now RFC 3339, in whole seconds.
 */
export function mergeConditions(planned: readonly PlannedCondition[], object: Conditioned, now: string): Condition[] {
  const { generation } = object.metadata;
  return planned
    .map((condition): Condition => {
      const before = object.status?.conditions?.find(({ type }) => type === condition.type);
      return {
        ...(generation !== undefined && { observedGeneration: generation }),
        ...condition,
        message: printable(condition.message, LONGEST_MESSAGE),
        lastTransitionTime: before?.status === condition.status ? before.lastTransitionTime : now,
      };
    })
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

/** The API takes 32,768 bytes, and a code unit is up to six characters of an escape. */
const LONGEST_MESSAGE = 5_000;
