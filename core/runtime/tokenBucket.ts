/**
 * A token bucket whose tokens may be had on credit: whoever takes more than there are is told how long to wait, and those who come later
 * wait behind it. So waiting is in order, and nobody waits for more than what was taken before.
 */
import type { Clock } from './clock.js';

interface TokenBucket {
  /** Takes `tokens` and returns for how many milliseconds to wait before using them: 0 while there are any. */
  take(tokens: number): number;
  /** For how many milliseconds there have been none, without half a second's worth left over in between. */
  emptyFor(): number;
}

export interface Rate {
  /** Tokens. */
  readonly perSecond: number;
  /** As many gather at most. */
  readonly burst: number;
}

export function createTokenBucket({ perSecond, burst }: Rate, clock: Pick<Clock, 'now'>): TokenBucket {
  const enough = Math.min(burst, perSecond) / 2;
  let tokens = burst;
  let at = clock.now();
  let emptySince: number | undefined;

  function refill(): void {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond);
    at = now;
    // Whoever waits for each token takes it as it comes, so that there seems to be one now and then.
    if (tokens > enough) emptySince = undefined;
  }

  return {
    take(wanted) {
      refill();
      tokens -= wanted;
      if (tokens >= 0) return 0;
      emptySince ??= at;
      return (-tokens / perSecond) * 1000;
    },
    emptyFor() {
      refill();
      return emptySince === undefined ? 0 : at - emptySince;
    },
  };
}
