/**
 * Looks every two seconds whether people's peers that are dialled by name still answer; only where there are some.
 */
import { hasNamed, lookForUnanswered, type Tries } from '../../core/failover/unanswered.js';
import type { LookAtTunnels, TunnelsDeps } from './watchTunnels.js';

export interface UnansweredDeps extends Pick<TunnelsDeps, 'clock'> {
  /** What names are resolved to, by name. */
  answers(): Readonly<Record<string, string>>;
  onUnanswered(): void;
}

export function unansweredLook(deps: UnansweredDeps): LookAtTunnels {
  let tries: Tries = new Map();
  return async (plan, ask) => {
    const addresses = new Set(Object.values(deps.answers()));
    if (!hasNamed(plan, addresses)) {
      tries = new Map();
      return;
    }
    const looked = lookForUnanswered({ plan, addresses, tunnels: await ask(), before: tries, at: deps.clock.wall() / 1000 });
    ({ tries } = looked);
    if (looked.isNew) deps.onUnanswered();
  };
}
