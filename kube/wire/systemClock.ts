/**
 * The machine's own clock.
 */
import type { Clock } from '../../core/runtime/clock.js';

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
