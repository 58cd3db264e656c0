/**
 * Which ways a group of nexthops uses, out of how good each is.
 *
 * Leaving is quick, returning slow: a way is left as soon as it is bad and another is better, and a preferred way is taken
 * again only after it has been good for a while, twice as long with each recent failure. One that half works (it drains, or
 * lost its LAN) is left for another that failed of late after a tenth of that: it says itself that it should not be used.
 * When none is better, nothing is changed: if everything fails at once, it is us, and the old way is as good as any
 * (isolation guard). Ways that fail at once are not found dead at once, nor found alive at once when they are back. So a dead
 * way is left only for one that has answered since it fell silent, and that did not come back just now, as it may itself.
 */
import type { FailoverSettings } from './settings.js';

/** Best first. `detour`: works, but goes through another gateway of our own segment. */
export const RANK = { up: 0, unknown: 1, degraded: 2, detour: 3, down: 4 } as const;

export type Rank = (typeof RANK)[keyof typeof RANK];

export interface Way {
  readonly name: string;
  readonly rank: Rank;
  /** It has just been seen to work. What waits is asked seldom, and may have died since; absent: nobody asks it. */
  readonly fresh?: boolean;
  /** By another gateway of our own segment, which may send by us in turn. */
  readonly viaSibling?: boolean;
  /** What is known of the path that tells whether it works, see Path. */
  readonly answeredAt?: number;
  readonly silentSince?: number | undefined;
  readonly backSince?: number | undefined;
}

/** What a group remembers of each of its ways. */
export interface Record {
  /** Since when it is `up`; undefined: it is not. */
  readonly goodSince: number | undefined;
  /** Failures of late; one is forgotten for each `returnMaxMs` of being good. */
  readonly failures: number;
}

export type History = ReadonlyMap<string, Record>;

/** `history` after a look at `ways` at `now`. */
export function remember(history: History, ways: readonly Way[], now: number, settings: Pick<FailoverSettings, 'returnMaxMs'>): History {
  return new Map(ways.map(({ name, rank }): [string, Record] => {
    const before = history.get(name);
    if (rank === RANK.up) {
      const goodSince = before?.goodSince ?? now;
      const failures = before === undefined ? 0 : Math.max(0, before.failures - Math.floor((now - goodSince) / settings.returnMaxMs));
      return [name, { goodSince: failures < (before?.failures ?? 0) ? now : goodSince, failures }];
    }
    const failed = before?.goodSince !== undefined && rank > RANK.unknown;
    return [name, { goodSince: undefined, failures: Math.min(MAX_FAILURES, (before?.failures ?? 0) + (failed ? 1 : 0)) }];
  }));
}

export interface Choice {
  /** In order of preference; empty: the group is new. */
  readonly ways: readonly Way[];
  readonly current: readonly string[];
  readonly history: History;
  /** Use every way that is up, not the first only. */
  readonly spread: boolean;
  readonly settings: FailoverSettings;
  readonly now: number;
}

/** Names of the ways to use, in order of preference; never empty unless `ways` is. */
export function choose(choice: Choice): readonly string[] {
  const { ways, spread } = choice;
  if (spread) {
    const settled = ways.filter((way) => way.rank === RANK.up && (choice.current.includes(way.name) || mayReturn(choice, way)));
    if (settled.length > 0) return settled.map(({ name }) => name);
  }
  const one = chooseOne(choice);
  return one === undefined ? [] : [one.name];
}

function chooseOne(choice: Choice): Way | undefined {
  const { ways } = choice;
  const current = ways.find(({ name }) => choice.current.includes(name));
  if (current === undefined) return best(ways);
  // Two gateways that both rest on each other when all is down send in a circle; the own tunnel may work after all.
  const own = ways.find(({ viaSibling }) => viaSibling !== true);
  const resting = current.viaSibling === true && current.rank === RANK.down ? (own ?? current) : current;
  if (current.rank >= RANK.degraded) return best(ways.filter((way) => way.rank < current.rank && mayLeaveFor(choice, current, way))) ?? resting;
  return ways.slice(0, ways.indexOf(current)).find((way) => way.rank === RANK.up && mayReturn(choice, way)) ?? current;
}

function best(ways: readonly Way[]): Way | undefined {
  return ways.reduce<Way | undefined>((found, way) => (found === undefined || way.rank < found.rank ? way : found), undefined);
}

/** While the present way still works, one that failed of late must prove itself first, and one that was never tried is none. */
function mayLeaveFor(choice: Choice, current: Way, way: Way): boolean {
  if (current.rank === RANK.down) return !isUnheard(current, way) && choice.now - (way.backSince ?? Number.NEGATIVE_INFINITY) >= BACK_MS;
  if (way.rank === RANK.unknown) return false;
  return (choice.history.get(way.name)?.failures ?? 0) === 0 || (way.fresh !== false && isDue(choice, way, current.rank));
}

/** Has it been good for long enough to be trusted again, and is it now? */
function mayReturn(choice: Choice, way: Way): boolean {
  return way.fresh !== false && isDue(choice, way, RANK.up);
}

/** Ways that would be taken instead of the first of `chosen`, if they were seen to work now. */
export function worthAsking(choice: Choice, chosen: readonly string[]): readonly Way[] {
  const place = choice.ways.findIndex(({ name }) => name === chosen[0]);
  const used = choice.ways[place]?.rank ?? RANK.down;
  const others = choice.spread || used === RANK.degraded ? choice.ways : choice.ways.slice(0, place);
  return others.filter((way) => way.rank === RANK.up && way.fresh === false && isDue(choice, way, used));
}

/** Has it not answered since the present way fell silent? Nothing speaks for it then. */
function isUnheard(current: Way, way: Way): boolean {
  return current.silentSince !== undefined && way.rank !== RANK.unknown && way.answeredAt !== undefined && way.answeredAt <= current.silentSince;
}

/** Is the way in use dead, and has one that may be better not been heard yet? */
export function awaitsWord({ ways }: Choice, chosen: readonly string[]): boolean {
  const current = ways.find(({ name }) => name === chosen[0]);
  return current?.rank === RANK.down && ways.some((way) => way.rank < RANK.down && isUnheard(current, way));
}

function isDue({ history, settings, now }: Choice, { name }: Way, current: Rank): boolean {
  const { goodSince, failures } = history.get(name) ?? { goodSince: undefined, failures: 0 };
  if (goodSince === undefined) return false;
  const proof = Math.min(settings.returnMaxMs, settings.returnMs * 2 ** Math.max(0, failures - 1));
  return now - goodSince >= (current === RANK.degraded ? proof / 10 : proof);
}

const MAX_FAILURES = 10;
/** Ways that were lost together are all found again within a second (DOWN_MS and three answers, path.ts). */
const BACK_MS = 2000;
