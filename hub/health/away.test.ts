import { beforeEach, expect, test } from '@jest/globals';
import type { MemberState } from '../members/memberState.js';
import { createHandClock, type HandClock } from '../../test/host/handClock.js';
import { type Absentee, type Away, createAway } from './away.js';

const HOUR = 3_600_000;

interface Sketch extends Absentee {
  set: MemberState;
  timeToLiveMs: number | undefined;
  lists: number;
}

let clock: HandClock;
let members: Sketch[];
let told: string[];
let away: Away;

function sketch(id: string): Sketch {
  const member: Sketch = {
    id,
    set: { kind: 'ready' },
    timeToLiveMs: undefined,
    lists: 1,
    current: () => member.set.kind === 'ready',
    terms: () => (member.timeToLiveMs === undefined ? {} : { timeToLiveMs: member.timeToLiveMs }),
    listing: () => ({ id, lists: () => member.lists, relist: () => undefined, recognised: () => true }),
  };
  return member;
}

const find = (id: string): Sketch => members.find((each) => each.id === id) ?? sketch(id);

async function become(kind: 'ready' | 'unreachable' | 'refused' | 'connecting', ...ids: readonly string[]): Promise<void> {
  for (const id of ids) find(id).set = kind === 'ready' ? { kind } : { kind, reason: 'test' };
  away.check();
  await clock.advance(0);
}

beforeEach(() => {
  clock = createHandClock();
  members = ['a', 'b', 'c', 'd'].map(sketch);
  told = [];
  away = createAway({
    clock,
    members: () => members,
    changed: (ids) =>
      void told.push(...ids.map((id) => `${id} ${away.isWithdrawn(id) ? 'withdrawn' : 'back'} after ${clock.now() / HOUR} h`)),
  });
  away.check();
});

test.each<[string, from: ('ready' | 'unreachable' | 'refused' | 'connecting')[]]>([
  ['does not answer', ['unreachable']],
  ['refuses the hub', ['refused']],
  ['answers and is not ready', ['connecting']],
  ['is away in one way and then in another', ['unreachable', 'refused', 'connecting']],
])('S12: one that %s is withdrawn after a day, and told an hour before', async (_name, from) => {
  for (const kind of from) {
    await become(kind, 'a');
    await clock.advance(2 * HOUR);
  }
  await clock.advance((22.9 - 2 * from.length) * HOUR);
  expect([told, away.problems()]).toEqual([[], []]);
  await clock.advance(0.2 * HOUR);
  expect(away.problems()).toEqual([
    expect.objectContaining({
      cluster: 'a',
      reason: 'WithdrawnSoon',
      message: expect.stringMatching(/at 2023-11-15T22:13Z its time to live/),
    }),
  ]);
  await clock.advance(HOUR);
  expect(told).toEqual(['a withdrawn after 24 h']);
  expect(away.problems()).toEqual([
    expect.objectContaining({ cluster: 'a', reason: 'Withdrawn', message: expect.stringMatching(/time to live \(24h\)/) }),
  ]);
});

test('one that is back, and away again, has its whole time again', async () => {
  await become('unreachable', 'a');
  await clock.advance(23.5 * HOUR);
  await become('ready', 'a');
  expect(away.problems()).toEqual([]);
  await become('unreachable', 'a');
  await clock.advance(23 * HOUR);
  expect(told).toEqual([]);
  await clock.advance(HOUR);
  expect(told).toEqual(['a withdrawn after 47.5 h']);
});

test('one that was withdrawn is back when all of it was read again', async () => {
  find('a').timeToLiveMs = HOUR;
  await become('unreachable', 'a');
  await clock.advance(HOUR);
  await become('ready', 'a');
  await clock.advance(60_000);
  expect([told, away.isWithdrawn('a')]).toEqual([['a withdrawn after 1 h'], true]);
  find('a').lists += 1;
  await clock.advance(300);
  expect([told.length, away.isWithdrawn('a'), away.problems()]).toEqual([2, false, []]);
});

test.each<[string, away: string[], counts: boolean]>([
  ['one of four', ['a'], true],
  ['two of four', ['a', 'b'], true],
  ['three of four: the last may be the cluster that the hub is in', ['a', 'b', 'c'], false],
  ['all', ['a', 'b', 'c', 'd'], false],
])('S12: time counts while %s are away: %j', async (_name, ids, counts) => {
  await become('unreachable', ...ids);
  await clock.advance(30 * HOUR);
  expect(told.length).toBe(counts ? ids.length : 0);
});

test('time that does not count is not counted later', async () => {
  await become('unreachable', 'a');
  await clock.advance(20 * HOUR);
  await become('unreachable', 'b', 'c', 'd');
  await clock.advance(100 * HOUR);
  await become('ready', 'b', 'c', 'd');
  await clock.advance(3.9 * HOUR);
  expect(told).toEqual([]);
  await clock.advance(0.2 * HOUR);
  expect(told).toEqual(['a withdrawn after 124 h']);
});

test('of two members one is away: it is', async () => {
  members = members.slice(0, 2);
  await become('unreachable', 'a');
  await clock.advance(24 * HOUR);
  expect(told).toEqual(['a withdrawn after 24 h']);
});

test('what is declared meanwhile counts at once', async () => {
  await become('unreachable', 'a');
  await clock.advance(20 * HOUR);
  find('a').timeToLiveMs = Number.POSITIVE_INFINITY;
  away.check();
  await clock.advance(100 * HOUR);
  expect([told, away.problems()]).toEqual([[], []]);
  find('a').timeToLiveMs = 121 * HOUR;
  away.check();
  expect(away.problems()).toEqual([expect.objectContaining({ reason: 'WithdrawnSoon' })]);
  find('a').timeToLiveMs = HOUR;
  away.check();
  expect(told).toEqual(['a withdrawn after 120 h']);
});

test('one that is no member any more is forgotten', async () => {
  find('a').timeToLiveMs = HOUR;
  await become('unreachable', 'a');
  await clock.advance(2 * HOUR);
  members = members.slice(1);
  away.check();
  expect([away.isWithdrawn('a'), away.problems()]).toEqual([false, []]);
});
