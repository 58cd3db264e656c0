/**
 * Whether enough is known to decide anything.
 *
 * What one member may have in another depends on all others: who has the same node address, who overlaps whom. A hub that
 * has just started and heard of some only would undo what it agreed with the rest, to do it again a second later. So it
 * waits for those that can be heard, but not long for those that cannot.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Member } from '../members/member.js';

export interface Settling {
  /** Once true, for ever true. */
  settled(): boolean;
  /** Something happened that may settle it. */
  look(): void;
  stop(): void;
}

export interface SettlingDeps {
  readonly clock: Clock;
  /** Have all sources been read? */
  readonly complete: () => boolean;
  readonly members: () => readonly Member[];
  readonly settled: () => void;
}

/** For members that do not answer. One that was refused is not waited for. */
const PATIENCE_MS = 10_000;

export function createSettling(deps: SettlingDeps): Settling {
  let settled = false;
  let cancel: (() => void) | undefined;

  function settle(): void {
    if (settled) return;
    settled = true;
    cancel?.();
    deps.settled();
  }

  return {
    settled: () => settled,
    look() {
      if (settled || !deps.complete()) return;
      cancel ??= deps.clock.after(PATIENCE_MS, settle);
      if (deps.members().every((member) => member.synced() || member.state().kind === 'refused')) settle();
    },
    stop: () => cancel?.(),
  };
}
