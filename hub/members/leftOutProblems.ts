/**
 * Problems of what a member has and the hub leaves out.
 */
import type { Problem } from '../../core/api/problem.js';
import { RESOURCE } from '../../core/api/resources.js';
import type { LeftOut } from '../../kube/wire/projections.js';
import type { WatchedKind } from '../records/feed.js';

const MOST_NAMED = 10;

export function leftOutProblems(kind: WatchedKind, { unread, nameless, full }: LeftOut): Problem[] {
  const { plural } = RESOURCE[kind];
  const problems: Problem[] = [];
  if (unread.length > 0 || nameless > 0) {
    const named = unread.slice(0, MOST_NAMED).join(', ');
    const more =
      unread.length > MOST_NAMED || nameless > 0 ? (named === '' ? 'some have no name that is one' : `${named}, and more`) : named;
    problems.push({
      subject: { kind: 'member' },
      reason: 'MalformedObjects',
      message: `${plural} that are malformed or too large are left out, and what was known of them is kept: ${more}`,
      remedy: 'delete them, or make them smaller',
    });
  }
  if (full) {
    problems.push({
      subject: { kind: 'member' },
      reason: 'TooManyObjects',
      message: `there are more ${plural} than the hub keeps of a member; the last ones, by name, are left out`,
      remedy: 'delete what is not needed',
    });
  }
  return problems;
}
