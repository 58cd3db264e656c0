/**
 * Failover: which ways a node's groups of nexthops use, decided by probes and nobody else.
 *
 * Whoever drives it asks for the probes that are due, sends them, brings the answers, and carries out the switches. It has no
 * clock, no sockets and no randomness: the same calls give the same decisions, so that ten minutes of a lossy network are a
 * test of a second. How it judges is in path.ts (does a path work?) and choose.ts (which way, then?).
 */
import { hash32 } from '../net/hash.js';
import type { ProbePath, ProbeTarget } from '../mesh/plan.js';
import { awaitsWord, choose, type History, type Rank, remember, type Way, worthAsking } from './choose.js';
import type { Choices, FailoverConfig, SegmentWays } from './config.js';
import type { Report } from './message.js';
import { createPath, type Path, type PathFigures, type PathState, type PathTiming } from './path.js';
import { rankNode, rankPlane } from './rank.js';
import { createSelfReport, type SelfReport } from './selfReport.js';
import type { FailoverSettings } from './settings.js';

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
  /** People's segments that have no tunnel with us now (sessions.ts). */
  setSilent(segments: readonly string[]): void;
  /** This node will go, or should be spared. */
  setDraining(draining: boolean): void;
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

interface Watched {
  readonly config: ProbePath;
  readonly path: Path;
  /** Of several targets, whose turn it is. */
  turn: number;
  report: Report;
}

const FINE: Report = { draining: false, lanLost: false, notForwarding: false, unreachable: [] };
/** A silence of our own: longer than any timer is late on a machine that keeps up. */
const STALL_MS = 120;
const RECHECK_MS = 500;
/** By then a hurried path has answered, or is slow. */
const HURRY_MS = 150;

export function createFailover(): Failover {
  let config: FailoverConfig | undefined;
  let watched = new Map<string, Watched>();
  /** By plane and key of the far gateway. */
  let tunnels = new Map<string, Watched>();
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

  const isSilent = (name: string, now: number): boolean => watched.get(name)?.path.silentSince(now) !== undefined;
  const stateOf = (name: string): PathState | undefined => watched.get(name)?.path.state();

  /** Undefined: nobody was asked yet whether `node` forwards. A failure is its fault only where it was seen to work, or works by another. */
  function forwards(node: string): boolean | undefined {
    const state = stateOf(`through/${node}`);
    if (state === undefined || state === 'new') return undefined;
    if (state === 'up') return true;
    const others = [...watched.values()].filter((one) => one.config.kind === 'through' && one.config.node !== node);
    return others.some((one) => one.path.state() === 'up') ? false : undefined;
  }

  function rank(segment: string, way: SegmentWays['ways'][number], lostAt: number | undefined): Rank {
    const one = watched.get(pathOf(segment, way));
    const facts = one === undefined ? undefined : { state: one.path.state(), report: one.report, answeredAt: one.path.answeredAt() };
    if (way.kind === 'plane') return rankPlane(facts, silent.has(segment));
    return rankNode(facts, { segment, lostAt, forwards: forwards(one?.config.node ?? '') });
  }

  /** See NodeWay. */
  function lossOf(segment: string, ways: SegmentWays['ways']): number | undefined {
    const own = ways.filter(({ kind }) => kind === 'plane');
    if (own.length === 0) return undefined;
    const paths = own.map((way) => watched.get(pathOf(segment, way))?.path);
    return Math.max(...paths.map((path) => {
      // Of people there are no paths: that they have no tunnel with us is known for a while when it is known. One that never worked was not lost.
      if (path === undefined || path.answeredAt() === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
      return path.state() === 'down' ? path.since() : Number.POSITIVE_INFINITY;
    }));
  }

  function decide(now: number): Switch[] {
    if (config === undefined || (!dirty && now < recheckAt)) return [];
    dirty = false;
    recheckAt = now + RECHECK_MS;
    const switches: Switch[] = [];
    for (const [segment, { ways, spread }] of config.segments) {
      const lostAt = lossOf(segment, ways);
      const ranked = ways.map((way): Way => {
        const path = watched.get(pathOf(segment, way))?.path;
        return {
          name: way.name,
          rank: rank(segment, way, lostAt),
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
      for (const way of ways) if (asked.includes(way.name)) watched.get(pathOf(segment, way))?.path.hurry(now);
      if (asked.length > 0) recheckAt = now + HURRY_MS;
      if (awaitsWord(choice, chosen)) dirty = true;
      if (chosen.join() === current.join()) continue;
      choices.set(segment, chosen);
      if (current.length > 0) switches.push({ segment, from: current, to: chosen });
    }
    hurryThoseInUse(now);
    return switches;
  }

  /** Paths of the ways in use where there are others, and of those others where one in use is silent. */
  function pathsToWatch({ segments }: FailoverConfig, now: number): { readonly used: ReadonlySet<string>; readonly instead: ReadonlySet<string> } {
    const used = new Set<string>();
    const instead = new Set<string>();
    for (const [segment, { ways }] of segments) {
      if (ways.length < 2) continue;
      const chosen = choices.get(segment) ?? [];
      const names = ways.filter(({ name }) => chosen.includes(name)).map((way) => pathOf(segment, way));
      for (const name of names) used.add(name);
      if (!names.some((name) => isSilent(name, now))) continue;
      for (const way of ways) if (!chosen.includes(way.name)) instead.add(pathOf(segment, way));
    }
    return { used, instead };
  }

  /** Paths in use are asked often; so is whatever tells of a gateway's LAN and of its forwarding, and what may be used instead of one that is silent. */
  function hurryThoseInUse(now: number): void {
    if (config === undefined) return;
    const { used, instead } = pathsToWatch(config, now);
    for (const name of instead) if (!besideSilent.has(name)) watched.get(name)?.path.askNow(now);
    inUse = used;
    besideSilent = instead;
    for (const [name, { config: path, path: one }] of watched) {
      // While its tunnel works, nobody wants to know what answers around it.
      const isWanted = path.kind === 'around' && stateOf(`tunnel/${path.slot}/${path.segment}`) !== 'up';
      const busy = used.has(name) || instead.has(name) || isWanted || path.kind === 'through' || (path.kind === 'near' && config.isGateway);
      one.setEagerness(busy ? 'busy' : 'idle', now);
    }
  }

  /** Every answer says it: it is worked out anew only after something has changed. */
  function unreachable(): readonly number[] {
    unreached ??= findUnreachable();
    return unreached;
  }

  function findUnreachable(): readonly number[] {
    const bySegment = new Map<string, boolean>();
    for (const { config: path, path: one } of watched.values()) {
      if (path.kind !== 'tunnel' || path.segment === undefined) continue;
      bySegment.set(path.segment, bySegment.get(path.segment) === true || one.state() !== 'down');
    }
    return [...[...bySegment].filter(([, works]) => !works).map(([segment]) => segment), ...silent].map(hash32);
  }

  /** Of a path with several targets the next one that is worth asking. */
  function targetOf(one: Watched): ProbeTarget | undefined {
    const { targets, node } = one.config;
    const without = node === undefined || one.config.kind !== 'through' ? [] : (watched.get(`near/${node}`)?.report.unreachable ?? []);
    if (without === 'all') return undefined;
    for (let step = 0; step < targets.length; step += 1) {
      const target = targets[(one.turn + step) % targets.length];
      if (target?.segment !== undefined && without.includes(hash32(target.segment))) continue;
      one.turn = (one.turn + step + 1) % targets.length;
      return target;
    }
    return undefined;
  }

  function probeOf(one: Watched, now: number): Probe | undefined {
    nonce += 1;
    one.path.sent(nonce, now);
    const target = targetOf(one);
    if (target === undefined) {
      // A gateway that reaches nobody is not to blame for forwarding nothing.
      one.path.answered(nonce, now);
      return undefined;
    }
    const verdict = one.config.kind === 'near' ? forwards(one.config.node ?? '') : undefined;
    const assures = one.config.kind === 'tunnel' && one.path.isFresh(now);
    return { path: one.config, target, nonce, inUse: inUse.has(one.config.name), forwards: verdict === undefined ? 'unknown' : verdict ? 'yes' : 'no', assures };
  }

  function tunnelTo(key: string, plane: number | undefined): Watched | undefined {
    return plane === undefined ? undefined : tunnels.get(`${plane} ${key}`);
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
    if (one.path.state() === 'down' && one.config.kind === 'tunnel') watched.get(`around/${one.config.slot}/${one.config.segment}`)?.path.askNow(now);
    return { path: one.config, state: one.path.state(), afterMs: now - before };
  }

  return {
    configure(next, now) {
      config = next;
      const kept = watched;
      watched = new Map(next.paths.map((path): [string, Watched] => {
        const before = kept.get(path.name);
        const timing = timingOf(path, next.settings);
        if (before !== undefined && sameTargets(before.config, path)) {
          before.path.setTiming(timing, now);
          return [path.name, { ...before, config: path }];
        }
        return [path.name, { config: path, path: createPath({ ...timing, offsetMs: hash32(path.name) % timing.pace.intervalMs }, now), turn: hash32(path.name) % path.targets.length, report: FINE }];
      }));
      tunnels = new Map([...watched.values()].filter(({ config: { kind } }) => kind === 'tunnel').map((one) => [`${one.config.slot} ${one.config.targets[0]?.publicKey}`, one]));
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
        for (const { path } of watched.values()) path.forgive(late);
        self.forgive(late);
      }
      const changes = [...watched.values()].filter(({ path }) => path.next() <= now).map((one) => look(one, now)).filter((change) => change !== undefined);
      if (self.check(now)) dirty = true;
      const silentNow = [...inUse].filter((name) => isSilent(name, now)).join();
      if (silentNow !== silentPaths) dirty = true;
      silentPaths = silentNow;
      const switches = decide(now);
      const probes = [...watched.values()].filter(({ path }) => path.isDue(now)).map((one) => probeOf(one, now)).filter((probe) => probe !== undefined);
      plannedAt = config === undefined ? now + RECHECK_MS : recheckAt;
      for (const { path } of watched.values()) plannedAt = Math.min(plannedAt, path.next());
      return { probes, switches, changes };
    },
    answered(name, number, answer, now) {
      const one = watched.get(name);
      if (one === undefined || !one.path.answered(number, now)) return NOTHING;
      // What a far gateway says of itself is no news of the one in between.
      if (one.config.kind === 'near' || one.config.kind === 'tunnel') learn(one, answer.report);
      if (answer.inUse) self.used(now);
      if (one.config.kind === 'near') self.heard(one.config.targets[0]?.publicKey ?? '', now);
      const change = look(one, now);
      return { probes: [], switches: decide(now), changes: change === undefined ? [] : [change] };
    },
    asked({ key, inUse: used, forwards: verdict, plane, assures, relies }, now) {
      self.heard(key, now);
      self.judged(key, verdict, now);
      if (used) self.used(now);
      const tunnel = relies ? tunnelTo(key, plane) : undefined;
      if (tunnel === undefined) return;
      tunnel.path.assured(assures !== undefined, now);
      if (assures !== undefined && tunnel.path.state() === 'up') learn(tunnel, assures);
      if (dirty) plannedAt = Math.min(plannedAt, now);
    },
    uses(key, plane) {
      const tunnel = tunnelTo(key, plane);
      return tunnel !== undefined && inUse.has(tunnel.config.name);
    },
    doubted(key, now) {
      for (const { config: { kind, targets }, path } of watched.values()) if ((kind === 'near' || kind === 'tunnel') && targets[0]?.publicKey === key) path.hurry(now);
      plannedAt = Math.min(plannedAt, now);
    },
    setSilent(segments) {
      if (segments.length !== silent.size || segments.some((segment) => !silent.has(segment))) dirty = true;
      silent = new Set(segments);
      unreached = undefined;
    },
    setDraining: (draining) => self.setDraining(draining),
    next: () => plannedAt,
    report: (now) => ({ ...self.report(now), unreachable: unreachable() }),
    isUsed: (now, ms) => self.isUsed(now, ms),
    choices: () => choices,
    status: (now) => [...watched.values()].map(({ config: path, path: one }) => ({ path, state: one.state(), inUse: inUse.has(path.name), forMs: now - one.since(), ...one.figures() })),
  };
}

/** The path whose state says whether `way` works. */
function pathOf(segment: string, way: SegmentWays['ways'][number]): string {
  return way.kind === 'plane' ? `tunnel/${way.slot}/${segment}` : `near/${way.name.slice('node/'.length)}`;
}

function timingOf({ kind }: ProbePath, settings: FailoverSettings): PathTiming {
  const pace = settings[kind];
  // What waits is asked no more often than what is in use.
  return { pace, idleMs: Math.max(pace.intervalMs, kind === 'around' ? settings.aroundIdleMs : settings.idleMs), burstMs: settings.burstMs };
}

const NOTHING: Effects = { probes: [], switches: [], changes: [] };

function sameTargets(a: ProbePath, b: ProbePath): boolean {
  return a.from === b.from && a.answerVia === b.answerVia && targetsText(a) === targetsText(b);
}

function targetsText({ targets }: ProbePath): string {
  return targets.map(({ publicKey, address }) => `${publicKey} ${address}`).join();
}

function sameReport(a: Report, b: Report): boolean {
  return a.draining === b.draining && a.lanLost === b.lanLost && a.notForwarding === b.notForwarding && a.unreachable.toString() === b.unreachable.toString();
}
