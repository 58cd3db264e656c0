import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { LinkState } from '../api/links.js';
import { beginDamping, damp, DAMPING, type DampedLink, isForgettable, NEW, STEADY } from './damping.js';

type Seen = readonly [at: number, state: LinkState];

/** When readiness changes, and to what, if the link is seen so. Whoever damps looks again when he is told to. */
function changes(seen: readonly Seen[], start: Omit<DampedLink, 'since'> = STEADY, until = 1_000_000): [at: number, counts: string][] {
  const found: [number, string][] = [];
  const follow = (link: DampedLink, state: LinkState, from: number, to: number): DampedLink => {
    const { link: after, next } = damp(link, state, from);
    if (after.counts !== link.counts) found.push([from, after.counts]);
    return next < to ? follow(after, state, next, to) : after;
  };
  let link: DampedLink = { ...start, since: 0 };
  for (const [index, [at, state]] of seen.entries()) link = follow(link, state, at, seen[index + 1]?.[0] ?? until);
  return found;
}

/** Up and down in turns, beginning with down at 1,000 ms, and up in the end. */
function flapping(times: number, downMs: number, upMs: number): Seen[] {
  return Array.from({ length: times }, (_, index): Seen[] => {
    const at = 1_000 + index * (downMs + upMs);
    return [
      [at, 'down'],
      [at + downMs, 'up'],
    ];
  }).flat();
}

test.each<[string, Seen[], expected: [number, string][]]>([
  ['a link that is up', [[0, 'up']], []],
  [
    'degraded is up',
    [
      [0, 'up'],
      [10, 'degraded'],
      [20, 'up'],
    ],
    [],
  ],
  [
    'a cut',
    [
      [0, 'up'],
      [1_000, 'down'],
    ],
    [[1_500, 'down']],
  ],
  ['a cut that is there when we begin', [[0, 'down']], [[500, 'down']]],
  [
    'a gateway dies and another takes over',
    [
      [0, 'up'],
      [1_000, 'down'],
      [1_450, 'up'],
    ],
    [],
  ],
  [
    'a cut, and the return',
    [
      [0, 'up'],
      [1_000, 'down'],
      [61_000, 'up'],
    ],
    [
      [1_500, 'down'],
      [62_500, 'up'],
    ],
  ],
  [
    'a cut that is healed as soon as it is seen',
    [
      [0, 'up'],
      [1_000, 'down'],
      [1_600, 'up'],
    ],
    [
      [1_500, 'down'],
      [3_100, 'up'],
    ],
  ],
  [
    'a return that does not last',
    [
      [1_000, 'down'],
      [11_000, 'up'],
      [12_000, 'down'],
      [30_000, 'up'],
    ],
    [
      [1_500, 'down'],
      [31_500, 'up'],
    ],
  ],
  [
    'nobody reports any more: what was known last counts for half a minute',
    [
      [1_000, 'down'],
      [10_000, 'unknown'],
    ],
    [
      [1_500, 'down'],
      [40_000, 'up'],
    ],
  ],
  [
    'nobody reports for a moment',
    [
      [1_000, 'down'],
      [10_000, 'unknown'],
      [11_000, 'down'],
    ],
    [[1_500, 'down']],
  ],
  [
    'down is not concluded from silence',
    [
      [0, 'up'],
      [1_000, 'down'],
      [1_200, 'unknown'],
    ],
    [],
  ],
])('%s', (_name, seen, expected) => {
  expect(changes(seen)).toEqual(expected);
});

test.each<[string, Seen[], expected: [number, string][]]>([
  ['is reached at once when it works', [[900, 'up']], [[900, 'up']]],
  [
    'waits for as long as it is said to be down',
    [
      [900, 'down'],
      [60_000, 'up'],
    ],
    [[61_500, 'up']],
  ],
  ['is taken to work if nobody says anything', [[0, 'unknown']], [[10_000, 'up']]],
])('S41: a new link %s', (_name, seen, expected) => {
  expect(changes(seen, NEW)).toEqual(expected);
});

test.each([
  [3_000, 3_000],
  [1_500, 1_500],
  [1_000, 2_000],
  [2_000, 1_000],
  [400, 2_600],
  [2_600, 400],
  [4_000, 3_000],
])('a link that is down for %i ms and up for %i ms, in turns: readiness changes twice at most', (downMs, upMs) => {
  // What is seen is what gateways report, and they report once a second.
  for (const late of [0, 250, 500, 1_000]) {
    const seen = flapping(20, downMs, upMs).map(([at, state], index): Seen => [at + (index % 3 === 1 ? late * 0.9 : 0), state]);
    expect(changes(seen).length).toBeLessThanOrEqual(2);
  }
});

test('however a link comes and goes, ever fewer changes follow, and in the end it is what it is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 15_000 })), { maxLength: 40 }),
      (phases) => {
        let at = 1_000;
        const seen: Seen[] = phases.flatMap(([downMs, upMs]) => {
          const both: Seen[] = [
            [at, 'down'],
            [at + downMs, 'up'],
          ];
          at += downMs + upMs;
          return both;
        });
        const found = changes(seen);
        // Each of the failures that cost nothing, and each doubling until the link would have to be up for longer than it ever is.
        expect(found.length).toBeLessThanOrEqual(2 * (DAMPING.freeFailures + 4));
        expect(found.at(-1)?.[1] ?? 'up').toBe('up');
        expect(found.every(([, counts], index) => counts === (index % 2 === 0 ? 'down' : 'up'))).toBe(true);
      },
    ),
  );
});

test('a link is forgotten five minutes after it failed last', () => {
  const { link } = damp({ ...STEADY, since: 0 }, 'down', 1_000);
  const { link: again } = damp(link, 'up', 2_000);
  expect([isForgettable(link, 1e9), isForgettable(again, 200_000), isForgettable(again, 302_000)]).toEqual([false, false, true]);
});

test.each<[LinkState, string]>([
  ['down', 'down'],
  ['up', 'up'],
  ['degraded', 'up'],
  ['unknown', 'up'],
])('a link that is found %s at first counts as %s', (state, counts) => {
  const { link, next } = beginDamping(state, 5);
  expect([link.counts, next]).toEqual([counts, Number.POSITIVE_INFINITY]);
});

test('nothing new is nothing to note', () => {
  const { link } = damp({ ...STEADY, since: 0 }, 'up', 5);
  expect(damp(link, 'up', 90_000).link).toBe(link);
  expect(damp(link, 'degraded', 90_000).link).toBe(link);
});
