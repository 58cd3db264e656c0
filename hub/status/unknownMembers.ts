/**
 * Members that are not declared, and of whom something stands in others: the hub was made anew without them, or somebody has forgotten that
 * they left. Nothing of theirs is changed until a person says which.
 */
import type { Problem } from '../../core/api/problem.js';
import type { Outcomes } from '../controllers/outcomes.js';
import type { Federation } from '../federation/federation.js';

/** Of each, the members that are named. */
const NAMES_SHOWN = 5;

export function unknownMembers(outcomes: Pick<Outcomes, 'unknown'>, federation: Pick<Federation, 'member' | 'isGone'>): Problem[] {
  return [...outcomes.unknown()]
    .filter(([id]) => federation.member(id) === undefined && !federation.isGone(id))
    .map(([id, targets]) => {
      const names = [...targets].toSorted().slice(0, NAMES_SHOWN).join(', ');
      const more = targets.size > NAMES_SHOWN ? ` and ${targets.size - NAMES_SHOWN} more` : '';
      return {
        subject: { kind: 'member' },
        reason: 'UnknownMember',
        message: `${id} is not declared to this hub; what came from it to ${names}${more} stays`,
        remedy: `give the hub its kubeconfig again, or run kilofed forget member ${id} if it has left for good`,
      };
    });
}
