/**
 * Looks every two seconds with which people this gateway has a tunnel; only where there are some, and another gateway that they
 * may know instead.
 */
import { hasPeople, lookAtSessions, NO_SESSIONS } from '../../core/failover/sessions.js';
import type { LookAtTunnels, TunnelsDeps } from './watchTunnels.js';

export interface SessionsDeps extends Pick<TunnelsDeps, 'clock'> {
  onSilent(segments: readonly string[]): void;
}

export function sessionsLook(deps: SessionsDeps): LookAtTunnels {
  let sessions = NO_SESSIONS;
  return async (plan, ask) => {
    if (!hasPeople(plan)) {
      sessions = NO_SESSIONS;
      deps.onSilent([]);
      return;
    }
    const tunnels = await ask();
    // An interface that did not answer tells nothing of anybody.
    if (tunnels.size < plan.interfaces.length) return;
    sessions = lookAtSessions(plan, tunnels, sessions, deps.clock.wall() / 1000);
    deps.onSilent(sessions.silent);
  };
}
