/**
 * Looks every two seconds, while a tunnel fails, whether WireGuard gets anything from its far end, and what to do where it does not.
 */
import type { PathStatus } from '../../core/failover/failover.js';
import { lookForSilence, mayBeSilent, type Silences } from '../../core/failover/silence.js';
import type { Healing } from '../../core/failover/stall.js';
import type { LookAtTunnels, TunnelsDeps } from './watchTunnels.js';

export interface SilenceDeps extends Pick<TunnelsDeps, 'clock'> {
  paths(): readonly PathStatus[];
  onSilence(healing: Healing): void;
}

export function silenceLook(deps: SilenceDeps): LookAtTunnels {
  let silences: Silences = new Map();
  return async (plan, ask) => {
    if (!mayBeSilent(deps.paths())) {
      silences = new Map();
      return;
    }
    const tunnels = await ask();
    const looked = lookForSilence({ plan, paths: deps.paths(), tunnels, before: silences, now: deps.clock.now(), at: deps.clock.wall() / 1000 });
    ({ silences } = looked);
    for (const healing of looked.healings) deps.onSilence(healing);
  };
}
