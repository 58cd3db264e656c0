/**
 * How often paths are probed, and what counts as gone.
 *
 * Healthy paths are probed less often: once an answer is missing, the next probes follow at a quarter of the period (probedPath.ts). With
 * independent round-trip loss p, n misses in a row come by chance once in period / p^n: at 2 % loss each way, three at 150 ms every 40
 * minutes, four at 400 ms once in 45 hours. A LAN loses nothing, so three are enough there. Whoever finds a gateway silent on its LAN
 * tells those who probe it through tunnels, so these need not probe as often.
 */

export interface Pace {
  /** Between two probes of a path in use, milliseconds. */
  readonly periodMs: number;
  /** Unanswered probes in a row after which the path is down. */
  readonly failureThreshold: number;
}

export interface FailoverSettings {
  /** To gateways of the own location. */
  readonly lan: Pace;
  /** Through a tunnel to a remote gateway. */
  readonly tunnel: Pace;
  /** Through a gateway of the own location to a remote one and back. */
  readonly relay: Pace;
  /** To a remote gateway by whatever path its segment's traffic takes, while its own tunnel fails. */
  readonly alternate: Pace;
  /** The same while its tunnel works, milliseconds. */
  readonly alternateIdleMs: number;
  /** Between two probes of a path on standby, or that is down, milliseconds. */
  readonly idleMs: number;
  /** Between two probes of a gateway's tunnel that carries traffic of nobody but the gateway itself, milliseconds. */
  readonly ownMs: number;
  /** Between two probes of a burst, milliseconds. */
  readonly burstMs: number;
  /** How long a better path must have been good before it is taken again; doubled with each recent failure. Milliseconds. */
  readonly failbackDelayMs: number;
  /** Upper bound of the doubling, milliseconds. */
  readonly failbackDelayMaxMs: number;
}

export const DEFAULT_SETTINGS: FailoverSettings = {
  lan: { periodMs: 150, failureThreshold: 3 },
  tunnel: { periodMs: 400, failureThreshold: 4 },
  relay: { periodMs: 400, failureThreshold: 4 },
  alternate: { periodMs: 1000, failureThreshold: 3 },
  alternateIdleMs: 10_000,
  idleMs: 2000,
  ownMs: 1000,
  burstMs: 20,
  failbackDelayMs: 10_000,
  failbackDelayMaxMs: 300_000,
};
