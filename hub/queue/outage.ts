/**
 * Whether Redis is in use, and when to ask for all keys anew.
 *
 * Work goes another way the moment Redis fails. That its jobs cannot be reached any more only matters when the outage lasts,
 * so all keys are asked for after two seconds of it; and once more when Redis is back, since it may have lost everything, and
 * nobody would say so. A Redis that fails again and again is trusted later each time.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';

export interface Outage {
  /** `new` before the first word from Redis; otherwise whether it is in use, and if not, why. */
  readonly state: 'new' | 'in use' | { readonly reason: string };
  /** Redis does not do what it should. `lasting`: it has not for a while already. */
  fail(reason: string, lasting: boolean): void;
  /** Redis answers. */
  recover(): void;
  /** How long not to try Redis again, in milliseconds. */
  holdOffMs(): number;
  /** From here on, nothing is news. */
  stop(): void;
}

export interface OutageDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly onResync: () => void;
  /** Called at the change of state, before anything else. */
  readonly onChange: () => void;
}

const LASTING_MS = 2_000;
/** Redis counts as steady again after so long. */
const STEADY_MS = 10_000;
const HOLD_OFF_MS = { first: 250, most: 30_000 } as const;

export function createOutage({ clock, log, onResync, onChange }: OutageDeps): Outage {
  let state: Outage['state'] = 'new';
  let holdOff: number = HOLD_OFF_MS.first;
  let recovered = Number.NEGATIVE_INFINITY;
  let cancelResync = (): void => undefined;
  let stopped = false;

  return {
    get state() {
      return state;
    },
    fail(reason, lasting) {
      if (stopped || typeof state !== 'string') return;
      const wasInUse = state === 'in use';
      state = { reason };
      holdOff = clock.now() - recovered < STEADY_MS ? Math.min(holdOff * 2, HOLD_OFF_MS.most) : HOLD_OFF_MS.first;
      onChange();
      log.warn('redis is out: working in process', { reason });
      // What never went to Redis is not in it.
      if (!wasInUse) return;
      if (lasting) onResync();
      else cancelResync = clock.after(LASTING_MS, onResync);
    },
    recover() {
      if (stopped || state === 'in use') return;
      const first = state === 'new';
      cancelResync();
      state = 'in use';
      recovered = clock.now();
      onChange();
      log.info('redis is in use');
      if (!first) onResync();
    },
    holdOffMs: () => holdOff,
    stop() {
      stopped = true;
      cancelResync();
    },
  };
}
