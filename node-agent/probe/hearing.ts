/**
 * Looks when a tunnel has come up whether its far end is heard elsewhere than at its endpoint: others may wait to know. While somebody is, looks
 * every ten seconds, since what a NAT has made of an address may change without a failure here.
 */
import type { PathStatus } from '../../core/failover/failover.js';
import { hear, textOf } from '../../core/host/hear.js';
import type { LookAtTunnels, TunnelsDeps } from './watchTunnels.js';

export interface HearingDeps extends Pick<TunnelsDeps, 'clock'> {
  paths(): readonly PathStatus[];
  /** There is something new to tell. */
  onHeard(): void;
}

export function hearingLook(deps: HearingDeps): LookAtTunnels {
  let working: ReadonlySet<string> = new Set();
  let told = '';
  let lookedAt = Number.NEGATIVE_INFINITY;
  return async (plan, ask) => {
    const before = working;
    working = new Set(deps.paths().filter(({ path, state }) => path.kind === 'tunnel' && state === 'up').map(({ path }) => `${path.name} ${path.targets[0]?.publicKey}`));
    const isDue = told !== '' && deps.clock.now() - lookedAt >= PERIOD_MS;
    if (!isDue && [...working].every((name) => before.has(name))) return;
    lookedAt = deps.clock.now();
    const heard = hear({ plan, wireguard: await ask(), at: deps.clock.wall() / 1000 }).map(textOf).join();
    if (heard !== told && heard !== '') deps.onHeard();
    told = heard;
  };
}

const PERIOD_MS = 10_000;
