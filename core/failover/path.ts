/**
 * One probed path: when its next probe is due, and whether it works.
 *
 * A path is down after `misses` unanswered probes, whatever their spacing, and up again after three answers in a row. A probe
 * counts as unanswered once it is older than any answer is likely to be (the retransmission timeout of RFC 6298, floor 50 ms).
 * While one is, the next follow at a quarter of the interval: what works is asked seldom, and found dead soon all the same.
 */
import type { Pace } from './settings.js';

export type PathState = 'new' | 'up' | 'down';

/** How eagerly a path is probed: it carries traffic of others; of this node only, which others would tell of its failure; it waits its turn. */
export type Eagerness = 'busy' | 'own' | 'idle';

export interface Path {
  state(): PathState;
  /** Since when, in the clock of `now`. */
  since(): number;
  /** The first moment at which `isDue` or `check` may have something new to say. */
  next(): number;
  isDue(now: number): boolean;
  sent(nonce: number, now: number): void;
  /** False: nobody asked that. */
  answered(nonce: number, now: number): boolean;
  /** What the silence up to now means. True: the state changed. */
  check(now: number): boolean;
  setEagerness(eagerness: Eagerness, now: number): void;
  /** Paces may be others from now on; what is known of the path stays. */
  setTiming(timing: PathTiming, now: number): void;
  /** Ask at once, as often as it takes to find it dead: somebody has doubts, or it is to be used again. */
  hurry(now: number): void;
  /**
   * The far end says that it has just found this very way good in both directions (`works`), or that it has not. While it goes on saying so, we
   * ask as seldom as what waits: for our own figures. When it stops, the next probe is due when it would have been without it.
   */
  assured(works: boolean, now: number): void;
  /** Ask as soon as possible: what it answers is to be known before it is needed. */
  askNow(now: number): void;
  /** When it last answered. */
  answeredAt(): number;
  /** When the first was sent of the probes that it should have answered since; undefined: it owes none. */
  silentSince(now: number): number | undefined;
  /** When it was last found to work after it had been down; undefined: it never was. */
  backSince(): number | undefined;
  /** It has answered just now, and owes no answer. */
  isFresh(now: number): boolean;
  /** We were not running for `ms`: what is under way gets that time on top. */
  forgive(ms: number): void;
  figures(): PathFigures;
}

export interface PathFigures {
  /** Smoothed round-trip time, milliseconds; absent: no answer yet. */
  readonly rttMs?: number;
  /** Share of probes without an answer, of about the last hundred. */
  readonly loss: number;
  /** Unanswered in a row. */
  readonly misses: number;
}

/** See FailoverSettings. */
export interface PathTiming {
  readonly pace: Pace;
  readonly idleMs: number;
  readonly ownMs: number;
  readonly burstMs: number;
}

export interface PathOptions extends PathTiming {
  /** Milliseconds until the first probe, so that not all paths are probed at once. */
  readonly offsetMs: number;
}

export function createPath(options: PathOptions, createdAt: number): Path {
  let { pace, idleMs, ownMs, burstMs } = options;
  let state: PathState = 'new';
  let since = createdAt;
  let eagerness: Eagerness = 'busy';
  let nextSendAt = createdAt + options.offsetMs;
  /** How much later than due the next probe may be. */
  let graceMs = 0;
  let sentAt = createdAt;
  let assuredAt = Number.NEGATIVE_INFINITY;
  let hurried = 0;
  let hurriedMs = burstMs;
  /** The next probe is early, since one is overdue. */
  let hurriedBySilence = false;
  let waiting: { readonly nonce: number; at: number }[] = [];
  let goodInRow = 0;
  let rtt: { smooth: number; deviation: number } | undefined;
  let loss = 0;
  let checkedAt = createdAt;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let backSince: number | undefined;

  const timeout = (): number => (rtt === undefined ? FIRST_TIMEOUT_MS : Math.max(MIN_TIMEOUT_MS, rtt.smooth + Math.min(4 * rtt.deviation, rtt.smooth + MAX_SLACK_MS)));
  const isOverdue = ({ at }: { readonly at: number }, now: number): boolean => now - at >= timeout();
  /** When the probe at `index` is overdue, if that is still to come: what lay behind us at the last check has been seen. */
  const deadlineOf = (index: number): number => {
    const at = (waiting[index]?.at ?? Number.NEGATIVE_INFINITY) + timeout();
    return at > checkedAt ? at : Number.POSITIVE_INFINITY;
  };
  const suspectMs = (): number => Math.min(pace.intervalMs, Math.max(MIN_SUSPECT_MS, pace.intervalMs / 4));
  const calmMs = (): number => (eagerness === 'idle' ? idleMs : eagerness === 'own' ? ownMs : pace.intervalMs);
  const isSuspect = (now: number): boolean => waiting[0] !== undefined && isOverdue(waiting[0], now);
  const interval = (now: number): number => {
    if (hurried > 0) return hurriedMs;
    if (state === 'down') return Math.min(idleMs, DOWN_MS);
    return isSuspect(now) ? suspectMs() : calmMs();
  };
  const become = (next: PathState, now: number): void => {
    state = next;
    since = now;
  };
  const sendBy = (at: number): void => {
    nextSendAt = Math.min(nextSendAt, at);
    graceMs = 0;
  };
  const askInRow = (stepMs: number, now: number): void => {
    if (hurried > 0 || state === 'down') return;
    hurried = pace.misses;
    hurriedMs = stepMs;
    sendBy(now);
  };
  const count = (lost: number): void => {
    loss += (lost - loss) * LOSS_WEIGHT;
  };

  return {
    state: () => state,
    since: () => since,
    next: () => {
      if (state === 'down' || waiting.length === 0) return nextSendAt + graceMs;
      return Math.min(nextSendAt + graceMs, deadlineOf(0), deadlineOf(Math.max(0, pace.misses - 1)));
    },
    isDue: (now) => now >= nextSendAt + graceMs,
    sent(nonce, now) {
      waiting.push({ nonce, at: now });
      if (waiting.length > MAX_WAITING) waiting.shift();
      sentAt = now;
      graceMs = 0;
      if (hurried > 0) hurried -= 1;
      const step = interval(now);
      nextSendAt = turnBy(nextSendAt + step > now ? nextSendAt + step : now + step, step);
    },
    answered(nonce, now) {
      const index = waiting.findIndex((probe) => probe.nonce === nonce);
      const probe = waiting[index];
      if (probe === undefined) return false;
      for (let lost = 0; lost < index; lost += 1) count(1);
      count(0);
      goodInRow = index === 0 ? goodInRow + 1 : 1;
      waiting = waiting.slice(index + 1);
      answeredAt = now;
      // It was only late.
      if (hurriedBySilence && !isSuspect(now)) {
        hurriedBySilence = false;
        if (hurried === 0 && state !== 'down') nextSendAt = Math.max(nextSendAt, turnBy(sentAt + interval(now), interval(now)));
      }
      rtt = smoothed(rtt, Math.max(0, now - probe.at));
      return true;
    },
    check(now) {
      checkedAt = now;
      const missed = waiting.filter((probe) => isOverdue(probe, now)).length;
      if (missed > 0) goodInRow = 0;
      if (state !== 'down' && missed >= pace.misses) {
        become('down', now);
        hurried = 0;
        return true;
      }
      if ((state === 'new' && goodInRow > 0) || (state === 'down' && goodInRow >= GOOD_IN_ROW)) {
        if (state === 'down') backSince = now;
        become('up', now);
        return true;
      }
      if (missed > 0 && state !== 'down' && now + suspectMs() < nextSendAt + graceMs) {
        hurriedBySilence = true;
        sendBy(now + suspectMs());
      }
      // Recovery is confirmed quickly.
      if (state === 'down' && goodInRow > 0) sendBy(now + 2 * suspectMs());
      return false;
    },
    setEagerness(next, now) {
      if (next === eagerness) return;
      eagerness = next;
      if (next !== 'idle') sendBy(now + calmMs());
    },
    setTiming(next, now) {
      ({ pace, idleMs, ownMs, burstMs } = next);
      nextSendAt = Math.min(nextSendAt, now + interval(now));
    },
    hurry: (now) => askInRow(burstMs, now),
    askNow: sendBy,
    assured(works, now) {
      if (works && state === 'up' && eagerness === 'busy' && hurried === 0 && !isSuspect(now)) {
        assuredAt = now;
        const ownTurn = turnBy(sentAt + idleMs, idleMs);
        nextSendAt = Math.min(ownTurn, now + pace.intervalMs);
        graceMs = ownTurn === nextSendAt ? 0 : GRACE_MS;
      } else if (!works && now - assuredAt <= idleMs) {
        assuredAt = Number.NEGATIVE_INFINITY;
        askInRow(suspectMs(), now);
      }
    },
    answeredAt: () => answeredAt,
    silentSince: (now) => (isSuspect(now) ? waiting[0]?.at : undefined),
    backSince: () => backSince,
    isFresh: (now) => state === 'up' && now - answeredAt <= FRESH_MS + (eagerness === 'idle' ? 0 : calmMs()) && !isSuspect(now),
    forgive(ms) {
      for (const probe of waiting) probe.at += ms;
    },
    figures: () => ({ ...(rtt === undefined ? {} : { rttMs: rtt.smooth }), loss, misses: waiting.length }),
  };
}

/** Paths that are asked seldom are asked together: waking up costs more than a probe. */
function turnBy(at: number, stepMs: number): number {
  return stepMs < 2 * TURN_MS ? at : Math.floor(at / TURN_MS) * TURN_MS;
}

const TURN_MS = 50;
const MIN_TIMEOUT_MS = 50;
const FIRST_TIMEOUT_MS = 300;
/** Closer together, one pause of the network would lose them all. */
const MIN_SUSPECT_MS = 50;
const DOWN_MS = 500;
const GOOD_IN_ROW = 3;
/** Jitter of the network; of our own machine there may be more, and is no reason to wait. */
const MAX_SLACK_MS = 100;
const FRESH_MS = 250;
/** What the far end says may be late by this, before we ask ourselves. */
const GRACE_MS = 50;
const MAX_WAITING = 64;
const LOSS_WEIGHT = 0.02;

/** RFC 6298, section 2, with weights twice as large: there, every round trip is a sample, and here one in many. */
function smoothed(before: { smooth: number; deviation: number } | undefined, sample: number): { smooth: number; deviation: number } {
  if (before === undefined) return { smooth: sample, deviation: sample / 2 };
  return {
    deviation: before.deviation + (Math.abs(before.smooth - sample) - before.deviation) / 2,
    smooth: before.smooth + (sample - before.smooth) / 4,
  };
}
