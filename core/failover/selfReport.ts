/**
 * What a gateway knows of itself only through others: whether its LAN still reaches it, whether it forwards, whether it is used.
 */
import type { Verdict } from './effects.js';
import type { Report } from './report.js';
import type { Pace } from './settings.js';

export interface SelfReport {
  /** WireGuard keys of the other nodes of the segment, and how often these probe; empty: none is expected to. */
  setSegmentPeers(keys: readonly string[], pace: Pace): void;
  /** Something authentic came from the node with that key. */
  onAlive(key: string, now: number): void;
  /** Whether it finds that we forward. */
  onVerdict(key: string, verdict: Verdict, now: number): void;
  /** Somebody sends traffic through us. */
  onUsed(now: number): void;
  isUsed(now: number, ms: number): boolean;
  setDraining(draining: boolean): void;
  /** This process was not running for `ms`. */
  extendDeadlines(ms: number): void;
  /** True: the report has changed since the last check. */
  check(now: number): boolean;
  report(now: number): Omit<Report, 'unreachable'>;
}

/** Gateways probe each other, and nodes the gateway that they use, at the pace of `lan`. */
const MIN_SILENCE_MS = 600;
/** How long a verdict counts; nodes repeat theirs with every probe. */
const MIN_VERDICT_MS = 2500;

export function createSelfReport(): SelfReport {
  let segmentPeers: ReadonlySet<string> = new Set();
  let silenceMs = MIN_SILENCE_MS;
  let verdictMs = MIN_VERDICT_MS;
  let aliveAt: number | undefined;
  let usedAt = Number.NEGATIVE_INFINITY;
  let draining = false;
  const verdicts = new Map<string, { readonly forwards: boolean; readonly at: number }>();
  let last = 0;

  const report = (now: number): Omit<Report, 'unreachable'> => {
    for (const [key, { at }] of verdicts) if (now - at > verdictMs) verdicts.delete(key);
    const all = [...verdicts.values()];
    return {
      draining,
      // Nodes from which nothing ever came may not be there yet.
      lanLost: segmentPeers.size > 0 && aliveAt !== undefined && now - aliveAt > silenceMs,
      // One that gets through is proof enough.
      notForwarding: all.length > 0 && all.every(({ forwards }) => !forwards),
    };
  };
  return {
    setSegmentPeers(keys, { periodMs, failureThreshold }) {
      segmentPeers = new Set(keys);
      silenceMs = Math.max(MIN_SILENCE_MS, periodMs * (failureThreshold + 1));
      verdictMs = Math.max(MIN_VERDICT_MS, periodMs * 2.5);
      for (const key of verdicts.keys()) if (!segmentPeers.has(key)) verdicts.delete(key);
    },
    onAlive(key, now) {
      if (segmentPeers.has(key)) aliveAt = now;
    },
    onVerdict(key, verdict, now) {
      if (!segmentPeers.has(key)) return;
      if (verdict === 'unknown') verdicts.delete(key);
      else verdicts.set(key, { forwards: verdict === 'yes', at: now });
    },
    onUsed(now) {
      usedAt = now;
    },
    isUsed: (now, ms) => now - usedAt <= ms,
    setDraining(next) {
      draining = next;
    },
    extendDeadlines(ms) {
      if (aliveAt !== undefined) aliveAt += ms;
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
