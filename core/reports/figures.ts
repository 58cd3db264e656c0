/**
 * The figures of tunnels over the time since they were last looked at: the least and the most of each.
 */
import type { Spread } from './buckets.js';
import { type LinkKey, linkKey } from './linkKey.js';
import type { SeenLink } from './seenLinks.js';

export interface LinkSpread {
  /** Milliseconds; absent: not known. */
  readonly rtt?: Spread;
  /** From 0 to 1. */
  readonly loss: Spread;
}

interface Figures {
  sample(links: readonly SeenLink[]): void;
  /** Of the tunnels that work. */
  spreads(): ReadonlyMap<LinkKey, LinkSpread>;
  /** They have been looked at: the time begins anew. */
  reset(): void;
}

export function createFigures(): Figures {
  let spreads: ReadonlyMap<LinkKey, LinkSpread> = new Map();
  return {
    sample(links) {
      const next = new Map<LinkKey, LinkSpread>();
      for (const link of links) {
        if (link.figures === undefined) continue;
        const { rttMs, loss } = link.figures;
        const key = linkKey(link);
        const before = spreads.get(key);
        const rtt = rttMs === undefined ? before?.rtt : widened(before?.rtt, rttMs);
        next.set(key, { ...(rtt === undefined ? {} : { rtt }), loss: widened(before?.loss, loss) });
      }
      spreads = next;
    },
    spreads: () => spreads,
    reset() {
      spreads = new Map();
    },
  };
}

function widened(spread: Spread | undefined, value: number): Spread {
  return spread === undefined
    ? { least: value, most: value }
    : { least: Math.min(spread.least, value), most: Math.max(spread.most, value) };
}
