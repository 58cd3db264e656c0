/**
 * What a node's GatewayReport should say, from what it says and what is seen: times and figures stay as long as they are true, so that
 * nothing is written while nothing happens, and nothing is that an agent has only begun to look again.
 */
import type { GatewayReport, ReportedLink } from '../api/gatewayReport.js';
import { MAX_REPORTED_LINKS } from '../api/reportBounds.js';
import { lossBucket, rttBucket } from './buckets.js';
import type { LinkSpread } from './figures.js';
import { type LinkKey, linkKey } from './linkKey.js';
import { NOT_FORWARDING, type SeenLink } from './seenLinks.js';
import { compareTexts } from '../text/compareTexts.js';

export type ReportSpec = GatewayReport['spec'];

export interface Seen {
  readonly links: readonly SeenLink[];
  readonly draining: boolean;
  readonly spreads: ReadonlyMap<LinkKey, LinkSpread>;
  /** Figures may change; else only tunnels get some that have none. */
  readonly isFigureTime: boolean;
  /** RFC 3339 of so many milliseconds ago. */
  readonly ago: (ms: number) => string;
}

/** `before`: what the report says; undefined: there is none. */
export function settleReport(before: ReportSpec | undefined, seen: Seen): ReportSpec {
  const { links, draining } = seen;
  const known = new Map((before?.links ?? []).map((link) => [linkKey(link), link]));
  return {
    ...(draining ? { draining } : {}),
    links: bounded(links)
      .map((link) => settle(link, known.get(linkKey(link)), seen))
      .toSorted((a, b) => compareTexts(a.segment, b.segment) || a.slot - b.slot || compareTexts(a.peer, b.peer)),
  };
}

function settle(
  { figures, forMs, state, reason, ...link }: SeenLink,
  before: ReportedLink | undefined,
  { spreads, isFigureTime, ago }: Seen,
): ReportedLink {
  // An agent that has just started knows nothing yet, and nothing speaks against what it last said.
  if (state === 'unknown' && forMs < SETTLED_MS && before !== undefined) {
    const { state: known, since, rttMilliseconds, lossPercent, reason: why } = before;
    return { ...link, state: known, since, ...present({ rttMilliseconds, lossPercent, reason: why }) };
  }
  const isDue = before?.lossPercent === undefined ? forMs >= FIRST_FIGURES_MS : isFigureTime;
  return {
    ...link,
    state,
    since: before?.state === state ? before.since : began(forMs, before, ago),
    ...(figures === undefined ? {} : figuresOf(before, isDue ? spreads.get(linkKey(link)) : undefined)),
    ...present({ reason }),
  };
}

/** By then a tunnel has been probed often enough to say whether it works. */
const SETTLED_MS = 5000;
/** And how well. */
const FIRST_FIGURES_MS = 3000;

/** A gateway that forwards again was answering all the time. */
function began(forMs: number, before: ReportedLink | undefined, ago: Seen['ago']): string {
  return ago(before?.reason === NOT_FORWARDING || !Number.isFinite(forMs) ? 0 : forMs);
}

function figuresOf(
  before: ReportedLink | undefined,
  spread: LinkSpread | undefined,
): Pick<ReportedLink, 'rttMilliseconds' | 'lossPercent'> {
  const { rttMilliseconds, lossPercent } = before ?? {};
  if (spread === undefined) return present({ rttMilliseconds, lossPercent });
  return present({
    rttMilliseconds: spread.rtt === undefined ? rttMilliseconds : rttBucket(spread.rtt, rttMilliseconds),
    lossPercent: lossBucket(spread.loss, lossPercent),
  });
}

/** What does not work is told first. */
function bounded(links: readonly SeenLink[]): readonly SeenLink[] {
  if (links.length <= MAX_REPORTED_LINKS) return links;
  return links.toSorted((a, b) => Number(a.state === 'up') - Number(b.state === 'up')).slice(0, MAX_REPORTED_LINKS);
}

function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
