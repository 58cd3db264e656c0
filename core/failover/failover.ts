/**
 * Failover: which paths the nexthop groups of a node use, decided by probes and nobody else.
 *
 * Whoever drives it sends the probes that are due, brings the answers, and carries out the switches. It has no clock, no sockets and no
 * randomness: the same calls give the same decisions, so a test of a second simulates ten minutes of a lossy network. Judgement is in
 * probedPath.ts (does a path work?), verdicts.ts (what do several tell together?), rank.ts (how good is each?) and choose.ts (which one,
 * then?).
 */
import type { PathName } from '../mesh/probing.js';
import { checkPath } from './checkPath.js';
import type { Choices } from './choices.js';
import type { FailoverConfig } from './config.js';
import type { Effects, IncomingProbe, PathChange, PathStatus, Probe, Switch } from './effects.js';
import { nextProbe } from './nextProbe.js';
import { createPathTable, isReporter, type PathTable, type TrackedPath } from './pathTable.js';
import { createProbeRates } from './probeRates.js';
import { rankPaths } from './rank.js';
import { createReachability } from './reachability.js';
import { type Report, sameReport } from './report.js';
import { createSchedule } from './schedule.js';
import { createSegmentChoices } from './segmentChoices.js';
import { createSelfReport } from './selfReport.js';

export interface Failover {
  /** What to probe from now on. Paths and choices that stay keep what is known of them. */
  configure(config: FailoverConfig, now: number): void;
  /** What the host uses before anything is known: for segments without a choice yet. */
  adopt(choices: Choices): void;
  /** Probes that are due, and what has changed by silence. */
  tick(now: number): Effects;
  /** The target of probe `nonce` on `path` answered. `inUse`: and its traffic takes the path by which it did. */
  onAnswer(path: PathName, nonce: number, answer: { readonly report: Report; readonly inUse: boolean }, now: number): Effects;
  onProbe(probe: IncomingProbe, now: number): void;
  /** Somebody does not reach the node with that key. */
  onSuspect(key: string, now: number): void;
  /** The report of the node with that key has changed. */
  onSelfUpdate(key: string, now: number): void;
  /** Whether our own traffic to the gateway with that key takes that plane. */
  uses(key: string, plane: number): boolean;
  /** Segments of external peers that have no tunnel with us now. */
  setUnreachable(segments: readonly string[]): void;
  /** This node will go, or should be spared. */
  setDraining(draining: boolean, now: number): void;
  /** When `tick` has something to do next. */
  next(): number;
  /** What to report of ourselves. */
  report(now: number): Report;
  /** Whether others sent their traffic through us within the last `ms`. */
  isUsed(now: number, ms: number): boolean;
  choices(): Choices;
  status(now: number): readonly PathStatus[];
}

/** Those who send their traffic through us say so several times in that. */
const TRANSIT_MS = 3000;
/** By then a path that was probed in a burst has answered, or is slow. */
const BURST_ANSWER_MS = 150;

export function createFailover(): Failover {
  const schedule = createSchedule();
  const table = createPathTable(() => schedule.lateMs());
  const rates = createProbeRates(table);
  const choices = createSegmentChoices();
  const reachability = createReachability(table);
  const rankInput = { table, isUnreachable: (segment: string) => reachability.isUnreachable(segment) };
  const self = createSelfReport();
  let config: FailoverConfig | undefined;
  let nonce = 0;

  function choose(now: number): readonly Switch[] {
    if (config === undefined || !schedule.takeChoosing(now)) return [];
    const update = choices.update(config, (segment, paths) => rankPaths(rankInput, segment, paths, now), now);
    for (const name of update.worthProbing) table.get(name)?.probed.burst(now);
    if (update.worthProbing.length > 0) schedule.chooseBy(now + BURST_ANSWER_MS);
    // The far end vouches for a path from time to time only, and here every moment counts.
    for (const name of update.owing) table.get(name)?.probed.ask(now);
    if (update.owing.length > 0) schedule.invalidateChoices();
    rates.update(config, choices.current(), self.isUsed(now, TRANSIT_MS), now);
    return update.switches;
  }

  function check(tracked: TrackedPath, now: number): PathChange | undefined {
    const change = checkPath(table, tracked, now);
    if (change === undefined) return undefined;
    schedule.invalidateChoices();
    reachability.invalidate();
    return change;
  }

  function learn(tracked: TrackedPath, report: Report): void {
    if (sameReport(tracked.report, report)) return;
    tracked.report = report;
    schedule.invalidateChoices();
  }

  function markUsed(now: number): void {
    if (!self.isUsed(now, TRANSIT_MS)) schedule.invalidateChoices();
    self.onUsed(now);
  }

  /** Before anything is made of what comes or is missing: what nobody could see while this process was not running is no silence. */
  function wake(now: number): void {
    const ms = schedule.wake(now);
    if (ms === 0) return;
    for (const { probed } of table.all()) probed.extendDeadlines(ms);
    self.extendDeadlines(ms);
  }

  return {
    configure(next, now) {
      config = next;
      table.configure(next.paths, next.settings, now);
      choices.configure(next.segments);
      // Only another gateway probes us all the time; without one, no other could do better either.
      const hasSibling = next.isGateway && next.paths.some(({ kind }) => kind === 'lan');
      self.setSegmentPeers(hasSibling ? next.segmentPeers.map(({ publicKey }) => publicKey) : [], next.settings.lan);
      schedule.invalidateChoices();
      reachability.invalidate();
      choose(now);
      schedule.wakeAt(now);
    },
    adopt(found) {
      choices.adopt(found);
      schedule.invalidateChoices();
    },
    tick(now) {
      wake(now);
      const changes: PathChange[] = [];
      for (const tracked of table.all()) {
        const change = tracked.probed.next() <= now ? check(tracked, now) : undefined;
        if (change !== undefined) changes.push(change);
      }
      const selfUpdate = self.check(now);
      const silenceChanged = rates.hasSilenceChanged(now);
      if (selfUpdate || silenceChanged) schedule.invalidateChoices();
      const switches = choose(now);
      const probes: Probe[] = [];
      schedule.wakeAt(schedule.nextChoosing(now));
      for (const tracked of table.all()) {
        const isDue = tracked.probed.isDue(now);
        if (isDue) nonce += 1;
        const probe = isDue ? nextProbe(table, tracked, { inUse: rates.isInUse(tracked.path.name), nonce }, now) : undefined;
        if (probe !== undefined) probes.push(probe);
        schedule.wakeBy(tracked.probed.next());
      }
      return { probes, switches, changes, selfUpdate };
    },
    onAnswer(name, number, { report, inUse }, now) {
      wake(now);
      const tracked = table.get(name);
      if (tracked === undefined || !tracked.probed.answered(number, now)) return NOTHING;
      const { path } = tracked;
      tracked.asked.clear();
      // The far end of a relay path reports of itself, not of the gateway in between.
      if (isReporter(path)) learn(tracked, report);
      if (inUse) markUsed(now);
      if (path.kind === 'lan') self.onAlive(path.targets[0]?.publicKey ?? '', now);
      // One that gets through may be what another is blamed by.
      if (path.kind === 'relay' && isAnyRelayDown(table)) schedule.invalidateChoices();
      const change = check(tracked, now);
      return { probes: [], switches: choose(now), changes: change === undefined ? [] : [change], selfUpdate: false };
    },
    onProbe({ key, inUse, forwards, plane, vouches, relies }, now) {
      wake(now);
      self.onAlive(key, now);
      self.onVerdict(key, forwards, now);
      if (inUse) markUsed(now);
      const tunnel = relies ? table.tunnelTo(key, plane) : undefined;
      if (tunnel === undefined) return;
      const { probed } = tunnel;
      probed.onVouch(vouches !== undefined, now);
      if (probed.state() === 'new') {
        probed.probeBy(now);
        schedule.wakeBy(now);
      }
      if (vouches !== undefined && probed.state() === 'up') learn(tunnel, vouches);
      if (schedule.areChoicesInvalid()) schedule.wakeBy(now);
    },
    onSuspect(key, now) {
      for (const { probed } of table.reportersOf(key)) probed.burst(now);
      schedule.wakeBy(now);
    },
    onSelfUpdate(key, now) {
      for (const { probed } of table.reportersOf(key)) probed.probeBy(now);
      schedule.wakeBy(now);
    },
    uses(key, plane) {
      const tunnel = table.tunnelTo(key, plane);
      return tunnel !== undefined && rates.isInUse(tunnel.path.name);
    },
    setUnreachable(segments) {
      if (reachability.setUnreachable(segments)) schedule.invalidateChoices();
    },
    setDraining(draining, now) {
      self.setDraining(draining);
      schedule.wakeBy(now);
    },
    next: () => schedule.next(),
    report: (now) => ({ ...self.report(now), unreachable: reachability.unreachable() }),
    isUsed: (now, ms) => self.isUsed(now, ms),
    choices: () => choices.current(),
    status: (now) =>
      [...table.all()].map(({ path, probed, report }) => ({
        path,
        state: probed.state(),
        inUse: rates.isInUse(path.name),
        forMs: now - probed.since(),
        ...probed.figures(),
        ...(report.notForwarding ? { notForwarding: true } : {}),
      })),
  };
}

const NOTHING: Effects = { probes: [], switches: [], changes: [], selfUpdate: false };

function isAnyRelayDown(table: PathTable): boolean {
  for (const { path, probed } of table.all()) if (path.kind === 'relay' && probed.state() === 'down') return true;
  return false;
}
