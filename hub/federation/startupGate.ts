/**
 * Keeps a hub that has just started from deciding anything before it has read its members.
 *
 * What one member may have in another depends on all others: who has the same node address, who overlaps whom. With some of
 * them read, the hub would undo what it agreed with the rest, and do it again a second later. So it waits for the members
 * that answer, and ten seconds at most for those that do not.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Member } from '../members/member.js';

export interface StartupGate {
  /** Once open, it stays open. */
  isOpen(): boolean;
  /** Something happened that may open it. */
  check(): void;
  stop(): void;
}

interface StartupGateDeps {
  readonly clock: Clock;
  /** Whether all sources have been read. */
  readonly complete: () => boolean;
  readonly members: () => readonly Member[];
  readonly opened: () => void;
}

/** For members that do not answer. A refused one is not waited for. */
const PATIENCE_MS = 10_000;

export function createStartupGate(deps: StartupGateDeps): StartupGate {
  let open = false;
  let cancel: (() => void) | undefined;

  function openUp(): void {
    if (open) return;
    open = true;
    cancel?.();
    deps.opened();
  }

  return {
    isOpen: () => open,
    check() {
      if (open || !deps.complete()) return;
      cancel ??= deps.clock.after(PATIENCE_MS, openUp);
      if (deps.members().every((member) => member.synced() || member.state().kind === 'refused')) openUp();
    },
    stop: () => cancel?.(),
  };
}
