import { describe, expect, test } from '@jest/globals';
import { RANK, type Rank, type RankedPath } from './choose.js';
import type { FailoverConfig, SegmentPath } from './config.js';
import { createSegmentChoices, type SegmentChoices } from './segmentChoices.js';
import { DEFAULT_SETTINGS } from './settings.js';

const PATHS: readonly SegmentPath[] = [
  { kind: 'plane', slot: 0, name: 'plane/0', probe: 'tunnel/0/far' },
  { kind: 'plane', slot: 1, name: 'plane/1', probe: 'tunnel/1/far' },
];

function config(segments: Readonly<Record<string, readonly SegmentPath[]>>): FailoverConfig {
  return {
    settings: DEFAULT_SETTINGS,
    isGateway: true,
    paths: [],
    segmentPeers: [],
    segments: new Map(Object.entries(segments).map(([segment, paths]) => [segment, { paths, spread: false }])),
  };
}

type Facts = Rank | Omit<RankedPath, 'name'>;

/** Ranks by the paths' names. */
const by =
  (facts: Readonly<Record<string, Facts>>) =>
  (_segment: string, paths: readonly SegmentPath[]): readonly RankedPath[] =>
    paths.map(({ name }) => {
      const known = facts[name] ?? RANK.up;
      return { name, ...(typeof known === 'number' ? { rank: known } : known) };
    });

describe('choices', () => {
  test('are no switch at first, and one when they change', () => {
    const choices = createSegmentChoices();
    const one = config({ far: PATHS, near: PATHS });
    expect(choices.update(one, by({}), 0).switches).toEqual([]);
    expect(choices.current()).toEqual(
      new Map([
        ['far', ['plane/0']],
        ['near', ['plane/0']],
      ]),
    );
    const rank = (segment: string, paths: readonly SegmentPath[]): readonly RankedPath[] =>
      by(segment === 'far' ? { 'plane/0': RANK.down } : {})(segment, paths);
    expect(choices.update(one, rank, 1000).switches).toEqual([{ segment: 'far', from: ['plane/0'], to: ['plane/1'] }]);
    expect(choices.update(one, rank, 2000).switches).toEqual([]);
  });

  test('begin with what the host uses, and are not overruled by it later', () => {
    const choices = createSegmentChoices();
    choices.adopt(new Map([['far', ['plane/1']]]));
    choices.adopt(new Map([['far', ['plane/0']]]));
    expect(choices.current().get('far')).toEqual(['plane/1']);
  });

  test.each<[string, Readonly<Record<string, readonly SegmentPath[]>>, readonly string[] | undefined]>([
    ['stay with a path that stays', { far: PATHS.slice(1) }, ['plane/1']],
    ['are forgotten with their paths', { far: PATHS.slice(0, 1) }, undefined],
    ['are forgotten with their segment', {}, undefined],
  ])('%s', (_what, segments, expected) => {
    const choices = createSegmentChoices();
    choices.adopt(new Map([['far', ['plane/1']]]));
    choices.configure(config(segments).segments);
    expect(choices.current().get('far')).toEqual(expected);
  });

  test('remember that a path has failed', () => {
    const choices = createSegmentChoices();
    const one = config({ far: PATHS });
    const story: readonly [number, Rank, string][] = [
      [0, RANK.up, 'plane/0'],
      [1000, RANK.down, 'plane/1'],
      [2000, RANK.up, 'plane/1'],
      [3000, RANK.down, 'plane/1'],
      [4000, RANK.up, 'plane/1'],
      [23_999, RANK.up, 'plane/1'],
      [24_000, RANK.up, 'plane/0'],
    ];
    for (const [now, rank, used] of story) {
      choices.update(one, by({ 'plane/0': rank }), now);
      expect([now, choices.current().get('far')]).toEqual([now, [used]]);
    }
  });
});

describe('beside choices, it says', () => {
  function chosen(): SegmentChoices {
    const choices = createSegmentChoices();
    choices.update(config({ far: PATHS }), by({ 'plane/0': RANK.down }), 0);
    return choices;
  }

  test('which paths would be taken again if they were seen to work now', () => {
    const choices = chosen();
    const one = config({ far: PATHS });
    const stale = { rank: RANK.up, fresh: false };
    expect(choices.update(one, by({ 'plane/0': stale }), 1000).worthProbing).toEqual([]);
    expect(choices.update(one, by({ 'plane/0': stale }), 11_000)).toMatchObject({ worthProbing: ['tunnel/0/far'], switches: [] });
    expect(choices.update(one, by({ 'plane/0': { ...stale, fresh: true } }), 11_010).switches).toHaveLength(1);
  });

  test('that a dead path is kept for want of an answer by another', () => {
    const choices = chosen();
    const one = config({ far: PATHS });
    const rank = by({ 'plane/0': { rank: RANK.up, answeredAt: 500 }, 'plane/1': { rank: RANK.down, silentSince: 600 } });
    expect(choices.update(one, rank, 1000)).toMatchObject({ owing: ['tunnel/0/far'], switches: [] });
    const since = by({ 'plane/0': { rank: RANK.up, answeredAt: 700 }, 'plane/1': { rank: RANK.down, silentSince: 600 } });
    expect(choices.update(one, since, 1000)).toMatchObject({ owing: [], switches: [{ to: ['plane/0'] }] });
  });
});
