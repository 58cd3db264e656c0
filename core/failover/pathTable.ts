/**
 * The paths that a node probes, with what is known of each.
 */
import { groupByName } from '../mesh/groupByName.js';
import { hash32 } from '../net/hash.js';
import type { PathName, ProbePath } from '../mesh/probing.js';
import type { Verdict } from './effects.js';
import { createProbedPath, type PathOptions, type PathTiming, type ProbedPath } from './probedPath.js';
import { HEALTHY, type Report } from './report.js';
import type { FailoverSettings } from './settings.js';

export interface TrackedPath {
  readonly path: ProbePath;
  readonly probed: ProbedPath;
  /** Which of several targets is next. */
  turn: number;
  /** What the node at its end reports of itself. */
  report: Report;
  /** WireGuard keys of the targets that were asked since the last answer. */
  readonly asked: Set<string>;
  /** What the last probe told the gateway at its end: whether it forwards. */
  told: Verdict;
}

export interface PathTable {
  /** Paths that stay keep what is known of them; one that leads elsewhere now is a new one. */
  configure(paths: readonly ProbePath[], settings: FailoverSettings, now: number): void;
  get(name: PathName): TrackedPath | undefined;
  all(): Iterable<TrackedPath>;
  /** The tunnel by our `plane` to the gateway with that WireGuard key (base64). */
  tunnelTo(key: string, plane: number | undefined): TrackedPath | undefined;
  /** Our tunnels to the gateway with that WireGuard key, by whatever plane. */
  tunnelsTo(key: string): readonly TrackedPath[];
  /** The paths whose answers carry the report of the node with that WireGuard key. */
  reportersOf(key: string): readonly TrackedPath[];
}

/** First probes are spread over this, milliseconds. */
const FIRST_MS = 200;
/** Longer than a packet travels. */
const UNDER_WAY_MS = 300;

/** `lateMs`: see PathOptions. */
export function createPathTable(lateMs: PathOptions['lateMs']): PathTable {
  let tracked: ReadonlyMap<PathName, TrackedPath> = new Map();
  /** By key of the far gateway. */
  let tunnels: ReadonlyMap<string, readonly TrackedPath[]> = new Map();

  function keptOrNew(path: ProbePath, settings: FailoverSettings, now: number): TrackedPath {
    const before = tracked.get(path.name);
    const timing = timingOf(path, settings);
    if (before === undefined || !leadsToSame(before.path, path)) {
      return {
        path,
        probed: createProbedPath({ ...timing, offsetMs: offsetOf(path, timing.pace.periodMs), lateMs }, now),
        turn: hash32(path.name) % path.targets.length,
        report: HEALTHY,
        asked: new Set(),
        told: 'unknown',
      };
    }
    before.probed.setTiming(timing, now);
    return { ...before, path };
  }

  return {
    configure(paths, settings, now) {
      tracked = new Map(paths.map((path) => [path.name, keptOrNew(path, settings, now)]));
      const tunnelPaths = [...tracked.values()].filter(({ path }) => path.kind === 'tunnel');
      tunnels = new Map(groupByName(tunnelPaths, keyOf));
    },
    get: (name) => tracked.get(name),
    all: () => tracked.values(),
    tunnelTo: (key, plane) => tunnels.get(key)?.find(({ path }) => path.slot === plane),
    tunnelsTo: (key) => tunnels.get(key) ?? [],
    reportersOf: (key) => [...tracked.values()].filter((each) => isReporter(each.path) && keyOf(each) === key),
  };
}

/** Whether an answer on `path` carries the report of the node that the path is there for. */
export function isReporter({ kind }: Pick<ProbePath, 'kind'>): boolean {
  return kind === 'lan' || kind === 'tunnel';
}

/** Of the node at its end. */
function keyOf({ path: { targets } }: TrackedPath): string {
  return targets[0]?.publicKey ?? '';
}

function timingOf({ kind }: ProbePath, settings: FailoverSettings): PathTiming {
  const pace = settings[kind];
  // A path on standby is probed no more often than one in use.
  const calm = (ms: number): number => Math.max(pace.periodMs, ms);
  return {
    pace,
    idleMs: calm(kind === 'alternate' ? settings.alternateIdleMs : settings.idleMs),
    ownMs: calm(settings.ownMs),
    burstMs: settings.burstMs,
  };
}

/** Not all at once; and of the two ends of a tunnel one begins, by longer than a packet travels. */
function offsetOf({ name, kind, yields }: ProbePath, periodMs: number): number {
  if (kind !== 'tunnel') return hash32(name) % periodMs;
  return (hash32(name) % FIRST_MS) + (yields === true ? FIRST_MS + UNDER_WAY_MS : 0);
}

function leadsToSame(a: ProbePath, b: ProbePath): boolean {
  return (
    a.from === b.from &&
    a.answerVia === b.answerVia &&
    a.targets.length === b.targets.length &&
    a.targets.every((target, index) => target.publicKey === b.targets[index]?.publicKey && target.address === b.targets[index].address)
  );
}
