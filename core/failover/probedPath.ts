/**
 * ProbedPath: when the next probe of one path is due, and whether the path works.
 *
 * A path is down after `failureThreshold` unanswered probes, whatever their spacing, and up again after three answers in a row. A probe
 * counts as unanswered once it is older than any answer is likely to be (roundTrip.ts). While one is, the next follow at a quarter of the
 * period: healthy paths are probed less often, and a failure is found soon all the same.
 */
import { createAnswers } from './answers.js';
import { createRoundTrip } from './roundTrip.js';
import type { Pace } from './settings.js';

export type PathState = 'new' | 'up' | 'down';

/**
 * busy: the path carries traffic of others. own: it carries traffic of this node only, and others would suspect it when it fails.
 * idle: it is on standby.
 */
export type ProbeRate = 'busy' | 'own' | 'idle';

export interface ProbedPath {
  state(): PathState;
  /** Since when, in the clock of `now`. */
  since(): number;
  /** The first moment at which `isDue` or `check` may have something new to say. */
  next(): number;
  isDue(now: number): boolean;
  sent(nonce: number, now: number): void;
  /** False: no such probe is pending. */
  answered(nonce: number, now: number): boolean;
  /** What the silence up to now means. True: the state changed. */
  check(now: number): boolean;
  setRate(rate: ProbeRate, now: number): void;
  /** Paces may be others from now on; what is known of the path stays. */
  setTiming(timing: PathTiming, now: number): void;
  /** Probe at once, as often as it takes to find the path dead: somebody suspects it, or it is to be used again. */
  burst(now: number): void;
  /**
   * The far end vouches for the path: it has just found it good in both directions (`works`). Or it does not. While it keeps vouching, we
   * probe as rarely as on standby, for our own figures. When it stops, the next probe is due when it would have been without it.
   */
  onVouch(works: boolean, now: number): void;
  /** Probe no later than at `at`: the answer is needed soon. */
  probeBy(at: number): void;
  /** Probe at once, unless an answer is awaited. */
  ask(now: number): void;
  /** When it last answered; minus infinity: never. */
  answeredAt(): number;
  /** When the first of the probes was sent that it should have answered since; undefined: none is overdue. */
  silentSince(now: number): number | undefined;
  /** When it last came up after it had been down; undefined: never. */
  backSince(): number | undefined;
  /** It has answered just now, and nothing is overdue. */
  isFresh(now: number): boolean;
  /** This process was not running for `ms`: pending probes get that time on top. */
  extendDeadlines(ms: number): void;
  figures(): PathFigures;
}

export interface PathFigures {
  /** Smoothed round-trip time, milliseconds; absent: no answer yet. */
  readonly rttMs?: number;
  /** The shortest round trip of the last while, milliseconds; absent: no answer yet. */
  readonly leastRttMs?: number;
  /** Share of probes without an answer, of about the last hundred. */
  readonly loss: number;
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
  /** How late this process was recently, milliseconds. */
  readonly lateMs: () => number;
}

export function createProbedPath(options: PathOptions, createdAt: number): ProbedPath {
  let { pace, idleMs, ownMs, burstMs } = options;
  let state: PathState = 'new';
  let since = createdAt;
  let rate: ProbeRate = 'busy';
  let nextSendAt = createdAt + options.offsetMs;
  /** How much later than planned the next probe may be sent. */
  let graceMs = 0;
  let sentAt = createdAt;
  let vouchedAt = Number.NEGATIVE_INFINITY;
  /** Probes of a burst that are still to be sent, and the time between them. */
  let burstLeft = 0;
  let burstStepMs = burstMs;
  /** The next probe is early, since one is overdue. */
  let isEarly = false;
  const roundTrip = createRoundTrip(options.lateMs);
  const answers = createAnswers(() => roundTrip.timeout());
  let checkedAt = createdAt;
  let backSince: number | undefined;

  const suspectMs = (): number => Math.min(pace.periodMs, Math.max(MIN_SUSPECT_MS, pace.periodMs / 4));
  const calmMs = (): number => (rate === 'idle' ? idleMs : rate === 'own' ? ownMs : pace.periodMs);
  const isSuspect = (now: number): boolean => answers.silentSince(now) !== undefined;
  const interval = (now: number): number => {
    if (burstLeft > 0) return burstStepMs;
    if (state === 'down') return Math.min(idleMs, DOWN_MS);
    return isSuspect(now) ? suspectMs() : calmMs();
  };
  const become = (next: PathState, now: number): void => {
    state = next;
    since = now;
  };
  const probeBy = (at: number): void => {
    nextSendAt = Math.min(nextSendAt, at);
    graceMs = 0;
  };
  const startBurst = (stepMs: number, now: number): void => {
    if (burstLeft > 0 || state === 'down') return;
    burstLeft = pace.failureThreshold;
    burstStepMs = stepMs;
    probeBy(now);
  };

  return {
    state: () => state,
    since: () => since,
    next: () => {
      if (state === 'down' || answers.pending() === 0) return nextSendAt + graceMs;
      // What was overdue at the last check has been seen.
      const deciding = Math.max(0, pace.failureThreshold - 1);
      return Math.min(nextSendAt + graceMs, answers.deadline(0, checkedAt), answers.deadline(deciding, checkedAt));
    },
    isDue: (now) => now >= nextSendAt + graceMs,
    sent(nonce, now) {
      answers.sent(nonce, now);
      sentAt = now;
      graceMs = 0;
      if (burstLeft > 0) burstLeft -= 1;
      const step = interval(now);
      nextSendAt = turnBy(nextSendAt + step > now ? nextSendAt + step : now + step, step);
    },
    answered(nonce, now) {
      const ms = answers.answered(nonce, now);
      if (ms === undefined) return false;
      // It was only late.
      if (isEarly && !isSuspect(now)) {
        isEarly = false;
        if (burstLeft === 0 && state !== 'down') nextSendAt = Math.max(nextSendAt, turnBy(sentAt + interval(now), interval(now)));
      }
      roundTrip.sample(ms, now);
      return true;
    },
    check(now) {
      checkedAt = now;
      const missed = answers.overdue(now);
      if (missed > 0) answers.breakRow();
      if (state !== 'down' && missed >= pace.failureThreshold) {
        become('down', now);
        burstLeft = 0;
        return true;
      }
      if ((state === 'new' && answers.inRow() > 0) || (state === 'down' && answers.inRow() >= GOOD_IN_ROW)) {
        if (state === 'down') backSince = now;
        become('up', now);
        return true;
      }
      if (missed > 0 && state !== 'down' && now + suspectMs() < nextSendAt + graceMs) {
        isEarly = true;
        probeBy(now + suspectMs());
      }
      // Recovery is confirmed quickly.
      if (state === 'down' && answers.inRow() > 0) probeBy(now + 2 * suspectMs());
      return false;
    },
    setRate(next, now) {
      if (next === rate) return;
      rate = next;
      if (next !== 'idle') probeBy(now + calmMs());
    },
    setTiming(next, now) {
      ({ pace, idleMs, ownMs, burstMs } = next);
      nextSendAt = Math.min(nextSendAt, now + interval(now));
    },
    burst: (now) => startBurst(burstMs, now),
    probeBy,
    ask(now) {
      if (answers.pending() === 0) probeBy(now);
    },
    onVouch(works, now) {
      if (works && state === 'up' && rate === 'busy' && burstLeft === 0 && !isSuspect(now)) {
        vouchedAt = now;
        const ownTurn = turnBy(sentAt + idleMs, idleMs);
        nextSendAt = Math.min(ownTurn, now + pace.periodMs);
        graceMs = ownTurn === nextSendAt ? 0 : GRACE_MS;
      } else if (!works && now - vouchedAt <= idleMs) {
        vouchedAt = Number.NEGATIVE_INFINITY;
        startBurst(suspectMs(), now);
      }
    },
    answeredAt: () => answers.lastAt(),
    silentSince: (now) => answers.silentSince(now),
    backSince: () => backSince,
    isFresh: (now) => state === 'up' && now - answers.lastAt() <= FRESH_MS + (rate === 'idle' ? 0 : calmMs()) && !isSuspect(now),
    extendDeadlines: (ms) => answers.extendDeadlines(ms),
    figures() {
      const [rttMs, leastRttMs] = [roundTrip.smoothed(), roundTrip.least()];
      return { ...(rttMs === undefined || leastRttMs === undefined ? {} : { rttMs, leastRttMs }), loss: answers.loss() };
    },
  };
}

/** Paths that are probed rarely are probed together: waking up costs more than a probe. */
function turnBy(at: number, stepMs: number): number {
  return stepMs < 2 * TURN_MS ? at : Math.floor(at / TURN_MS) * TURN_MS;
}

const TURN_MS = 50;
/** Closer together, one pause of the network would lose them all. */
const MIN_SUSPECT_MS = 50;
const DOWN_MS = 500;
const GOOD_IN_ROW = 3;
const FRESH_MS = 250;
/** The far end may vouch this much late before we probe ourselves. */
const GRACE_MS = 50;
