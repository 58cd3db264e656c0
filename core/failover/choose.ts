/**
 * Which paths a nexthop group uses, out of how good each is.
 *
 * Leaving is quick, returning slow: a path is left as soon as it is bad and another is better. A preferred path is taken again only after
 * it has been good for a while, twice as long with each recent failure. A path that half works (its gateway drains, lost its LAN, or hands
 * nothing on) is left after a tenth of that, even for one that failed of late; if it serves nobody but itself, after two seconds at most.
 *
 * When none is better, nothing changes: if everything fails at once, the fault is ours, and the old path is as good as any (isolation
 * guard). Paths that fail together are not found dead at the same moment, nor found alive at the same moment when they are back. So a dead
 * path is left only for one that has answered since it fell silent, and that did not come back just now, as the dead one may, too.
 */
import type { FailoverSettings } from './settings.js';

/**
 * Best first. degraded: its gateway says itself that it should not be used. isolated: its gateway hears nobody of its location; so does one
 * whose only neighbour has died. detour: works, but goes through another gateway of our own segment. blocked: its gateway answers, and was
 * found to hand nothing on.
 */
export const RANK = { up: 0, unknown: 1, degraded: 2, isolated: 3, detour: 4, blocked: 5, down: 6 } as const;

export type Rank = (typeof RANK)[keyof typeof RANK];

export interface RankedPath {
  readonly name: string;
  readonly rank: Rank;
  /** It has just been seen to work. Standby paths are probed rarely, and may have failed since. Absent: it is not probed. */
  readonly fresh?: boolean;
  /** Through another gateway of our own segment, which may send through us in turn. */
  readonly viaSibling?: boolean;
  /** Of the path that is probed for it, see ProbedPath. */
  readonly answeredAt?: number;
  readonly silentSince?: number | undefined;
  readonly backSince?: number | undefined;
}

/** What is remembered of each path to a segment. */
interface PathRecord {
  /** Since when it is `up`; undefined: it is not. */
  readonly goodSince: number | undefined;
  /** Failures of late; one is forgotten for each `failbackDelayMaxMs` of being good. */
  readonly failures: number;
}

/** By the paths' names. */
export type History = ReadonlyMap<string, PathRecord>;

/** `history` after `paths` were ranked at `now`. */
export function remember(
  history: History,
  paths: readonly RankedPath[],
  now: number,
  settings: Pick<FailoverSettings, 'failbackDelayMaxMs'>,
): History {
  return new Map(
    paths.map(({ name, rank }): [string, PathRecord] => {
      const before = history.get(name);
      if (rank === RANK.up) {
        const goodSince = before?.goodSince ?? now;
        const failures =
          before === undefined ? 0 : Math.max(0, before.failures - Math.floor((now - goodSince) / settings.failbackDelayMaxMs));
        return [name, { goodSince: failures < (before?.failures ?? 0) ? now : goodSince, failures }];
      }
      const failed = before?.goodSince !== undefined && rank > RANK.unknown;
      return [name, { goodSince: undefined, failures: Math.min(MAX_FAILURES, (before?.failures ?? 0) + (failed ? 1 : 0)) }];
    }),
  );
}

interface Choice {
  /** In order of preference; empty: the group is new. */
  readonly paths: readonly RankedPath[];
  readonly current: readonly string[];
  readonly history: History;
  /** Use every path that is up, not the first only. */
  readonly spread: boolean;
  readonly settings: FailoverSettings;
  readonly now: number;
}

/** Names of the paths to use, in order of preference; never empty unless `paths` is. */
export function choose(choice: Choice): readonly string[] {
  const { paths, spread } = choice;
  if (spread) {
    const settled = paths.filter((path) => path.rank === RANK.up && (choice.current.includes(path.name) || mayReturn(choice, path)));
    if (settled.length > 0) return settled.map(({ name }) => name);
  }
  const one = chooseOne(choice);
  return one === undefined ? [] : [one.name];
}

function chooseOne(choice: Choice): RankedPath | undefined {
  const { paths } = choice;
  const current = paths.find(({ name }) => choice.current.includes(name));
  if (current === undefined) return best(paths);
  // Two gateways that both rest on each other when all is down send in a circle. The own tunnel may work after all.
  const own = paths.find(({ viaSibling }) => viaSibling !== true);
  const resting = current.viaSibling === true && current.rank === RANK.down ? (own ?? current) : current;
  if (current.rank >= RANK.degraded)
    return best(paths.filter((path) => path.rank < current.rank && mayLeaveFor(choice, current, path))) ?? resting;
  return paths.slice(0, paths.indexOf(current)).find((path) => path.rank === RANK.up && mayReturn(choice, path)) ?? current;
}

function best(paths: readonly RankedPath[]): RankedPath | undefined {
  return paths.reduce<RankedPath | undefined>((found, path) => (found === undefined || path.rank < found.rank ? path : found), undefined);
}

/**
 * While the current path still works, one that failed of late must prove itself first, and one that was never tried does not count. What
 * isolates one gateway may be the death of the other, which must be seen to live then.
 */
function mayLeaveFor(choice: Choice, current: RankedPath, path: RankedPath): boolean {
  if (current.rank === RANK.down) return !owesAnswer(current, path) && choice.now - (path.backSince ?? Number.NEGATIVE_INFINITY) >= BACK_MS;
  if (path.rank === RANK.unknown) return false;
  if (current.rank === RANK.blocked && path.rank !== RANK.up) return true;
  const isFresh = path.fresh !== false;
  return hasFailed(choice, path) ? isFresh && isDue(choice, path, current.rank) : isFresh || !mayBeAlone(current.rank);
}

function hasFailed({ history }: Choice, { name }: RankedPath): boolean {
  return (history.get(name)?.failures ?? 0) > 0;
}

/** The gateway may be the last of its location: what it reports may come of the death of the others. */
function mayBeAlone(rank: Rank): boolean {
  return rank === RANK.isolated || rank === RANK.blocked;
}

/** Has it been good for long enough to be trusted again, and is it now? */
function mayReturn(choice: Choice, path: RankedPath): boolean {
  return path.fresh !== false && isDue(choice, path, RANK.up);
}

/** Paths that would be taken instead of the first of `chosen`, if they were seen to work now. */
export function worthProbing(choice: Choice, chosen: readonly string[]): readonly RankedPath[] {
  const place = choice.paths.findIndex(({ name }) => name === chosen[0]);
  const used = choice.paths[place]?.rank ?? RANK.down;
  const others = choice.spread || isHalf(used) ? choice.paths : choice.paths.slice(0, place);
  const isWorth = (path: RankedPath): boolean => isDue(choice, path, used) || (mayBeAlone(used) && !hasFailed(choice, path));
  return others.filter((path) => path.rank === RANK.up && path.fresh === false && isWorth(path));
}

/** Has it not answered since the current path fell silent? Nothing speaks for it then. */
function owesAnswer({ silentSince }: RankedPath, { rank, answeredAt }: RankedPath): boolean {
  return silentSince !== undefined && rank !== RANK.unknown && answeredAt !== undefined && answeredAt <= silentSince;
}

/** Where the path in use is dead: those that may be better, and still owe an answer. */
export function owing({ paths }: Choice, chosen: readonly string[]): readonly RankedPath[] {
  const current = paths.find(({ name }) => name === chosen[0]);
  return current?.rank === RANK.down ? paths.filter((path) => path.rank < RANK.down && owesAnswer(current, path)) : [];
}

function isDue({ history, settings, now }: Choice, { name }: RankedPath, current: Rank): boolean {
  const { goodSince, failures } = history.get(name) ?? { goodSince: undefined, failures: 0 };
  if (goodSince === undefined) return false;
  const proof = Math.min(settings.failbackDelayMaxMs, settings.failbackDelayMs * 2 ** Math.max(0, failures - 1));
  return now - goodSince >= (mayBeAlone(current) ? Math.min(proof / 10, BACK_MS) : isHalf(current) ? proof / 10 : proof);
}

/** It answers, and should not be used. */
function isHalf(rank: Rank): boolean {
  return rank === RANK.degraded || mayBeAlone(rank);
}

const MAX_FAILURES = 10;
/** Paths that were lost together are all found again within a second (DOWN_MS and three answers, probedPath.ts). */
const BACK_MS = 2000;
