import { describe, expect, test } from '@jest/globals';
import { hash32 } from '../net/hash.js';
import { GIVEN_UP_MS, probePath, tableOf } from '../../test/fakes/probedPaths.js';
import { RANK, type Rank } from './choose.js';
import { type PathFacts, rankNode, rankPaths, rankPlane, type ViaNode } from './rank.js';
import { HEALTHY, type Report } from './report.js';

const facts = (state: PathFacts['state'], report: Partial<Report> = {}, answeredAt = 10_000): PathFacts => ({
  state,
  report: { ...HEALTHY, ...report },
  answeredAt,
});

describe('a plane', () => {
  test.each<[string, PathFacts | undefined, boolean, Rank]>([
    ['that is not probed is good', undefined, false, RANK.up],
    ['whose external peer has no tunnel with us is down', undefined, true, RANK.down],
    ['that was not probed yet is unknown', facts('new'), false, RANK.unknown],
    ['that is down is down, whatever was reported', facts('down', { draining: true }), false, RANK.down],
    ['that works is good', facts('up'), false, RANK.up],
    ['whose far gateway drains is degraded', facts('up', { draining: true }), false, RANK.degraded],
    ['whose far gateway lost its LAN is isolated', facts('up', { lanLost: true, draining: true }), false, RANK.isolated],
    ['whose far gateway forwards nothing is blocked', facts('up', { notForwarding: true }), false, RANK.blocked],
    [
      'whose far gateway forwards nothing is blocked, whatever else it reports',
      facts('up', { notForwarding: true, draining: true, lanLost: true }),
      false,
      RANK.blocked,
    ],
    ['whose far gateway does not reach others is good', facts('up', { unreachable: 'all' }), false, RANK.up],
  ])('%s', (_what, path, isUnreachable, rank) => {
    expect(rankPlane(path, isUnreachable)).toBe(rank);
  });
});

describe('a gateway of our own segment', () => {
  test.each<[string, PathFacts | undefined, Partial<ViaNode>, Rank]>([
    ['that is not probed is good', undefined, {}, RANK.up],
    ['that was not probed yet is unknown', facts('new'), {}, RANK.unknown],
    ['that is down is down', facts('down'), {}, RANK.down],
    ['that works is good', facts('up'), {}, RANK.up],
    ['that drains is degraded', facts('up', { draining: true }), {}, RANK.degraded],
    ['that forwards nothing, as others say, is blocked', facts('up', { notForwarding: true }), {}, RANK.blocked],
    ['that forwards nothing, as we found, is blocked', facts('up'), { forwards: false }, RANK.blocked],
    ['that forwards nothing is blocked, whatever else it reports', facts('up', { draining: true }), { forwards: false }, RANK.blocked],
    ['that lost its LAN is good: it answered', facts('up', { lanLost: true }), {}, RANK.up],
    ['that does not reach the segment is down', facts('up', { unreachable: [hash32('far')] }), {}, RANK.down],
    ['that reaches nobody is down', facts('up', { unreachable: 'all' }), {}, RANK.down],
    ['that does not reach another segment is good', facts('up', { unreachable: [hash32('other')] }), {}, RANK.up],
    ['is down while a tunnel of our own works', facts('up'), { lostAt: Number.POSITIVE_INFINITY }, RANK.down],
    ['is a detour where none of our tunnels ever worked', facts('up'), { lostAt: Number.NEGATIVE_INFINITY }, RANK.detour],
    ['is down where it has not answered for long enough since our tunnels were lost', facts('up'), { lostAt: 9750 }, RANK.down],
    ['is a detour once it has', facts('up'), { lostAt: 9749 }, RANK.detour],
  ])('%s', (_what, path, to, rank) => {
    expect(rankNode(path, { segment: 'far', lostAt: undefined, forwards: undefined, ...to })).toBe(rank);
  });
});

test('paths are ranked with what is known of the paths that are probed for them', () => {
  const table = tableOf(
    [
      probePath({ kind: 'tunnel', slot: 0, segment: 'far' }),
      probePath({ kind: 'tunnel', slot: 1, segment: 'far' }),
      probePath({ kind: 'lan', node: 'sib' }),
    ],
    {
      'tunnel/0/far': [{ state: 'up' }, { state: 'down', at: 4000 }],
      'tunnel/1/far': [{ state: 'up' }, { state: 'down', at: 5000 }],
      'lan/sib': { state: 'up', at: 9000 },
    },
  );
  const ranked = rankPaths(
    { table, isUnreachable: () => false },
    'far',
    [
      { kind: 'plane', slot: 0, name: 'plane/0', probe: 'tunnel/0/far' },
      { kind: 'plane', slot: 1, name: 'plane/1', probe: 'tunnel/1/far' },
      { kind: 'plane', slot: 2, name: 'plane/2', probe: 'tunnel/2/far' },
      { kind: 'node', node: 'sib', name: 'node/sib', probe: 'lan/sib' },
    ],
    9100 + GIVEN_UP_MS,
  );
  expect(ranked).toEqual([
    expect.objectContaining({ name: 'plane/0', rank: RANK.down, fresh: false, answeredAt: 10, silentSince: 4000 }),
    expect.objectContaining({ name: 'plane/1', rank: RANK.down, fresh: false, answeredAt: 10, silentSince: 5000 }),
    { name: 'plane/2', rank: RANK.up },
    expect.objectContaining({ name: 'node/sib', rank: RANK.detour, answeredAt: 9010, viaSibling: true }),
  ]);
});
