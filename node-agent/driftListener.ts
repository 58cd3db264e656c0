/**
 * DriftListener: when to look at the host again after somebody changed it.
 *
 * Somebody who keeps removing what we put back is answered ever more slowly, and so is an underlay that keeps changing.
 */
import type { Clock } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { MonitorListener } from './host/monitor.js';

interface DriftListenerDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** What is remembered of the host may be wrong. */
  invalidate(): void;
  requestReconcile(): void;
}

export function createDriftListener(deps: DriftListenerDeps): MonitorListener {
  const { clock, log } = deps;
  const repair = createAlarm(deps);
  const move = createAlarm(deps);
  let delay = 0;
  let repairedAt = Number.NEGATIVE_INFINITY;
  let underlayChangedAt = Number.NEGATIVE_INFINITY;
  return {
    lost(ours) {
      if (ours) {
        repair(REVIEW_MS, () => undefined);
        return;
      }
      const calm = clock.now() - repairedAt > REPAIR_MAX_MS * 2;
      delay = calm ? 0 : Math.min(REPAIR_MAX_MS, Math.max(REPAIR_MS, delay * 2));
      repair(delay, () => {
        repairedAt = clock.now();
        log.warn('Something of ours was removed from the host: repairing');
      });
    },
    underlayChanged() {
      move(Math.max(SETTLE_MS, underlayChangedAt + MOVE_MS - clock.now()), () => {
        underlayChangedAt = clock.now();
        log.debug('The underlay has changed: looking at the host');
      });
    },
  };
}

/** Between two repairs; each further one within a minute waits twice as long. */
const REPAIR_MS = 250;
const REPAIR_MAX_MS = 30_000;
/** How long after changes of our own the host is read, when something went away meanwhile. */
const REVIEW_MS = 1000;
/** A replaced device causes many events. */
const SETTLE_MS = 150;
/** Between two looks at an underlay that keeps changing. */
const MOVE_MS = 1000;

/** At most one look is due at a time. */
function createAlarm({ clock, invalidate, requestReconcile }: DriftListenerDeps): (ms: number, before: () => void) => void {
  let due = false;
  return (ms, before) => {
    if (due) return;
    due = true;
    clock.after(ms, () => {
      due = false;
      before();
      invalidate();
      requestReconcile();
    });
  };
}
