/**
 * S12, in the whole hub: what came from a member that is away stays for its time to live, and then goes; it returns with the member.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

const MINUTE = 60_000;
const IDS = ['east', 'west', 'north', 'south'];
let world: FakeFederation;

/** What of a member's stands in another, by kind. */
function standing(from: string, where: string): { readonly peers: number; readonly slices: number; readonly service: boolean } {
  const objects = [...world.cluster(where).objects.values()].filter(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === from);
  return {
    peers: objects.filter(({ kind }) => kind === 'Peer').length,
    slices: objects.filter(({ kind }) => kind === 'EndpointSlice').length,
    service: world.cluster(where).objects.has(`services/demo/${from}`),
  };
}

const ALL = { peers: 1, slices: 1, service: true };
const NOTHING = { peers: 0, slices: 0, service: false };

function cut(...ids: readonly string[]): void {
  for (const id of ids) {
    world.cluster(id).fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.cluster(id).endWatches();
  }
}

function heal(...ids: readonly string[]): void {
  for (const id of ids) world.cluster(id).fault = () => undefined;
}

const reasons = (): string[] =>
  world
    .hub()
    .status()
    .problems.map(({ cluster, reason }) => `${cluster} ${reason}`)
    .toSorted();
const writes = (): readonly (readonly string[])[] => world.clusters().map((cluster) => [...cluster.writes]);
/** Since `before`, in all members. */
const writesSince = (before: readonly (readonly string[])[]): string[] =>
  world.clusters().flatMap((cluster, index) => cluster.writes.slice(before[index]?.length ?? 0));

beforeEach(async () => {
  world = createFakeFederation(IDS);
  IDS.forEach((id, index) => exportService(world.cluster(id), id, { addresses: [`10.${index + 1}.0.5`] }));
  world.terms = { east: { timeToLiveMs: 70 * MINUTE } };
  world.start();
  await world.clock.advance(2_000);
  expect(standing('east', 'west')).toEqual(ALL);
});

afterEach(() => world.end());

/** All of east's endpoints in west. */
const mirrored = (): string =>
  JSON.stringify(
    [...world.cluster('west').objects].filter(
      ([key, { metadata }]) => key.startsWith('endpointslices/') && metadata.labels?.['kilofed.io/cluster'] === 'east',
    ),
  );

test('it stays, is told an hour before, goes everywhere, and returns with what there is by then', async () => {
  const before = writes();
  cut('east');
  await world.clock.advance(9 * MINUTE);
  expect([reasons(), writesSince(before)]).toEqual([['east Unreachable'], []]);
  await world.clock.advance(2 * MINUTE);
  expect([reasons(), standing('east', 'west')]).toEqual([['east Unreachable', 'east WithdrawnSoon'], ALL]);
  await world.clock.advance(60 * MINUTE);
  expect(reasons()).toEqual(['east Unreachable', 'east Withdrawn']);
  expect(['west', 'north', 'south'].map((where) => standing('east', where))).toEqual([NOTHING, NOTHING, NOTHING]);
  expect(['north', 'south'].map((from) => standing(from, 'west'))).toEqual([ALL, ALL]);

  world.cluster('east').silently(() => exportService(world.cluster('east'), 'east', { addresses: ['10.1.0.77'] }));
  heal('east');
  // What it had before it was away is never written.
  for (let step = 0; step < 100; step += 1) {
    await world.clock.advance(20);
    expect(mirrored()).not.toContain('10.1.0.5');
  }
  await world.clock.advance(MINUTE);
  expect([reasons(), standing('east', 'west'), standing('east', 'south')]).toEqual([[], ALL, ALL]);
  expect(mirrored()).toContain('10.1.0.77');
});

test('all members fail together: nothing changes, however long that lasts', async () => {
  world.terms = Object.fromEntries(IDS.map((id) => [id, { timeToLiveMs: 1_000 }]));
  world.reread();
  await world.clock.advance(1_000);
  const before = writes();
  cut(...IDS);
  await world.clock.advance(10 * MINUTE);
  expect([standing('east', 'west'), standing('west', 'east')]).toEqual([ALL, ALL]);
  world.terms = {};
  world.reread();
  heal(...IDS);
  await world.clock.advance(MINUTE);
  expect([reasons(), writesSince(before)]).toEqual([[], []]);
});

test('a hub that starts while a member is away counts from its start', async () => {
  await world.end();
  cut('east');
  world.terms = { east: { timeToLiveMs: 5 * MINUTE } };
  world.start();
  await world.clock.advance(4.5 * MINUTE);
  expect([reasons(), standing('east', 'west')]).toEqual([['east Connecting', 'east WithdrawnSoon'], ALL]);
  await world.clock.advance(MINUTE);
  expect([reasons(), standing('east', 'west')]).toEqual([['east Connecting', 'east Withdrawn'], NOTHING]);
  heal('east');
  await world.clock.advance(MINUTE);
  expect([reasons(), standing('east', 'west')]).toEqual([[], ALL]);
});
