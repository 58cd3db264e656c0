/**
 * Replicas of one hub: one is active and writes into all members, the others stand by and go on where it ended.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubeFailure } from '../../kube/wire/client.js';
import type { Hub } from '../../hub/hub.js';
import { createFakeCluster, type FakeCluster } from './fakeCluster.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

const MEMBERS = ['east', 'north', 'west'];
let world: FakeFederation;
let home: FakeCluster;

const holders = (): unknown[] =>
  MEMBERS.map(
    (id) =>
      (world.cluster(id).objects.get('leases/kilofed/kilofed-hub') as { spec?: { holderIdentity?: string } } | undefined)?.spec
        ?.holderIdentity,
  );
const all = (instance: string): string[] => MEMBERS.map(() => `default/${instance}`);
const writes = (): number => world.clusters().reduce((sum, cluster) => sum + cluster.writes.length, 0);
const replica = (instance: string): ReturnType<FakeFederation['join']> => world.join({ instance, home });
const roles = (...hubs: readonly Hub[]): unknown[] => hubs.map((hub) => hub.standby() ?? 'active');
const move = (address: string): void => exportService(world.cluster('east'), 'web', { addresses: [address] });
const arrived = (address: string): boolean => JSON.stringify([...world.cluster('west').objects.values()]).includes(address);

beforeEach(() => {
  world = createFakeFederation(MEMBERS);
  home = createFakeCluster('u-home', world.clock);
  move('10.1.0.5');
});

let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
});

test('S47: two that start at once: one takes all members, and the other none, however long it waits', async () => {
  const [one, two] = [replica('one'), replica('two')];
  ends = [one.end, two.end];
  await world.clock.advance(3_000);
  const before = writes();
  expect(new Set(holders()).size).toBe(1);
  const active = holders()[0];
  expect(roles(one.hub, two.hub)).toEqual(active === 'default/one' ? ['active', { active }] : [{ active }, 'active']);
  await world.clock.advance(300_000);
  expect([holders(), writes() - before]).toEqual([MEMBERS.map(() => active), 0]);
});

test('S47: in order: the next one goes on within two seconds, and writes only what has changed', async () => {
  const one = replica('one');
  await world.clock.advance(3_000);
  const two = replica('two');
  await world.clock.advance(30_000);
  const metrics = (await two.hub.metrics.expose()).body;
  expect([/^kilofed_hub_active (\d)/m.exec(metrics)?.[1], /^kilofed_hub_(problems|links)\{/m.test(metrics)]).toEqual(['0', false]);
  expect([holders(), roles(one.hub, two.hub), two.hub.notReady()]).toEqual([all('one'), ['active', { active: 'default/one' }], undefined]);
  const before = writes();
  const ended = one.end();
  move('10.1.0.6');
  await world.clock.advance(2_000);
  expect([holders(), roles(two.hub), arrived('10.1.0.6')]).toEqual([all('two'), ['active'], true]);
  // The endpoints, in two members.
  expect(writes() - before).toBe(2);
  expect(two.hub.status().problems).toEqual([]);
  await ended;
  ends = [two.end];
});

test('S47: lost with its machine: the next one goes on within ten seconds, and writes only what has changed', async () => {
  const one = replica('one');
  await world.clock.advance(3_000);
  const two = replica('two');
  ends = [two.end];
  for (const crashAt of [2_000, 2_700, 3_400]) await world.clock.advance(crashAt);
  const before = writes();
  one.crash();
  move('10.1.0.6');
  await world.clock.advance(5_000);
  expect([holders(), arrived('10.1.0.6')]).toEqual([all('one'), false]);
  await world.clock.advance(5_000);
  expect([holders(), roles(two.hub), arrived('10.1.0.6'), writes() - before]).toEqual([all('two'), ['active'], true, 2]);
});

test('S47: three, updated one by one: no change is lost, and nothing is written twice', async () => {
  let [old, ...rest] = ['a', 'b', 'c'].map(replica);
  await world.clock.advance(5_000);
  const before = writes();
  const next = [];
  for (const [round, instance] of ['d', 'e', 'f'].entries()) {
    next.push(replica(instance));
    await world.clock.advance(3_000);
    const ended = old!.end();
    [old, ...rest] = rest;
    move(`10.1.0.${20 + round}`);
    await world.clock.advance(3_000);
    await ended;
    expect(arrived(`10.1.0.${20 + round}`)).toBe(true);
    expect(new Set(holders()).size).toBe(1);
  }
  expect(writes() - before).toBe(6);
  ends = next.map(({ end }) => end);
});

test('while the home cluster is away nothing changes, and the one that stands by takes over a hub that is lost meanwhile', async () => {
  const one = replica('one');
  await world.clock.advance(3_000);
  const two = replica('two');
  ends = [two.end];
  await world.clock.advance(3_000);
  home.fault = () => ({ kind: 'unreachable', message: 'connection refused' });
  const before = writes();
  await world.clock.advance(120_000);
  expect([holders(), writes() - before]).toEqual([all('one'), 0]);
  home.fault = () => undefined;
  await world.clock.advance(20_000);
  expect([holders(), roles(one.hub, two.hub)]).toEqual([all('one'), ['active', { active: 'default/one' }]]);
  home.fault = () => ({ kind: 'unreachable', message: 'connection refused' });
  await world.clock.advance(5_000);
  one.crash();
  await world.clock.advance(30_000);
  expect([holders(), writes() - before]).toEqual([all('two'), 0]);
});

test('one that starts while the home cluster is away, with members from files, works', async () => {
  home.fault = () => ({ kind: 'unreachable', message: 'connection refused' });
  const one = replica('one');
  ends = [one.end];
  await world.clock.advance(10_000);
  expect(holders()).toEqual(MEMBERS.map(() => undefined));
  await world.clock.advance(10_000);
  expect([holders(), arrived('10.1.0.5')]).toEqual([all('one'), true]);
});

test.each<[string, KubeFailure]>([
  ['may not keep the Lease', { kind: 'forbidden', code: 403, message: 'cannot get leases' }],
  ['has no namespace for it', { kind: 'notFound', code: 404, message: 'not found' }],
])('one that %s works as if it were alone, and says so', async (_what, failure) => {
  home.fault = () => failure;
  const one = replica('one');
  ends = [one.end];
  await world.clock.advance(2_000);
  expect([holders(), one.hub.status().problems.map(({ reason }) => reason)]).toEqual([all('one'), ['NoActiveLease']]);
});
