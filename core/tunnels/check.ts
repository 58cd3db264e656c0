/**
 * TunnelCheck: one thing that can go wrong with tunnels, how it is recognised, and what repairs it.
 *
 * Every check is a pure function of its own state and of one observation, so its tests are tables. checks.ts lists them all;
 * node-agent/tunnels runs them and carries out the repairs.
 */
import type { Choices } from '../failover/choices.js';
import type { PathStatus } from '../failover/effects.js';
import type { PeerState } from '../host/state.js';
import type { NodePlan } from '../mesh/plan.js';
import type { TunnelRepair } from './repair.js';

export interface TunnelCheck<State> {
  readonly initial: State;
  /**
   * Called every second with what the agent knows anyway, without `counters`. If the `next` of any check has come by then, WireGuard is
   * asked, and all checks are called again in the same round with `counters`. A repair is given in one of the two calls only.
   */
  check(state: State, observation: TunnelObservation): CheckResult<State>;
}

export interface CheckResult<State> {
  readonly state: State;
  readonly repairs: readonly TunnelRepair[];
  /** When this check needs WireGuard's counters, in milliseconds of `now`. What has come is served at most every two seconds. */
  readonly next: number;
}

/** A `next` that never comes: there is nothing to look at until something else changes. */
export const NEVER = Number.POSITIVE_INFINITY;

export interface TunnelObservation {
  readonly plan: NodePlan;
  /** What probes say. */
  readonly paths: readonly PathStatus[];
  /** Which paths carry traffic. */
  readonly choices: Choices;
  /** Addresses by DNS name, for the endpoints that are names. */
  readonly resolved: Readonly<Record<string, string>>;
  /** Absent: WireGuard was not asked, which starts a process. */
  readonly counters?: TunnelCounters;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** The same moment, unix seconds. */
  readonly at: number;
}

/** What WireGuard says, by interface and public key. An interface that did not answer is missing. */
export type TunnelCounters = ReadonlyMap<string, { readonly peers: ReadonlyMap<string, PeerCounters> }>;

/** `lastHandshake`: unix seconds, 0: never. */
export type PeerCounters = Pick<PeerState, 'endpoint' | 'lastHandshake' | 'receivedBytes' | 'sentBytes'>;

/** A check that holds its state, so that checks with different states fit in one list; running it gives its successor. */
export interface RunningCheck {
  run(observation: TunnelObservation): CheckResult<RunningCheck>;
}

export function start<State>({ initial, check }: TunnelCheck<State>): RunningCheck {
  return {
    run(observation) {
      const { state, ...rest } = check(initial, observation);
      return { ...rest, state: start({ initial: state, check }) };
    },
  };
}

/** Runs all `checks` on one observation. `next` is the earliest of theirs. */
export function runChecks(checks: readonly RunningCheck[], observation: TunnelObservation): CheckResult<readonly RunningCheck[]> {
  const results = checks.map(({ run }) => run(observation));
  return {
    state: results.map(({ state }) => state),
    repairs: results.flatMap(({ repairs }) => repairs),
    next: Math.min(NEVER, ...results.map(({ next }) => next)),
  };
}
