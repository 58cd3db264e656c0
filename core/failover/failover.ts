/**
 * Failover: which ways a node's groups of nexthops use, decided by probes and nobody else.
 *
 * Whoever drives it asks for the probes that are due, sends them, brings the answers, and carries out the switches. It has no
 * clock, no sockets and no randomness: the same calls give the same decisions, so that ten minutes of a lossy network are a
 * test of a second. How it judges is in path.ts (does a path work?), watch.ts (what do several tell?) and choose.ts (which way, then?).
 */
import { hash32 } from '../net/hash.js';
import type { ProbePath, ProbeTarget } from '../mesh/plan.js';
import { attentionOf, eagernessOf, pathOf } from './attention.js';
import { awaitsWord, choose, type History, type Rank, remember, type Way, worthAsking } from './choose.js';
import type { Choices, FailoverConfig, SegmentWays } from './config.js';
import type { Report } from './message.js';
import type { PathFigures, PathState } from './path.js';
import { rankNode, rankPlane } from './rank.js';
import { createSelfReport, type SelfReport } from './selfReport.js';
import { createWatch, FINE, type Watched } from './watch.js';

export interface Failover {
  /** What to watch from now on. Paths and choices that stay keep what is known of them. */
  configure(config: FailoverConfig, now: number): void;
  /** Where the host stands before anything is known: for segments without a choice yet. */
  adopt(choices: Choices): void;
  /** Probes that are due, and what has changed by silence. */
  tick(now: number): Effects;
  /** `report`: of the target that was asked. `inUse`: and its traffic takes the way by which it answered. */
  answered(path: string, nonce: number, answer: { readonly report: Report; readonly inUse: boolean }, now: number): Effects;
  /** A request came from a node with that key. */
  asked(request: Asked, now: number): void;
  /** Whether our own traffic to the gateway with that key takes that plane. */
  uses(key: string, plane: number): boolean;
  /** Somebody does not reach the node with that key. */
  doubted(key: string, now: number): void;
  /** The node with that key has something to say of itself. */
  tells(key: string, now: number): void;
  /** People's segments that have no tunnel with us now (sessions.ts). */
  setSilent(segments: readonly string[]): void;
  /** This node will go, or should be spared. */
  setDraining(draining: boolean, now: number): void;
  /** When `tick` has something to do next. */
  next(): number;
  /** What to say of ourselves. */
  report(now: number): Report;
  /** Whether somebody's traffic took us as its way within `ms`. */
  isUsed(now: number, ms: number): boolean;
  choices(): Choices;
  status(now: number): readonly PathStatus[];
}

export interface Effects {
  readonly probes: readonly Probe[];
  readonly switches: readonly Switch[];
  readonly changes: readonly PathChange[];
  /** What we say of ourselves is another thing now: whoever asks us should do so soon. */
  readonly isNews: boolean;
}

export interface Asked {
  readonly key: string;
  readonly inUse: boolean;
  readonly forwards: 'unknown' | 'yes' | 'no';
  /** Of ours, the plane by which it came; undefined: by none. */
  readonly plane: number | undefined;
  /** See ProbeRequest. */
  readonly assures: Report | undefined;
  /** Of two that could tell each other, it is this node that relies on the other's word. */
  readonly relies: boolean;
}

export interface Probe {
  readonly path: ProbePath;
  readonly target: ProbeTarget;
  readonly nonce: number;
  readonly inUse: boolean;
  readonly forwards: 'unknown' | 'yes' | 'no';
  /** The far end may rely on what we find of this way. */
  readonly assures: boolean;
}

export interface Switch {
  readonly segment: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export interface PathChange {
  readonly path: ProbePath;
  readonly state: PathState;
  /** How long it was in the state before, milliseconds. */
  readonly afterMs: number;
}

export interface PathStatus extends PathFigures {
  readonly path: ProbePath;
  readonly state: PathState;
  readonly inUse: boolean;
  /** Milliseconds. */
  readonly forMs: number;
}

/** A silence of our own: longer than any timer is late on a machine that keeps up. */
const STALL_MS = 120;
const RECHECK_MS = 500;
/** Those whose traffic takes us say so several times in that. */
const TRANSIT_MS = 3000;
/** By then a hurried path has answered, or is slow. */
const HURRY_MS = 150;

export function createFailover(): Failover {
  let config: FailoverConfig | undefined;
  const watch = createWatch();
  let choices = new Map<string, readonly string[]>();
  const histories = new Map<string, History>();
  const self: SelfReport = createSelfReport();
  let silent: ReadonlySet<string> = new Set();
  let inUse: ReadonlySet<string> = new Set();
  /** Paths of ways beside one in use that is silent. */
  let besideSilent: ReadonlySet<string> = new Set();
  /** Of those in use, the paths that were silent at the last tick. */
  let silentPaths = '';
  let nonce = 0;
  let tickedAt: number | undefined;
  let plannedAt = 0;
  let recheckAt = Number.NEGATIVE_INFINITY;
  let dirty = true;
  let unreached: readonly number[] | undefined;

  const isSilent = (name: string, now: number): boolean => watch.get(name)?.path.silentSince(now) !== undefined;
  const stateOf = (name: string): PathState | undefined => watch.get(name)?.path.state();

  function rank(segment: string, way: SegmentWays['ways'][number], lostAt: number | undefined, now: number): Rank {
    const one = watch.get(pathOf(segment, way));
    const facts = one === undefined ? undefined : { state: one.path.state(), report: one.report, answeredAt: one.path.answeredAt() };
    if (way.kind === 'plane') return rankPlane(facts, silent.has(segment));
    return rankNode(facts, { segment, lostAt, forwards: watch.forwards(one?.config.node ?? '', now) });
  }

  function decide(now: number): Switch[] {
    if (config === undefined || (!dirty && now < recheckAt)) return [];
    dirty = false;
    recheckAt = now + RECHECK_MS;
    const switches: Switch[] = [];
    for (const [segment, { ways, spread }] of config.segments) {
      const lostAt = watch.lostAt(segment, ways);
      const ranked = ways.map((way): Way => {
        const path = watch.get(pathOf(segment, way))?.path;
        return {
          name: way.name,
          rank: rank(segment, way, lostAt, now),
          ...(path === undefined ? {} : { fresh: path.isFresh(now), answeredAt: path.answeredAt(), silentSince: path.silentSince(now), backSince: path.backSince() }),
          ...(lostAt !== undefined && way.kind === 'node' ? { viaSibling: true } : {}),
        };
      });
      const history = remember(histories.get(segment) ?? new Map(), ranked, now, config.settings);
      histories.set(segment, history);
      const current = choices.get(segment) ?? [];
      const choice = { ways: ranked, current, history, spread, settings: config.settings, now };
      const chosen = choose(choice);
      const asked = worthAsking(choice, chosen).map(({ name }) => name);
      for (const way of ways) if (asked.includes(way.name)) watch.get(pathOf(segment, way))?.path.hurry(now);
      if (asked.length > 0) recheckAt = now + HURRY_MS;
      if (awaitsWord(choice, chosen)) dirty = true;
      if (chosen.join() === current.join()) continue;
      choices.set(segment, chosen);
      if (current.length > 0) switches.push({ segment, from: current, to: chosen });
    }
    hurryThoseInUse(now);
    return switches;
  }

  function hurryThoseInUse(now: number): void {
    if (config === undefined) return;
    const { used, instead } = attentionOf(config.segments, choices, (name) => isSilent(name, now));
    for (const name of instead) if (!besideSilent.has(name)) watch.get(name)?.path.askNow(now);
    inUse = used;
    besideSilent = instead;
    const occasion = { used, instead, isGateway: config.isGateway, isTransit: self.isUsed(now, TRANSIT_MS), stateOf };
    for (const { config: path, path: one } of watch.all()) one.setEagerness(eagernessOf(path, occasion), now);
  }

  /** Every answer says it: it is worked out anew only after something has changed. */
  function unreachable(): readonly number[] {
    unreached ??= [...watch.unreached(), ...silent].map(hash32);
    return unreached;
  }

  function probeOf(one: Watched, now: number): Probe | undefined {
    nonce += 1;
    one.path.sent(nonce, now);
    const target = watch.nextTarget(one);
    if (target === undefined) {
      // A gateway that reaches nobody is not to blame for forwarding nothing.
      one.path.answered(nonce, now);
      return undefined;
    }
    const verdict = one.config.kind === 'near' ? watch.forwards(one.config.node ?? '', now) : undefined;
    const assures = one.config.kind === 'tunnel' && one.path.isFresh(now);
    return { path: one.config, target, nonce, inUse: inUse.has(one.config.name), forwards: verdict === undefined ? 'unknown' : verdict ? 'yes' : 'no', assures };
  }

  function usedBy(now: number): void {
    if (!self.isUsed(now, TRANSIT_MS)) dirty = true;
    self.used(now);
  }

  function learn(one: Watched, report: Report): void {
    if (sameReport(one.report, report)) return;
    one.report = report;
    dirty = true;
  }

  function look(one: Watched, now: number): PathChange | undefined {
    const before = one.path.since();
    if (!one.path.check(now)) return undefined;
    dirty = true;
    unreached = undefined;
    if (one.path.state() === 'down') one.report = FINE;
    // Its own tunnel fails: does the far gateway live? (stall.ts)
    if (one.path.state() === 'down' && one.config.kind === 'tunnel') watch.get(`around/${one.config.slot}/${one.config.segment}`)?.path.askNow(now);
    // Whether it forwards is told with the next question to it.
    if (one.config.kind === 'through') watch.get(`near/${one.config.node}`)?.path.askNow(now);
    return { path: one.config, state: one.path.state(), afterMs: now - before };
  }

  return {
    configure(next, now) {
      config = next;
      watch.configure(next.paths, next.settings, now);
      for (const segment of [...choices.keys()]) {
        const ways = next.segments.get(segment)?.ways.map(({ name }) => name) ?? [];
        const left = (choices.get(segment) ?? []).filter((name) => ways.includes(name));
        if (left.length > 0) choices.set(segment, left);
        else choices.delete(segment);
        if (ways.length === 0) histories.delete(segment);
      }
      // Only another gateway asks us all the time; without one, there is none that could do better either.
      const hasSibling = next.isGateway && next.paths.some(({ kind }) => kind === 'near');
      self.setKin(hasSibling ? next.kin.map(({ publicKey }) => publicKey) : [], next.settings.near);
      dirty = true;
      unreached = undefined;
      decide(now);
      plannedAt = now;
    },
    adopt(found) {
      for (const [segment, names] of found) if (!choices.has(segment)) choices.set(segment, names);
      dirty = true;
    },
    tick(now) {
      const late = tickedAt === undefined ? 0 : now - Math.max(tickedAt, Math.min(plannedAt, now));
      tickedAt = now;
      if (late > STALL_MS) {
        for (const { path } of watch.all()) path.forgive(late);
        self.forgive(late);
      }
      const changes: PathChange[] = [];
      for (const one of watch.all()) {
        const change = one.path.next() <= now ? look(one, now) : undefined;
        if (change !== undefined) changes.push(change);
      }
      const isNews = self.check(now);
      if (isNews) dirty = true;
      const silentNow = [...inUse].filter((name) => isSilent(name, now)).join();
      if (silentNow !== silentPaths) dirty = true;
      silentPaths = silentNow;
      const switches = decide(now);
      const probes: Probe[] = [];
      plannedAt = config === undefined ? now + RECHECK_MS : recheckAt;
      for (const one of watch.all()) {
        const probe = one.path.isDue(now) ? probeOf(one, now) : undefined;
        if (probe !== undefined) probes.push(probe);
        plannedAt = Math.min(plannedAt, one.path.next());
      }
      return { probes, switches, changes, isNews };
    },
    answered(name, number, answer, now) {
      const one = watch.get(name);
      if (one === undefined || !one.path.answered(number, now)) return NOTHING;
      // What a far gateway says of itself is no news of the one in between.
      if (one.config.kind === 'near' || one.config.kind === 'tunnel') learn(one, answer.report);
      if (answer.inUse) usedBy(now);
      if (one.config.kind === 'near') self.heard(one.config.targets[0]?.publicKey ?? '', now);
      // One that gets through may be what another is blamed by.
      if (one.config.kind === 'through' && [...watch.all()].some(({ config: { kind }, path }) => kind === 'through' && path.state() === 'down')) dirty = true;
      const change = look(one, now);
      return { probes: [], switches: decide(now), changes: change === undefined ? [] : [change], isNews: false };
    },
    asked({ key, inUse: used, forwards: verdict, plane, assures, relies }, now) {
      self.heard(key, now);
      self.judged(key, verdict, now);
      if (used) usedBy(now);
      const tunnel = relies ? watch.tunnelTo(key, plane) : undefined;
      if (tunnel === undefined) return;
      tunnel.path.assured(assures !== undefined, now);
      if (tunnel.path.state() === 'new') {
        tunnel.path.askNow(now);
        plannedAt = Math.min(plannedAt, now);
      }
      if (assures !== undefined && tunnel.path.state() === 'up') learn(tunnel, assures);
      if (dirty) plannedAt = Math.min(plannedAt, now);
    },
    uses(key, plane) {
      const tunnel = watch.tunnelTo(key, plane);
      return tunnel !== undefined && inUse.has(tunnel.config.name);
    },
    doubted(key, now) {
      for (const path of watch.pathsTo(key)) path.hurry(now);
      plannedAt = Math.min(plannedAt, now);
    },
    tells(key, now) {
      for (const path of watch.pathsTo(key)) path.askNow(now);
      plannedAt = Math.min(plannedAt, now);
    },
    setSilent(segments) {
      if (segments.length !== silent.size || segments.some((segment) => !silent.has(segment))) dirty = true;
      silent = new Set(segments);
      unreached = undefined;
    },
    setDraining(draining, now) {
      self.setDraining(draining);
      plannedAt = Math.min(plannedAt, now);
    },
    next: () => plannedAt,
    report: (now) => ({ ...self.report(now), unreachable: unreachable() }),
    isUsed: (now, ms) => self.isUsed(now, ms),
    choices: () => choices,
    status: (now) => [...watch.all()].map(({ config: path, path: one }) => ({ path, state: one.state(), inUse: inUse.has(path.name), forMs: now - one.since(), ...one.figures() })),
  };
}

const NOTHING: Effects = { probes: [], switches: [], changes: [], isNews: false };

function sameReport(a: Report, b: Report): boolean {
  return a.draining === b.draining && a.lanLost === b.lanLost && a.notForwarding === b.notForwarding && a.unreachable.toString() === b.unreachable.toString();
}
