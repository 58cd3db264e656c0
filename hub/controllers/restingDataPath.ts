/**
 * When the data path of all members was worked on last: whether what is no part of it would be in its way.
 */
import type { Clock } from '../../core/runtime/clock.js';

export interface RestingDataPath {
  /** Something of it is to be done, begins or has ended. What only waits, for a member that does not answer say, keeps nobody. */
  moved(): void;
  /** How soon it will have been at rest for long enough, milliseconds; 0: it has. */
  untilRest(): number;
}

/** Some writes, one after the other, into an API server that is near. */
const REST_MS = 25;

export function createRestingDataPath(clock: Pick<Clock, 'now'>): RestingDataPath {
  let last = Number.NEGATIVE_INFINITY;
  return {
    moved() {
      last = clock.now();
    },
    untilRest: () => Math.max(0, last + REST_MS - clock.now()),
  };
}
