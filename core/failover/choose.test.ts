import { describe, expect, test } from '@jest/globals';
import { choose, type History, RANK, type Rank, type RankedPath, remember } from './choose.js';
import { DEFAULT_SETTINGS } from './settings.js';

const LETTERS: Readonly<Record<string, Rank>> = {
  u: RANK.up,
  n: RANK.unknown,
  g: RANK.degraded,
  i: RANK.isolated,
  t: RANK.detour,
  b: RANK.blocked,
  d: RANK.down,
  s: RANK.down,
  /** Not seen to work just now. */
  I: RANK.up,
};

/** `ud`: the first path up, the second down. Paths are called a, b, c. */
function paths(letters: string): RankedPath[] {
  return letters.split('').map((letter, index) => ({
    name: 'abc'[index] ?? '',
    rank: LETTERS[letter] ?? RANK.down,
    ...('ts'.includes(letter) ? { viaSibling: true } : {}),
    ...(letter === 'I' ? { fresh: false } : {}),
  }));
}

/** Good since the beginning, `failures` of late. */
function history(letters: string, failures: Readonly<Record<string, number>> = {}): History {
  return new Map(
    paths(letters).map(({ name, rank }) => [name, { goodSince: rank === RANK.up ? 0 : undefined, failures: failures[name] ?? 0 }]),
  );
}

describe('one path at a time', () => {
  test.each([
    // paths, now used, seconds, recent failures of a; then what is used
    ['u', '', 0, 0, 'a', 'the only one'],
    ['uu', '', 0, 0, 'a', 'the first of equals'],
    ['nu', '', 0, 0, 'b', 'one that is known to work before one that is not known'],
    ['du', 'a', 0, 0, 'b', 'leaving is immediate'],
    ['dd', 'a', 0, 0, 'a', 'everything failing is our own fault: nothing changes'],
    ['dd', 'b', 0, 0, 'b', 'also in the second place'],
    ['dn', 'a', 0, 0, 'b', 'better an unknown one than a dead one'],
    ['nu', 'a', 99, 0, 'a', 'the one in use is not left because it is not known yet'],
    ['uu', 'b', 9, 0, 'b', 'coming back takes ten seconds'],
    ['uu', 'b', 10, 0, 'a', 'then it comes back'],
    ['uu', 'b', 10, 1, 'a', 'the first failure costs ten seconds'],
    ['uu', 'b', 19, 2, 'b', 'the second twenty'],
    ['uu', 'b', 20, 2, 'a', 'and no more'],
    ['uu', 'b', 299, 9, 'b', 'never more than five minutes'],
    ['uu', 'b', 300, 9, 'a', 'which is the bound'],
    ['gu', 'a', 0, 0, 'b', 'a draining one is left at once'],
    ['gg', 'a', 0, 0, 'a', 'unless all are'],
    ['gd', 'b', 0, 0, 'a', 'a draining one is better than a dead one'],
    ['ug', 'b', 0, 1, 'b', 'while the present one works, one that failed of late proves itself first'],
    ['ug', 'b', 1, 1, 'a', 'for a second, since the present one should not be used'],
    ['ug', 'b', 3, 3, 'b', 'with each failure for twice as long'],
    ['ug', 'b', 4, 3, 'a', 'and then is taken'],
    ['ut', 'b', 9, 1, 'b', 'a detour is kept for the whole time'],
    ['nt', 'b', 99, 0, 'b', 'and not left for one that is not known yet'],
    ['ng', 'b', 99, 0, 'b', 'nor is a draining one: it works'],
    ['ddt', 'a', 0, 0, 'c', 'a detour by another gateway when the own tunnels are down'],
    ['dgt', 'a', 0, 0, 'b', 'not before'],
    ['udt', 'c', 0, 1, 'c', 'it is kept until a tunnel has proved itself'],
    ['udt', 'c', 10, 1, 'a', 'and then left'],
    ['iu', 'a', 0, 0, 'b', 'one that lost its LAN is left at once'],
    ['iI', 'a', 0, 0, 'a', 'but not for one that was not seen to work just now: it may be what the other hears nothing of'],
    ['bI', 'a', 0, 0, 'a', 'nor is one that hands nothing on'],
    ['gI', 'a', 0, 0, 'b', 'one that drains is'],
    ['ui', 'b', 0, 1, 'b', 'one that failed of late proves itself first'],
    ['ui', 'b', 1, 1, 'a', 'for a second'],
    ['gi', 'b', 0, 0, 'a', 'one that drains works'],
    ['bi', 'a', 0, 0, 'b', 'one that hands nothing on is worse'],
    ['bu', 'a', 0, 0, 'b', 'one that hands nothing on is left at once'],
    ['bg', 'a', 0, 0, 'b', 'also for one that half works'],
    ['gb', 'a', 0, 0, 'a', 'which is not left for it'],
    ['bb', 'a', 0, 0, 'a', 'unless all are so'],
    ['bt', 'a', 0, 0, 'b', 'or for a detour'],
    ['bn', 'a', 99, 0, 'a', 'not for one of which nothing is known'],
    ['bd', 'b', 0, 0, 'a', 'it is better than a dead one'],
    ['ub', 'b', 0, 1, 'b', 'one that failed of late proves itself first'],
    ['ub', 'b', 1, 1, 'a', 'for a second'],
    ['ub', 'b', 1, 9, 'b', 'or longer, if it failed more often'],
    ['ub', 'b', 2, 9, 'a', 'two seconds at most: nothing gets through meanwhile'],
    ['ui', 'b', 2, 9, 'a', 'nor through one that lost its LAN'],
    ['dds', 'c', 0, 0, 'a', 'a sibling that is down, too, is no place to rest: both would send in a circle'],
    ['gds', 'c', 0, 0, 'a', 'nor while an own one half works'],
  ])('%s using %s, good for %d s, a failed %d times: %s (%s)', (letters, current, seconds, ...[failures, expected]) => {
    const now = seconds * 1000;
    const chosen = choose({
      paths: paths(letters),
      current: current === '' ? [] : [current],
      history: history(letters, { a: failures }),
      spread: false,
      settings: DEFAULT_SETTINGS,
      now,
    });
    expect(chosen.join()).toBe(expected);
  });
});

describe('a path that is dead, silent for a second at second 100', () => {
  const at = (seconds: number): number => seconds * 1000;
  test.each<[string, Partial<RankedPath>, string]>([
    ['not for one that answered only before it fell silent: the fault may be ours', { answeredAt: at(99) }, 'a'],
    ['for one that has answered since', { answeredAt: at(99) + 1 }, 'b'],
    ['for one that is not probed', {}, 'b'],
    ['for one of which nothing is known: better than a dead one', { rank: RANK.unknown, answeredAt: Number.NEGATIVE_INFINITY }, 'b'],
    ['not for one that came back a moment ago: so may the old one', { answeredAt: at(100), backSince: at(98) + 1 }, 'a'],
    ['for one that came back two seconds ago, and did not', { answeredAt: at(100), backSince: at(98) }, 'b'],
    ['nor for a half good one that has not answered since', { rank: RANK.degraded, answeredAt: at(98) }, 'a'],
  ])('is left %s', (_what, other, expected) => {
    const [dead, second] = paths('du');
    const choice = {
      paths: [
        { ...dead, silentSince: at(99) },
        { ...second, ...other },
      ] as RankedPath[],
      current: ['a'],
      history: new Map(),
      spread: false,
      settings: DEFAULT_SETTINGS,
      now: at(100),
    };
    expect(choose(choice)).toEqual([expected]);
  });
});

describe('all good paths at a time', () => {
  test.each([
    ['uu', 'a', 10, 'a,b', 'both'],
    ['uu', 'a', 9, 'a', 'one that just came must prove itself'],
    ['du', 'a,b', 0, 'b', 'without the dead one, at once'],
    ['gu', 'a,b', 0, 'b', 'without the draining one'],
    ['dd', 'a,b', 0, 'a', 'when none is good, one that was in use'],
    ['gd', 'a,b', 0, 'a', 'or the best there is'],
  ])('%s using %s, good for %d s: %s (%s)', (letters, current, seconds, expected) => {
    const chosen = choose({
      paths: paths(letters),
      current: current.split(','),
      history: history(letters),
      spread: true,
      settings: DEFAULT_SETTINGS,
      now: seconds * 1000,
    });
    expect(chosen.join()).toBe(expected);
  });
});

test('failures add up while they are recent, and are forgotten one by one', () => {
  const minutes = (count: number): number => count * 60_000;
  const story: readonly [number, string, number][] = [
    [0, 'u', 0],
    [1000, 'd', 1],
    [2000, 'd', 1],
    [3000, 'u', 1],
    [4000, 'd', 2],
    [5000, 'u', 2],
    [5000 + minutes(4), 'u', 2],
    [5000 + minutes(5), 'u', 1],
    [5000 + minutes(10), 'u', 0],
  ];
  let past: History = new Map();
  for (const [now, letter, failures] of story) {
    past = remember(past, paths(letter), now, DEFAULT_SETTINGS);
    expect([now, past.get('a')?.failures]).toEqual([now, failures]);
  }
});
