/**
 * Looks every two seconds with which people this gateway has a tunnel; only where there are some, and another gateway that they
 * may know instead.
 */
import { hasPeople, lookAtSessions, NO_SESSIONS } from '../../core/failover/sessions.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { Clock } from '../../core/runtime/clock.js';
import { pause } from '../../core/runtime/pause.js';
import type { Host } from '../host/host.js';

export interface SessionsDeps {
  readonly clock: Clock;
  readonly host: Pick<Host, 'tunnels'>;
  plan(): NodePlan | undefined;
  onSilent(segments: readonly string[]): void;
}

export async function watchSessions(deps: SessionsDeps, signal: AbortSignal): Promise<void> {
  let sessions = NO_SESSIONS;
  while (!signal.aborted) {
    await pause(PERIOD_MS, signal, deps.clock);
    const plan = deps.plan();
    if (signal.aborted || plan === undefined) continue;
    if (!hasPeople(plan)) {
      sessions = NO_SESSIONS;
      deps.onSilent([]);
      continue;
    }
    const tunnels = await deps.host.tunnels(plan.interfaces.map(({ name }) => name));
    // An interface that did not answer tells nothing of anybody.
    if (tunnels.size < plan.interfaces.length) continue;
    sessions = lookAtSessions(plan, tunnels, sessions, deps.clock.wall() / 1000);
    deps.onSilent(sessions.silent);
  }
}

const PERIOD_MS = 2000;
