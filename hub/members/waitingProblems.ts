/**
 * What a hub tells of members into which another hub of its federation writes: once for each such hub.
 */
import type { Problem } from '../../core/api/problem.js';
import type { LeaseState } from './lease.js';

const NAMES_SHOWN = 10;

export function waitingProblems(members: readonly { readonly id: string; lease(): LeaseState }[]): Problem[] {
  const byHolder = new Map<string, string[]>();
  const twins = new Set<string>();
  for (const { id, lease } of members) {
    const state = lease();
    if (state.kind !== 'waiting') continue;
    byHolder.set(state.holder, [...(byHolder.get(state.holder) ?? []), id]);
    if (state.twin) twins.add(state.holder);
  }
  return [...byHolder].map(([holder, ids]) => {
    const more = ids.length > NAMES_SHOWN ? ` and ${ids.length - NAMES_SHOWN} more` : '';
    return {
      subject: { kind: 'member' },
      reason: 'AnotherHub',
      message: `the hub ${holder} writes into ${ids.slice(0, NAMES_SHOWN).join(', ')}${more}, and this one waits until that one ends`,
      remedy: twins.has(holder)
        ? 'two hubs have this name: give each its own with --instance'
        : 'if it is not meant to be there, end it, or give it another --federation and members of its own',
    };
  });
}
