/**
 * Time as a dependency, so that pure code has none and tests can own it.
 */

export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for timestamps that people read. */
  wall(): number;
  /** Calls `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** Uniform in [0, 1). */
export type Random = () => number;
