/**
 * When failover has something to do next, and whether choices are to be made anew then.
 */

import { createRecentWorst } from './recentWorst.js';

export interface Schedule {
  /** What choices rest on has changed: they are made anew at the next occasion. */
  invalidateChoices(): void;
  areChoicesInvalid(): boolean;
  /** Whether to choose now. True counts as done: the next time is after RECHOOSE_MS, or when something has changed. */
  takeChoosing(now: number): boolean;
  /** Choose again at `at`, though nothing has changed until then. */
  chooseBy(at: number): void;
  /** Something is done now. How long this process was not running before, milliseconds; 0: it was. */
  wake(now: number): number;
  /** How late it was recently, milliseconds. */
  lateMs(): number;
  /** When choices are due though nothing changes. */
  nextChoosing(now: number): number;
  /** The next tick is at `at`, until `wakeBy` brings it forward. */
  wakeAt(at: number): void;
  wakeBy(at: number): void;
  /** The next tick. */
  next(): number;
}

const RECHOOSE_MS = 500;
/** Longer than any timer is late on a machine that keeps up: this process was not running, nor perhaps was any other. */
const STALL_MS = 120;
/** What is due at about the same time is done in one go. */
const GRAIN_MS = 25;

export function createSchedule(): Schedule {
  let invalid = true;
  let chooseAt = Number.NEGATIVE_INFINITY;
  let wokenAt: number | undefined;
  const lateness = createRecentWorst();
  let tickAt = 0;
  return {
    invalidateChoices() {
      invalid = true;
    },
    areChoicesInvalid: () => invalid,
    takeChoosing(now) {
      if (!invalid && now < chooseAt) return false;
      invalid = false;
      chooseAt = now + RECHOOSE_MS;
      return true;
    },
    chooseBy(at) {
      chooseAt = Math.min(chooseAt, at);
    },
    wake(now) {
      const late = wokenAt === undefined ? 0 : now - Math.max(wokenAt, Math.min(tickAt, now));
      wokenAt = now;
      lateness.observe(Math.min(late, STALL_MS) - GRAIN_MS, now);
      return late > STALL_MS ? late : 0;
    },
    lateMs: () => lateness.worst(),
    nextChoosing: (now) => (chooseAt > now ? chooseAt : now + RECHOOSE_MS),
    wakeAt(at) {
      tickAt = at;
    },
    wakeBy(at) {
      tickAt = Math.min(tickAt, at);
    },
    next: () => tickAt,
  };
}
