/**
 * Looks when a tunnel has come up whether its far end is heard elsewhere than at its endpoint: others may wait to know. What changes
 * without a failure is found when the host is read the next time.
 */
import type { PathStatus } from '../../core/failover/failover.js';
import { hear, textOf } from '../../core/host/hear.js';
import { type TunnelsDeps, watchTunnels } from './watchTunnels.js';

export interface HearingDeps extends TunnelsDeps {
  paths(): readonly PathStatus[];
  /** There is something new to tell. */
  onHeard(): void;
}

export function watchHearing(deps: HearingDeps, signal: AbortSignal): Promise<void> {
  let working: ReadonlySet<string> = new Set();
  let told = '';
  return watchTunnels(deps, async (plan, ask) => {
    const before = working;
    working = new Set(deps.paths().filter(({ path, state }) => path.kind === 'tunnel' && state === 'up').map(({ path }) => `${path.name} ${path.targets[0]?.publicKey}`));
    if ([...working].every((name) => before.has(name))) return;
    const heard = hear({ plan, wireguard: await ask(), at: deps.clock.wall() / 1000 }).map(textOf).join();
    if (heard !== told && heard !== '') deps.onHeard();
    told = heard;
  }, signal);
}
