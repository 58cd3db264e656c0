/**
 * Names of Services that somebody else than the hub has just deleted. Whoever did may be about to make one anew, as `kubectl replace
 * --force` does, and must not find the name taken by a mirror.
 */
import type { Clock } from '../../core/runtime/clock.js';

interface FreedNames {
  note(name: string): void;
  forget(name: string): void;
  /** For how long the name still counts as freed, milliseconds. 0: it does not. */
  leftMs(name: string): number;
}

/** The next command of a script, on a busy machine. */
const GRACE_MS = 3_000;

export function createFreedNames(clock: Pick<Clock, 'now'>): FreedNames {
  /** The oldest first. */
  const freedAt = new Map<string, number>();

  function forgetOld(): void {
    for (const [name, at] of freedAt) {
      if (clock.now() - at < GRACE_MS) return;
      freedAt.delete(name);
    }
  }

  return {
    note(name) {
      forgetOld();
      freedAt.delete(name);
      freedAt.set(name, clock.now());
    },
    forget: (name) => void freedAt.delete(name),
    leftMs(name) {
      const at = freedAt.get(name);
      return at === undefined ? 0 : Math.max(0, at + GRACE_MS - clock.now());
    },
  };
}
