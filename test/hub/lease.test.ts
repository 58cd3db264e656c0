/**
 * One hub writes into a member: a second one of the federation waits, one of another federation stays away, and a hub that is started again
 * goes on at once.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import type { KubeFailure } from '../../kube/wire/client.js';
import type { Hub } from '../../hub/hub.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

let world: FakeFederation;

const LEASE = 'leases/kilofed/kilofed-hub';
/** The hub's objects in a member, with their versions. */
const ours = (id: string): string[] =>
  [...world.cluster(id).objects]
    .filter(([, { metadata }]) => metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub')
    .map(([key, { metadata }]) => `${key} ${metadata.resourceVersion}`)
    .toSorted();
const all = (): string[][] => ['east', 'north', 'west'].map(ours);
const holder = (id: string): unknown =>
  (world.cluster(id).objects.get(LEASE) as { spec?: { holderIdentity?: string } } | undefined)?.spec?.holderIdentity;
const states = (hub: Hub): Record<string, string> => Object.fromEntries(hub.status().members.map(({ id, state }) => [id, state]));
const writes = (): number => world.clusters().reduce((sum, cluster) => sum + cluster.writes.length, 0);

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(2_000);
});

afterEach(() => world.end());

test('all that the hub writes has the mark of its federation', () => {
  const found = world
    .clusters()
    .flatMap((cluster) =>
      [...cluster.objects.values()].filter(({ metadata }) => metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub'),
    );
  expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['Peer', 'Service', 'EndpointSlice', 'ServiceImport', 'ServiceExport']));
  expect(new Set(found.map(({ metadata }) => metadata.annotations?.['kilofed.io/federation']))).toEqual(new Set(['default']));
});

test('I2: a hub that is started again goes on at once and writes nothing but its Leases', async () => {
  const before = writes();
  await world.end();
  expect(['east', 'north', 'west'].map(holder)).toEqual(['', '', '']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.6'] });
  world.start();
  await world.clock.advance(1_000);
  expect(JSON.stringify([...world.cluster('west').objects.values()])).toContain('10.1.0.6');
  // The new endpoints, in two members.
  expect(writes() - before).toBe(2);
});

test('I2, S47: a second hub of the federation, waits and says so; it takes over at once when the first one ends', async () => {
  const before = all();
  const second = world.join({ instance: 'second' });
  await world.clock.advance(120_000);
  expect([all(), states(second.hub)]).toEqual([before, { east: 'ready', north: 'ready', west: 'ready' }]);
  expect(second.hub.status().problems).toEqual([
    {
      subject: { kind: 'member' },
      reason: 'AnotherHub',
      message: expect.stringMatching(/^the hub default\/test writes into east, north, west, and this one waits/),
    },
  ]);
  expect(world.hub().status().problems).toEqual([]);
  await world.end();
  await world.clock.advance(2_000);
  expect([holder('north'), holder('west'), holder('east')]).toEqual(['default/second', 'default/second', 'default/second']);
  expect([all(), second.hub.status().problems.filter(({ reason }) => reason === 'AnotherHub')]).toEqual([before, []]);
  world.start();
  await world.clock.advance(30_000);
  expect(all()).toEqual(before);
  await second.end();
});

test('I2: a second hub of another federation touches nothing of what is owned, and says whose it is', async () => {
  const before = all();
  const red = world.join({ federation: 'red', declared: ['west'] });
  await world.clock.advance(60_000);
  expect([all(), states(red.hub), holder('west')]).toEqual([before, { west: 'refused' }, 'default/test']);
  expect(red.hub.status().problems.map(({ reason, message }) => [reason, message])).toEqual([
    ['Refused', expect.stringMatching(/^it belongs to federation default: /)],
  ]);
  await world.end();
  await world.clock.advance(60_000);
  expect([all(), states(red.hub)]).toEqual([before, { west: 'refused' }]);
  world.start();
  await red.end();
});

test('I2: also where somebody deletes the Lease, what stands says whose the member is', async () => {
  await world.end();
  const before = all();
  for (const cluster of world.clusters()) cluster.drop(RESOURCE.lease, 'kilofed-hub', 'kilofed');
  const red = world.join({ federation: 'red' });
  await world.clock.advance(60_000);
  expect([all(), states(red.hub)]).toEqual([before, { east: 'refused', north: 'refused', west: 'refused' }]);
  world.start();
  await world.clock.advance(2_000);
  expect(['east', 'north', 'west'].map(holder)).toEqual(Array(3).fill('default/test'));
  await red.end();
});

test('a member that has left its federation may join another one', async () => {
  world.declared = ['east', 'north'];
  world.reread();
  expect(world.hub().forget('west').ok).toBe(true);
  await world.clock.advance(1_000);
  expect([ours('west'), holder('west')]).toEqual([[], '']);
  const red = world.join({ federation: 'red', declared: ['west'] });
  await world.clock.advance(2_000);
  expect([states(red.hub), holder('west')]).toEqual([{ west: 'ready' }, 'red/test']);
  await red.end();
});

test.each<[string, KubeFailure, RegExp]>([
  [
    'account may not',
    { kind: 'forbidden', code: 403, message: 'cannot get leases' },
    /^the account lacks rights: apply the member RBAC .*cannot get leases/,
  ],
  [
    'namespace is missing',
    { kind: 'notFound', code: 404, message: 'not found' },
    /^there is no namespace kilofed for the hub's Lease: apply/,
  ],
])('a member whose %s have the Lease is refused with what to do, and is back by itself', async (_what, failure, reason) => {
  const west = world.cluster('west');
  west.fault = ({ path }) => (path.includes('/leases/') ? failure : undefined);
  // By the next renewal.
  await world.clock.advance(3_500);
  expect(
    world
      .hub()
      .status()
      .members.find(({ id }) => id === 'west'),
  ).toMatchObject({ state: 'refused', reason: expect.stringMatching(reason) });
  west.fault = () => undefined;
  await world.clock.advance(1_500);
  expect([states(world.hub()), world.hub().status().problems]).toEqual([{ east: 'ready', north: 'ready', west: 'ready' }, []]);
});

test('a member whose Lease is away from this hub is not written to, and is made up for when it returns', async () => {
  const west = world.cluster('west');
  west.fault = ({ path }) => (path.includes('/leases/') ? { kind: 'unreachable', message: 'connection refused' } : undefined);
  await world.clock.advance(10_000);
  const before = ours('west');
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.7'] });
  await world.clock.advance(10_000);
  expect(ours('west')).toEqual(before);
  west.fault = () => undefined;
  await world.clock.advance(2_000);
  expect(JSON.stringify([...west.objects.values()])).toContain('10.1.0.7');
});
