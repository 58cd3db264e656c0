/**
 * Whether the queue in Redis moves: each key that it was given must come back to be worked on.
 *
 * Redis may answer every command and hand out nothing: a queue that somebody paused, limited to no jobs, or emptied, or one that says it
 * has a key already. So what counts is what comes back, whatever the reason.
 */
import type { Clock } from '../../core/runtime/clock.js';

interface Movement {
  /** Redis was given `key`, to be handed out in `inMs` milliseconds. */
  given(key: string, inMs?: number): void;
  /** Redis handed out `key`. */
  taken(key: string): void;
  /** The work on `key` ended. What was added meanwhile is handed out now. */
  finished(key: string): void;
  /** Forgets what Redis was given: everything is asked for again. */
  forget(): void;
  /** `waiting`: how many keys Redis says it has to hand out now. `idle`: whether one could be worked on at once. */
  isStuck(now: { readonly waiting: number; readonly idle: boolean }): boolean;
}

/** Milliseconds. Longer than the work of a dead process is kept from others. */
const PATIENCE_MS = 30_000;

export function createMovement(clock: Clock): Movement {
  /** By key: when it should be handed out. Keys are bounded by what there is to reconcile. */
  const due = new Map<string, number>();
  const active = new Set<string>();
  let moved = clock.now();

  return {
    given(key, inMs = 0) {
      // A queue that was empty has not stood still.
      if (due.size === 0) moved = clock.now();
      due.set(key, Math.min(due.get(key) ?? Infinity, clock.now() + inMs));
    },
    taken(key) {
      moved = clock.now();
      due.delete(key);
      active.add(key);
    },
    finished(key) {
      moved = clock.now();
      active.delete(key);
      if (due.has(key)) due.set(key, moved);
    },
    forget() {
      due.clear();
      moved = clock.now();
    },
    isStuck({ waiting, idle }) {
      const late = clock.now() - PATIENCE_MS;
      if (!idle || ![...due].some(([key, at]) => at <= late && !active.has(key))) return false;
      // Others come, and before this one, as long as some wait. If none waits, it is lost.
      return moved <= late || waiting === 0;
    },
  };
}
