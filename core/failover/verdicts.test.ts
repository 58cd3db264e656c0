import { describe, expect, test } from '@jest/globals';
import { GIVEN_UP_MS, probePath, type Stories, type Story, tableOf, target } from '../../test/fakes/probedPaths.js';
import type { SegmentPath } from './config.js';
import { forwards, lostAt, unreachedSegments } from './verdicts.js';

describe('whether a gateway forwards', () => {
  const RELAYS = ['a', 'b'].map((node) => probePath({ kind: 'relay', node }));
  test.each<[string, Stories, boolean | undefined]>([
    ['is not known before it was probed', { 'relay/b': { state: 'up' } }, undefined],
    ['is true where something came through it', { 'relay/a': { state: 'up' } }, true],
    [
      'is not known where something is overdue that should come',
      { 'relay/a': [{ state: 'up' }, { state: 'silent', at: 5000 }], 'relay/b': { state: 'up', at: 5000 } },
      undefined,
    ],
    [
      'is false where nothing does, and through another it did since',
      { 'relay/a': { state: 'down', at: 5000 }, 'relay/b': { state: 'up', at: 5000 } },
      false,
    ],
    [
      'is not known where the other got through before only',
      { 'relay/a': { state: 'down', at: 5000 }, 'relay/b': { state: 'up', at: 4000 } },
      undefined,
    ],
    ['is not known where nothing gets through any', { 'relay/a': { state: 'down' }, 'relay/b': { state: 'down' } }, undefined],
    ['is not known of one that is not probed', {}, undefined],
  ])('%s', (_what, stories, expected) => {
    const table = tableOf(RELAYS, stories);
    expect(forwards(table, 'a', 5000 + GIVEN_UP_MS)).toBe(expected);
    expect(forwards(table, 'nobody', 5000 + GIVEN_UP_MS)).toBeUndefined();
  });
});

describe('whether a gateway forwards, where no other can be asked: what our own tunnels show', () => {
  const RELAY = probePath({ kind: 'relay', node: 'a' });
  const TUNNELS = [0, 1].map((slot) => probePath({ kind: 'tunnel', slot, segment: 'far' }));
  /** Worked, and was last heard of then. */
  const heard = (at: number): readonly Story[] => [{ state: 'up', at }];
  const lost = (at: number): readonly Story[] => [{ state: 'up' }, { state: 'down', at }];
  const silent = (at: number): readonly Story[] => [{ state: 'up' }, { state: 'silent', at }];
  test.each<[string, readonly string[], Stories, boolean | undefined]>([
    ['it does not where those it was to ask answer us', ['f0'], { 'tunnel/0/far': heard(5500) }, false],
    ['and all of them', ['f0', 'f1'], { 'tunnel/0/far': heard(5500), 'tunnel/1/far': heard(5500) }, false],
    ['not known where they answered before only', ['f0'], { 'tunnel/0/far': heard(4000) }, undefined],
    ['also where one of them is not heard yet', ['f0', 'f1'], { 'tunnel/0/far': heard(5500), 'tunnel/1/far': heard(4000) }, false],
    ['not known where one of them is silent', ['f0', 'f1'], { 'tunnel/0/far': heard(5500), 'tunnel/1/far': silent(4000) }, undefined],
    ['but one that is lost to us, too, shows nothing', ['f0', 'f1'], { 'tunnel/0/far': heard(5500), 'tunnel/1/far': lost(4000) }, false],
    ['not known where all of them are', ['f0'], { 'tunnel/0/far': lost(4000), 'tunnel/1/far': heard(5500) }, undefined],
    ['not known where others than those answer us', ['f1'], { 'tunnel/0/far': heard(5500) }, undefined],
    ['not known where nobody was asked', [], { 'tunnel/0/far': heard(5500) }, undefined],
    ['not known where we have no tunnel to them', ['g0'], { 'tunnel/0/far': heard(5500) }, undefined],
  ])('%s', (_what, asked, stories, expected) => {
    const table = tableOf([RELAY, ...TUNNELS], { ...stories, 'relay/a': { state: 'down', at: 5000 } });
    for (const name of asked) table.get('relay/a')?.asked.add(target(name).publicKey);
    expect(forwards(table, 'a', 5000 + GIVEN_UP_MS)).toBe(expected);
  });
});

describe('when the tunnels to a segment were lost', () => {
  const PATHS: readonly SegmentPath[] = [
    { kind: 'plane', slot: 0, name: 'plane/0', probe: 'tunnel/0/far' },
    { kind: 'plane', slot: 1, name: 'plane/1', probe: 'tunnel/1/far' },
    { kind: 'node', node: 'sib', name: 'node/sib', probe: 'lan/sib' },
  ];
  const TUNNELS = [0, 1].map((slot) => probePath({ kind: 'tunnel', slot, segment: 'far' }));
  /** Up first, then down. */
  const lost = (at: number): readonly Story[] => [{ state: 'up' }, { state: 'down', at }];
  test.each<[string, readonly SegmentPath[], Stories, number | undefined]>([
    ['nothing, where there are none', PATHS.slice(2), {}, undefined],
    ['never, while one works', PATHS, { 'tunnel/0/far': lost(5000), 'tunnel/1/far': [{ state: 'up' }] }, Number.POSITIVE_INFINITY],
    ['with the last of them', PATHS, { 'tunnel/0/far': lost(5000), 'tunnel/1/far': lost(7000) }, 7000 + GIVEN_UP_MS],
    ['ever since, where none has worked', PATHS, { 'tunnel/0/far': [{ state: 'down', at: 5000 }] }, Number.NEGATIVE_INFINITY],
    [
      'with the one that has worked',
      PATHS,
      { 'tunnel/0/far': lost(5000), 'tunnel/1/far': [{ state: 'down', at: 7000 }] },
      5000 + GIVEN_UP_MS,
    ],
    [
      'ever since, where they are not probed',
      PATHS.map((path) => ({ ...path, probe: 'tunnel/9/peer:laptop' as const })),
      {},
      Number.NEGATIVE_INFINITY,
    ],
  ])('%s', (_what, paths, stories, expected) => {
    expect(lostAt(tableOf(TUNNELS, stories), paths)).toBe(expected);
  });
});

test('segments are unreached when all of their tunnels are down', () => {
  const ids = [
    ['one', 0, 'down'],
    ['one', 1, 'up'],
    ['two', 0, 'down'],
    ['two', 1, 'down'],
    ['three', 0, 'new'],
  ] as const;
  const paths = ids.map(([segment, slot]) => probePath({ kind: 'tunnel', slot, segment }));
  const stories = Object.fromEntries(ids.map(([segment, slot, state]) => [`tunnel/${slot}/${segment}`, { state }]));
  const lan = probePath({ kind: 'lan', node: 'sib' });
  expect(unreachedSegments(tableOf([...paths, lan], { ...stories, 'lan/sib': { state: 'down' } }))).toEqual(['two']);
});
