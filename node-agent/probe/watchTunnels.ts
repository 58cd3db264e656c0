/**
 * Those who look every two seconds at what WireGuard says of the planned tunnels: one after the other, and by the same answer.
 */
import type { HostState } from '../../core/host/state.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { Clock } from '../../core/runtime/clock.js';
import { pause } from '../../core/runtime/pause.js';
import type { Host } from '../host/host.js';

export interface TunnelsDeps {
  readonly clock: Clock;
  readonly host: Pick<Host, 'tunnels'>;
  plan(): NodePlan | undefined;
}

/** `ask`: by interface; one that did not answer is left out. Dear, so only where it matters; however many do, WireGuard is asked once. Nothing is looked at before there is a plan. */
export type LookAtTunnels = (plan: NodePlan, ask: () => Promise<HostState['wireguard']>) => Promise<void>;

export async function watchTunnels({ clock, host, plan }: TunnelsDeps, looks: readonly LookAtTunnels[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(PERIOD_MS, signal, clock);
    const planned = plan();
    if (signal.aborted || planned === undefined) continue;
    let answer: ReturnType<Host['tunnels']> | undefined;
    const ask = (): ReturnType<Host['tunnels']> => (answer ??= host.tunnels(planned.interfaces.map(({ name }) => name)));
    for (const look of looks) await look(planned, ask);
  }
}

const PERIOD_MS = 2000;
