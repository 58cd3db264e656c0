/**
 * The monitor of tunnels: runs all checks every second, asks WireGuard once for all of them when one wants to know, and has the repairs
 * carried out one after the other.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { pause } from '../../core/runtime/pause.js';
import { runChecks, type RunningCheck, type TunnelCounters, type TunnelObservation } from '../../core/tunnels/check.js';
import type { TunnelRepair } from '../../core/tunnels/repair.js';

/** What the agent knows without asking WireGuard. */
export type TunnelFacts = Pick<TunnelObservation, 'plan' | 'paths' | 'choices' | 'resolved'>;

interface TunnelMonitorDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Counters of the named interfaces; those that do not answer in time are left out. */
  readonly host: { tunnels(interfaces: readonly string[]): Promise<TunnelCounters> };
  /** Undefined: there is no plan yet. */
  facts(): TunnelFacts | undefined;
  repair(repair: TunnelRepair, signal: AbortSignal): Promise<void>;
}

/** Until `signal` aborts. A round that fails is logged, and the next one comes all the same. */
export async function runTunnelMonitor(deps: TunnelMonitorDeps, checks: readonly RunningCheck[], signal: AbortSignal): Promise<void> {
  const { clock, log, host } = deps;
  let running = checks;

  /** When WireGuard's counters are wanted. */
  async function look(facts: TunnelFacts, counters?: TunnelCounters): Promise<number> {
    const times = { now: clock.now(), at: clock.wall() / 1000 };
    const { state, repairs, next } = runChecks(running, { ...facts, ...times, ...(counters === undefined ? {} : { counters }) });
    running = state;
    for (const repair of repairs) {
      if (signal.aborted) break;
      await deps.repair(repair, signal).catch((error: unknown) => log.error('A tunnel repair failed', { repair: repair.kind, error }));
    }
    return next;
  }

  async function round(mayAsk: boolean): Promise<void> {
    const facts = deps.facts();
    if (facts === undefined) return;
    const next = await look(facts);
    if (!mayAsk || next > clock.now() || signal.aborted) return;
    const counters = await host.tunnels(facts.plan.interfaces.map(({ name }) => name));
    // Probes have gone on meanwhile; the counters are those of the plan they were asked by.
    await look({ ...(deps.facts() ?? facts), plan: facts.plan }, counters);
  }

  for (let count = 1; !signal.aborted; count += 1) {
    await pause(ROUND_MS, signal, clock);
    if (signal.aborted) return;
    await round(count % ROUNDS_PER_QUESTION === 0).catch((error: unknown) => log.error('The tunnels could not be checked', { error }));
  }
}

const ROUND_MS = 1000;
/** Asking WireGuard starts a process. */
const ROUNDS_PER_QUESTION = 2;
