/**
 * Looks every two seconds, while a tunnel fails, whether WireGuard sends to where its far end has roamed and is no more.
 */
import type { PathStatus } from '../../core/failover/failover.js';
import { lookForRoamed, mayHaveRoamed, type Silences } from '../../core/failover/roamed.js';
import type { Healing } from '../../core/failover/stall.js';
import { type TunnelsDeps, watchTunnels } from './watchTunnels.js';

export interface RoamedDeps extends TunnelsDeps {
  paths(): readonly PathStatus[];
  onRoamed(healing: Healing): void;
}

export function watchRoamed(deps: RoamedDeps, signal: AbortSignal): Promise<void> {
  let silences: Silences = new Map();
  return watchTunnels(deps, async (plan, ask) => {
    const paths = deps.paths();
    if (!mayHaveRoamed(paths)) {
      silences = new Map();
      return;
    }
    const looked = lookForRoamed({ plan, paths, tunnels: await ask(), before: silences, now: deps.clock.now() });
    ({ silences } = looked);
    for (const healing of looked.healings) deps.onRoamed(healing);
  }, signal);
}
