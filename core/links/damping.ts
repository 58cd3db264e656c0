/**
 * Damps the state of a link before readiness follows it: a pure state machine, one for each importing member and remote segment.
 *
 * A link that fails counts as down after half a second, and one that returns as up after a second and a half. One that comes and goes
 * every few seconds stays what it was: each change costs every client of every Service a little, and none of them would last. One that
 * does so more slowly has to be up for longer each time, as routers do it (RFC 2439).
 */
import type { LinkState } from '../api/links.js';

export interface DampedLink {
  /** What readiness goes by. */
  readonly counts: 'up' | 'down';
  readonly seen: Exclude<LinkState, 'degraded'>;
  /** When it was first seen so, milliseconds. */
  readonly since: number;
  /** When it went down, the latest last: those of the last five minutes. */
  readonly downs: readonly number[];
}

/** For a link of which nothing is known, and which may work. */
export const STEADY: Omit<DampedLink, 'since'> = { counts: 'up', seen: 'unknown', downs: [] };
/** For a link that never worked yet: nothing is sent there before it does. */
export const NEW: Omit<DampedLink, 'since'> = { counts: 'down', seen: 'unknown', downs: [] };

export const DAMPING = {
  downMs: 500,
  upMs: 1_500,
  /** Two failures within this time: it comes and goes. */
  flapMs: 8_000,
  /** Then it counts as down only after this, longer than it is down in between. */
  flappingDownMs: 5_000,
  /** Failures within this time are remembered. */
  memoryMs: 300_000,
  /** So many cost nothing. Each further one doubles the time that the link has to be up. */
  freeFailures: 8,
  longestUpMs: 20_000,
  /** How long what was known last counts when nobody reports any more. */
  unknownMs: 30_000,
  /** How long a new link is waited for. */
  newMs: 10_000,
} as const;

/** `next`: when to look again if nothing is seen before, milliseconds; infinite: never. `link` is the same object if nothing changes. */
export function damp(before: DampedLink, state: LinkState, now: number): { readonly link: DampedLink; readonly next: number } {
  const seen = state === 'degraded' ? 'up' : state;
  const link = seen === before.seen ? before : { ...before, seen, since: now, downs: downsAfter(before, seen, now) };
  const due = link.since + holdMs(link);
  if (now < due) return { link, next: due };
  return { link: { ...link, counts: link.seen === 'down' ? 'down' : 'up' }, next: Number.POSITIVE_INFINITY };
}

/** Of a link that nobody followed before. What is found down counts at once: whoever was there before has damped it. */
export function beginDamping(state: LinkState, now: number): ReturnType<typeof damp> {
  return state === 'down'
    ? { link: { counts: 'down', seen: 'down', since: now, downs: [now] }, next: Number.POSITIVE_INFINITY }
    : damp({ ...STEADY, since: now }, state, now);
}

/** Whether nothing of it need be remembered: a link of which nothing is known would do the same. */
export function isForgettable({ counts, seen, downs }: DampedLink, now: number): boolean {
  return counts === 'up' && seen !== 'down' && downs.every((each) => now - each > DAMPING.memoryMs);
}

function downsAfter({ seen: was, downs }: DampedLink, seen: DampedLink['seen'], now: number): readonly number[] {
  if (seen !== 'down' || was === 'down') return downs;
  return [...downs.filter((each) => now - each <= DAMPING.memoryMs), now].slice(-MOST);
}

/** Of a longer list the hold would be the longest anyway. */
const MOST = 12;

/** How long it has to be seen so before it counts. Infinite: it counts already. */
function holdMs({ counts, seen, downs }: DampedLink): number {
  if (counts === seen || (counts === 'up' && seen === 'unknown')) return Number.POSITIVE_INFINITY;
  if (seen === 'unknown') return downs.length === 0 ? DAMPING.newMs : DAMPING.unknownMs;
  if (seen === 'down') return isFlapping(downs) ? DAMPING.flappingDownMs : DAMPING.downMs;
  // It was down before anybody said so: a new link.
  if (downs.length === 0) return 0;
  return Math.min(DAMPING.longestUpMs, DAMPING.upMs * 2 ** Math.max(0, downs.length - DAMPING.freeFailures));
}

function isFlapping(downs: readonly number[]): boolean {
  const [last, before] = downs.toReversed();
  return last !== undefined && before !== undefined && last - before <= DAMPING.flapMs;
}
