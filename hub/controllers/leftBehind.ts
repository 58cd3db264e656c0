/**
 * Members that are removed: what the hub wrote into them is deleted there, and where that fails, it is told until somebody has done it.
 */
import type { Problem } from '../../core/api/problem.js';
import type { Log } from '../../core/runtime/log.js';
import type { Member } from '../members/member.js';

interface LeftBehind {
  /** Deletes what the hub wrote into a member that was removed. `rest` resolves when nobody writes there any more. */
  leave(member: Member, rest: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** It is a member again: nothing more is deleted there for its removal, and nothing is told. */
  declared(id: string): void;
  /** A person says that nothing of the hub is left there. */
  forgotten(id: string): void;
  problems(): Problem[];
}

interface LeftBehindDeps {
  readonly log: Log;
  /** Answers why not all is gone. Undefined: it is. */
  readonly cleanUp: (member: Member, signal: AbortSignal) => Promise<string | undefined>;
}

export function createLeftBehind({ log, cleanUp }: LeftBehindDeps): LeftBehind {
  /** Why, by member. */
  const reasons = new Map<string, string>();
  const leaving = new Map<string, AbortController>();

  async function deleted(member: Member, signal: AbortSignal): Promise<string | undefined> {
    const state = member.state();
    if (state.kind === 'ready') return cleanUp(member, signal);
    const { kind, reason } = state;
    log.warn('A member was removed while it was not ready: what the hub wrote there stays', { member: member.id, state: kind, reason });
    return reason;
  }

  return {
    async leave(member, rest) {
      // The hub that holds its Lease does it; what another federation owns stays.
      if (member.lease().kind === 'waiting' || member.lease().kind === 'foreign') return;
      const stop = new AbortController();
      leaving.set(member.id, stop);
      // What is written meanwhile would stay.
      await rest(stop.signal);
      if (stop.signal.aborted) return;
      const reason = await deleted(member, stop.signal);
      if (stop.signal.aborted) return;
      leaving.delete(member.id);
      if (reason === undefined) member.forsake();
      else reasons.set(member.id, reason);
    },
    forgotten: (id) => void reasons.delete(id),
    declared(id) {
      reasons.delete(id);
      leaving.get(id)?.abort();
      leaving.delete(id);
    },
    problems: () =>
      [...reasons].map(([id, reason]) => ({
        subject: { kind: 'member' },
        reason: 'LeftBehind',
        message: `${id} was removed, and what the hub wrote into it is still there: ${reason}`,
        remedy: `delete in it what has the label kilofed.io/managed-by=kilofed-hub, then run kilofed forget member ${id}`,
      })),
  };
}
