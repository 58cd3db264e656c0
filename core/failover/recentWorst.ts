/**
 * The worst of what was observed of late: what is half a minute old counts half.
 */

interface RecentWorst {
  observe(value: number, now: number): void;
  /** As of the last observation; 0: nothing bad. */
  worst(): number;
}

const HALF_LIFE_MS = 30_000;

export function createRecentWorst(): RecentWorst {
  let worst = 0;
  let at = Number.NEGATIVE_INFINITY;
  return {
    observe(value, now) {
      worst = Math.max(value, worst * 0.5 ** ((now - at) / HALF_LIFE_MS));
      at = now;
    },
    worst: () => worst,
  };
}
