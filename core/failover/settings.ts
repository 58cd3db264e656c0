/**
 * How often is probed, and what counts as gone.
 *
 * What works is asked seldom; once an answer is missing the next questions follow at a quarter of the interval (path.ts). With independent
 * round-trip loss p, `misses` in a row come by chance once in interval / p^misses: at 2 % loss each way, three at 150 ms every 40 minutes,
 * four at 400 ms once in 45 hours. A LAN loses nothing, so three are enough there; and whoever finds a gateway silent on its LAN tells those
 * who ask it through tunnels, so these need not ask as often.
 */

export interface Pace {
  /** Between two probes of a path in use, milliseconds. */
  readonly intervalMs: number;
  /** Unanswered probes in a row after which the path is down. */
  readonly misses: number;
}

export interface FailoverSettings {
  /** To gateways of the own location. */
  readonly near: Pace;
  /** Through a tunnel to a remote gateway. */
  readonly tunnel: Pace;
  /** Through a gateway of the own location to a remote one and back. */
  readonly through: Pace;
  /** To a remote gateway by whatever way its segment's traffic takes, while its own tunnel fails. */
  readonly around: Pace;
  /** The same while its tunnel works, milliseconds. */
  readonly aroundIdleMs: number;
  /** Between two probes of a path that waits, or is down, milliseconds. */
  readonly idleMs: number;
  /** Between two probes of a gateway's tunnel that carries traffic of nobody but the gateway itself, milliseconds. */
  readonly ownMs: number;
  /** Between two probes of a path that is re-checked in a hurry, milliseconds. */
  readonly burstMs: number;
  /** How long a better way must have been good before it is taken again; doubled with each recent failure. Milliseconds. */
  readonly returnMs: number;
  /** Upper bound of the doubling, milliseconds. */
  readonly returnMaxMs: number;
}

export const DEFAULT_SETTINGS: FailoverSettings = {
  near: { intervalMs: 150, misses: 3 },
  tunnel: { intervalMs: 400, misses: 4 },
  through: { intervalMs: 500, misses: 4 },
  around: { intervalMs: 1000, misses: 3 },
  aroundIdleMs: 10_000,
  idleMs: 2000,
  ownMs: 1000,
  burstMs: 20,
  returnMs: 10_000,
  returnMaxMs: 300_000,
};
