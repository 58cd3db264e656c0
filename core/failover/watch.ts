/**
 * The paths that a node watches, and what several of them together tell: of a gateway whether it forwards, of a segment whether
 * any tunnel of ours reaches it.
 */
import { hash32 } from '../net/hash.js';
import type { ProbePath, ProbeTarget } from '../mesh/plan.js';
import { pathOf } from './attention.js';
import type { SegmentWays } from './config.js';
import type { Report } from './message.js';
import { createPath, type Path, type PathTiming } from './path.js';
import type { FailoverSettings } from './settings.js';

export interface Watched {
  readonly config: ProbePath;
  readonly path: Path;
  /** Of several targets, whose turn it is. */
  turn: number;
  /** What the node at its end says of itself. */
  report: Report;
}

export interface Watch {
  /** Paths that stay keep what is known of them; one whose far end is another is a new one. */
  configure(paths: readonly ProbePath[], settings: FailoverSettings, now: number): void;
  get(name: string): Watched | undefined;
  all(): Iterable<Watched>;
  /** The tunnel by our `plane` to the gateway with that key. */
  tunnelTo(key: string, plane: number | undefined): Watched | undefined;
  /** Those whose answers tell what the node with that key says of itself. */
  pathsTo(key: string): readonly Path[];
  /** Undefined: nobody was asked yet whether `node` forwards. A failure is its fault only where another has been seen to work since it began. */
  forwards(node: string, now: number): boolean | undefined;
  /** See NodeWay. */
  lostAt(segment: string, ways: SegmentWays['ways']): number | undefined;
  /** Segments that none of our tunnels reaches. */
  unreached(): readonly string[];
  /** Of a path with several targets the next one that is worth asking. */
  nextTarget(one: Watched): ProbeTarget | undefined;
}

export const FINE: Report = { draining: false, lanLost: false, notForwarding: false, unreachable: [] };
const FIRST_MS = 200;
const UNDER_WAY_MS = 300;

export function createWatch(): Watch {
  let watched = new Map<string, Watched>();
  /** By plane and key of the far gateway. */
  let tunnels = new Map<string, Watched>();

  function keptOrNew(path: ProbePath, settings: FailoverSettings, now: number): Watched {
    const before = watched.get(path.name);
    const timing = timingOf(path, settings);
    if (before === undefined || !sameTargets(before.config, path)) {
      return { config: path, path: createPath({ ...timing, offsetMs: offsetOf(path, timing.pace.intervalMs) }, now), turn: hash32(path.name) % path.targets.length, report: FINE };
    }
    before.path.setTiming(timing, now);
    return { ...before, config: path };
  }

  return {
    configure(paths, settings, now) {
      watched = new Map(paths.map((path) => [path.name, keptOrNew(path, settings, now)]));
      tunnels = new Map([...watched.values()].filter(({ config: { kind } }) => kind === 'tunnel').map((one) => [`${one.config.slot} ${one.config.targets[0]?.publicKey}`, one]));
    },
    get: (name) => watched.get(name),
    all: () => watched.values(),
    tunnelTo: (key, plane) => (plane === undefined ? undefined : tunnels.get(`${plane} ${key}`)),
    pathsTo: (key) => [...watched.values()].filter(({ config: { kind, targets } }) => (kind === 'near' || kind === 'tunnel') && targets[0]?.publicKey === key).map(({ path }) => path),
    forwards(node, now) {
      const one = watched.get(`through/${node}`)?.path;
      if (one === undefined || one.state() === 'new') return undefined;
      if (one.state() === 'up') return true;
      const since = one.silentSince(now) ?? one.since();
      return [...watched.values()].some(({ config: { kind }, path }) => kind === 'through' && path.state() === 'up' && path.answeredAt() > since) ? false : undefined;
    },
    lostAt(segment, ways) {
      const own = ways.filter(({ kind }) => kind === 'plane');
      if (own.length === 0) return undefined;
      return Math.max(...own.map((way) => {
        const path = watched.get(pathOf(segment, way))?.path;
        // Of people there are no paths: that they have no tunnel with us is known for a while when it is known. One that never worked was not lost.
        if (path === undefined || path.answeredAt() === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
        return path.state() === 'down' ? path.since() : Number.POSITIVE_INFINITY;
      }));
    },
    unreached() {
      const works = new Map<string, boolean>();
      for (const { config: { kind, segment }, path } of watched.values()) {
        if (kind === 'tunnel' && segment !== undefined) works.set(segment, works.get(segment) === true || path.state() !== 'down');
      }
      return [...works].filter(([, each]) => !each).map(([segment]) => segment);
    },
    nextTarget(one) {
      const { targets, node, kind } = one.config;
      const without = node === undefined || kind !== 'through' ? [] : (watched.get(`near/${node}`)?.report.unreachable ?? []);
      if (without === 'all') return undefined;
      for (let step = 0; step < targets.length; step += 1) {
        const target = targets[(one.turn + step) % targets.length];
        if (target?.segment !== undefined && without.includes(hash32(target.segment))) continue;
        one.turn = (one.turn + step + 1) % targets.length;
        return target;
      }
      return undefined;
    },
  };
}

function timingOf({ kind }: ProbePath, settings: FailoverSettings): PathTiming {
  const pace = settings[kind];
  // What waits is asked no more often than what is in use.
  const calm = (ms: number): number => Math.max(pace.intervalMs, ms);
  return { pace, idleMs: calm(kind === 'around' ? settings.aroundIdleMs : settings.idleMs), ownMs: calm(settings.ownMs), burstMs: settings.burstMs };
}

/** Not all at once; and of the two ends of a tunnel one first, by longer than a packet is under way. */
function offsetOf({ name, kind, yields }: ProbePath, intervalMs: number): number {
  if (kind !== 'tunnel') return hash32(name) % intervalMs;
  return (hash32(name) % FIRST_MS) + (yields === true ? FIRST_MS + UNDER_WAY_MS : 0);
}

function sameTargets(a: ProbePath, b: ProbePath): boolean {
  return a.from === b.from && a.answerVia === b.answerVia && targetsText(a) === targetsText(b);
}

function targetsText({ targets }: ProbePath): string {
  return targets.map(({ publicKey, address }) => `${publicKey} ${address}`).join();
}
