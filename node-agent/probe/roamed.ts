/**
 * Looks every two seconds, while a tunnel fails, whether WireGuard sends to where its far end has roamed and is no more.
 */
import type { PathStatus } from '../../core/failover/failover.js';
import { lookForRoamed, mayHaveRoamed, type Silences } from '../../core/failover/roamed.js';
import type { Healing } from '../../core/failover/stall.js';
import type { NodePlan } from '../../core/mesh/plan.js';
import type { Clock } from '../../core/runtime/clock.js';
import { pause } from '../../core/runtime/pause.js';
import type { Host } from '../host/host.js';

export interface RoamedDeps {
  readonly clock: Clock;
  readonly host: Pick<Host, 'tunnels'>;
  plan(): NodePlan | undefined;
  paths(): readonly PathStatus[];
  onRoamed(healing: Healing): void;
}

export async function watchRoamed(deps: RoamedDeps, signal: AbortSignal): Promise<void> {
  let silences: Silences = new Map();
  while (!signal.aborted) {
    await pause(PERIOD_MS, signal, deps.clock);
    const plan = deps.plan();
    const paths = deps.paths();
    if (signal.aborted || plan === undefined) continue;
    if (!mayHaveRoamed(paths)) {
      silences = new Map();
      continue;
    }
    const tunnels = await deps.host.tunnels(plan.interfaces.map(({ name }) => name));
    const looked = lookForRoamed({ plan, paths, tunnels, before: silences, now: deps.clock.now() });
    ({ silences } = looked);
    for (const healing of looked.healings) deps.onRoamed(healing);
  }
}

const PERIOD_MS = 2000;
