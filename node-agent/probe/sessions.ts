/**
 * Looks every two seconds with which people this gateway has a tunnel; only where there are some who dial in, and another gateway
 * that they may have dialled.
 */
import { silentPeople } from '../../core/failover/sessions.js';
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
  while (!signal.aborted) {
    await pause(PERIOD_MS, signal, deps.clock);
    const plan = deps.plan();
    if (signal.aborted || plan === undefined) continue;
    if (!isNeeded(plan)) {
      deps.onSilent([]);
      continue;
    }
    const tunnels = await deps.host.tunnels(plan.interfaces.map(({ name }) => name));
    const handshakes = new Map([...tunnels].map(([name, { peers }]) => [name, new Map([...peers].map(([key, { lastHandshake }]) => [key, lastHandshake]))]));
    // An interface that did not answer tells nothing of anybody.
    if (tunnels.size === plan.interfaces.length) deps.onSilent(silentPeople(plan, handshakes, deps.clock.wall() / 1000));
  }
}

const PERIOD_MS = 2000;

function isNeeded({ groups, interfaces }: NodePlan): boolean {
  const dialling = interfaces.some(({ peers }) => peers.some(({ owner, endpoint }) => owner.startsWith('peer ') && endpoint === undefined));
  return dialling && groups.some(({ segment, candidates }) => segment.startsWith('peer:') && candidates.length > 1);
}
