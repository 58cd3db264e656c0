/**
 * Decides whether Redis is in use, and when to request all keys again.
 *
 * Work continues in memory the moment Redis fails. Its jobs are out of reach then, which matters only if the outage lasts. So
 * all keys are requested after two seconds, and once more when Redis is back, since it may have lost everything silently. The
 * more often Redis fails, the later it is used again.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';

export interface Outage {
  /** `new` before Redis answered or failed first. Then whether it is in use, and if not, why. */
  readonly state: 'new' | 'in use' | { readonly reason: string };
  /** Redis failed. `lasting`: it has failed for a while already. `stuck`: it answers, and the queue does not move. */
  fail(reason: string, kind: 'sudden' | 'lasting' | 'stuck'): void;
  /** Redis answers. */
  recover(): void;
  /** How long to leave Redis alone, in milliseconds. */
  holdOffMs(): number;
  /** Ends all notifications. */
  stop(): void;
}

interface OutageDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly onResync: () => void;
  /** Called at the change of state, before anything else. */
  readonly onChange: () => void;
}

const LASTING_MS = 2_000;
/** `steady`: Redis counts as stable again after so long. A queue that does not move is found late, so it is trusted late. */
const HOLD_OFF_MS = {
  out: { first: 250, most: 30_000, steady: 10_000 },
  stuck: { first: 15_000, most: 600_000, steady: 600_000 },
} as const;

export function createOutage({ clock, log, onResync, onChange }: OutageDeps): Outage {
  let state: Outage['state'] = 'new';
  let holdOff: number = HOLD_OFF_MS.out.first;
  let recovered = Number.NEGATIVE_INFINITY;
  let cancelResync = (): void => undefined;
  let stopped = false;

  return {
    get state() {
      return state;
    },
    fail(reason, kind) {
      if (stopped || typeof state !== 'string') return;
      const wasInUse = state === 'in use';
      state = { reason };
      const { first, most, steady } = HOLD_OFF_MS[kind === 'stuck' ? 'stuck' : 'out'];
      holdOff = clock.now() - recovered < steady ? Math.min(Math.max(holdOff * 2, first), most) : first;
      onChange();
      log.warn('Redis is out: the queue works in process', { reason });
      // Keys that were never sent to Redis cannot be lost there.
      if (!wasInUse) return;
      if (kind === 'sudden') cancelResync = clock.after(LASTING_MS, onResync);
      else onResync();
    },
    recover() {
      if (stopped || state === 'in use') return;
      const first = state === 'new';
      cancelResync();
      state = 'in use';
      recovered = clock.now();
      onChange();
      log.info('Redis is in use');
      if (!first) onResync();
    },
    holdOffMs: () => holdOff,
    stop() {
      stopped = true;
      cancelResync();
    },
  };
}
