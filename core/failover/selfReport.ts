/**
 * What a gateway knows of itself only through others: whether its location still hears it, whether it forwards, whether it is used.
 */
import type { Report } from './message.js';
import type { Pace } from './settings.js';

export interface SelfReport {
  /** Keys of the other nodes of the location, and how often these ask; empty: nobody is expected to be heard. */
  setKin(keys: readonly string[], pace: Pace): void;
  /** Something authentic came from the node with that key. */
  heard(key: string, now: number): void;
  /** What it finds of our forwarding. */
  judged(key: string, verdict: 'unknown' | 'yes' | 'no', now: number): void;
  used(now: number): void;
  isUsed(now: number, ms: number): boolean;
  setDraining(draining: boolean): void;
  forgive(ms: number): void;
  /** True: something is different from the last look. */
  check(now: number): boolean;
  report(now: number): Omit<Report, 'unreachable'>;
}

/** Gateways ask each other, and nodes the gateway they use, at the pace of `near`. */
const MIN_SILENCE_MS = 600;
/** How long a verdict counts; nodes repeat theirs with every probe. */
const MIN_VERDICT_MS = 2500;

export function createSelfReport(): SelfReport {
  let kin: ReadonlySet<string> = new Set();
  let silenceMs = MIN_SILENCE_MS;
  let verdictMs = MIN_VERDICT_MS;
  let heardAt: number | undefined;
  let usedAt = Number.NEGATIVE_INFINITY;
  let draining = false;
  const verdicts = new Map<string, { readonly forwards: boolean; readonly at: number }>();
  let last = 0;

  const report = (now: number): Omit<Report, 'unreachable'> => {
    for (const [key, { at }] of verdicts) if (now - at > verdictMs) verdicts.delete(key);
    const all = [...verdicts.values()];
    return {
      draining,
      // Who was never heard may not be there yet.
      lanLost: kin.size > 0 && heardAt !== undefined && now - heardAt > silenceMs,
      // One that gets through is proof enough.
      notForwarding: all.length > 0 && all.every(({ forwards }) => !forwards),
    };
  };
  return {
    setKin(keys, { intervalMs, misses }) {
      kin = new Set(keys);
      silenceMs = Math.max(MIN_SILENCE_MS, intervalMs * (misses + 1));
      verdictMs = Math.max(MIN_VERDICT_MS, intervalMs * 2.5);
      for (const key of verdicts.keys()) if (!kin.has(key)) verdicts.delete(key);
    },
    heard(key, now) {
      if (kin.has(key)) heardAt = now;
    },
    judged(key, verdict, now) {
      if (!kin.has(key)) return;
      if (verdict === 'unknown') verdicts.delete(key);
      else verdicts.set(key, { forwards: verdict === 'yes', at: now });
    },
    used(now) {
      usedAt = now;
    },
    isUsed: (now, ms) => now - usedAt <= ms,
    setDraining(next) {
      draining = next;
    },
    forgive(ms) {
      if (heardAt !== undefined) heardAt += ms;
    },
    check(now) {
      const { draining: leaves, lanLost, notForwarding } = report(now);
      const flags = Number(leaves) | (Number(lanLost) << 1) | (Number(notForwarding) << 2);
      const changed = flags !== last;
      last = flags;
      return changed;
    },
    report,
  };
}
