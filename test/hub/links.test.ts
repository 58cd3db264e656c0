/**
 * What gateways report of their tunnels, as the hub's status tells it: by segment, in both directions, and only as far as somebody knows.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ReportedLink } from '../../core/api/gatewayReport.js';
import { RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, reportLinks } from './fakeFederation.js';
import { tunnel } from './gatewayReports.js';

let world: FakeFederation;

beforeEach(async () => {
  world = createFakeFederation(['east', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(1_000);
});

afterEach(() => world.end());

function report(id: 'east' | 'west', ...links: readonly ReportedLink[]): void {
  reportLinks(world.cluster(id), id === 'east' ? 1 : 2, links);
}

const states = (): string[] =>
  world
    .hub()
    .status()
    .links.map(
      ({ from, to, state, reason }) => `${from.member} ${from.segment} > ${to.member} ${to.segment}: ${state}${reason ? ` ${reason}` : ''}`,
    );

const EAST_WEST = 'east location: > west location:';
const WEST_EAST = 'west location: > east location:';
const OLDER = { since: '2025-01-01T00:00:00Z' };
const DOWN = { state: 'down', reason: 'NoAnswer', inUse: false } as const;

describe('a link is what the gateways at its beginning report', () => {
  test.each<readonly [what: string, east: readonly ReportedLink[], west: readonly ReportedLink[], expected: readonly [string, string]]>([
    ['nobody reports', [], [], ['unknown', 'unknown']],
    ['both ends say that it works', [tunnel('west', 'location:')], [tunnel('east', 'location:')], ['up', 'up']],
    ['one end says that it works', [tunnel('west', 'location:')], [], ['up', 'unknown']],
    ['one end hears nothing', [tunnel('west', 'location:')], [tunnel('east', 'location:', DOWN)], ['up', 'down NoAnswer']],
    [
      'one of two tunnels works',
      [tunnel('west', 'location:'), tunnel('west', 'location:', { ...DOWN, slot: 1 })],
      [tunnel('east', 'location:')],
      ['degraded NoAnswer', 'up'],
    ],
    [
      'what is reported of others, and of what is not registered here, is nothing',
      [tunnel('north', 'location:'), tunnel('west', 'location:lyon', DOWN)],
      [tunnel('west', 'location:'), tunnel('east', 'location:', { member: undefined })],
      ['unknown', 'unknown'],
    ],
  ])('%s', async (_what, east, west, [there, back]) => {
    report('east', ...east);
    report('west', ...west);
    await world.clock.advance(100);
    expect(states()).toEqual([`${EAST_WEST}: ${there}`, `${WEST_EAST}: ${back}`]);
  });

  test('a report that goes takes what it said along', async () => {
    report('east', tunnel('west', 'location:'));
    await world.clock.advance(100);
    expect(states()[0]).toBe(`${EAST_WEST}: up`);
    world.cluster('east').drop(RESOURCE.gatewayReport, 'n1');
    await world.clock.advance(100);
    expect(states()[0]).toBe(`${EAST_WEST}: unknown`);
  });

  test('what a node said that Kubernetes has lost is not known any more', async () => {
    report('east', tunnel('west', 'location:'));
    await world.clock.advance(100);
    setReady('east', { status: 'False', reason: 'NodeLost', message: 'Kubernetes has lost contact with its kubelet' });
    await world.clock.advance(1_000);
    expect(states()[0]).toBe(`${EAST_WEST}: unknown`);
    setReady('east', { status: 'True', reason: 'Meshed', message: '' });
    await world.clock.advance(1_000);
    expect(states()[0]).toBe(`${EAST_WEST}: up`);
  });

  test('figures, and when it began', async () => {
    report('east', tunnel('west', 'location:', { ...OLDER, rttMilliseconds: 12, lossPercent: 1 }));
    await world.clock.advance(100);
    expect(world.hub().status().links[0]).toMatchObject({
      since: OLDER.since,
      planes: [{ node: 'n1', rttMilliseconds: 12, lossPercent: 1 }],
    });
  });
});

describe('a member without reports is a member', () => {
  test.each([
    ['whose API server does not know them', { kind: 'notFound', message: 'the server could not find the requested resource' }],
    ['whose API server refuses them', { kind: 'forbidden', message: 'gatewayreports is forbidden' }],
  ] as const)('%s', async (_what, failure) => {
    await world.end();
    report('east', tunnel('west', 'location:'));
    world.cluster('east').fault = ({ path }) => (path.includes('gatewayreports') ? failure : undefined);
    world.start();
    await world.clock.advance(1_000);
    const { members, services } = world.hub().status();
    expect(members.map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(services[0]?.importers).toMatchObject([{ cluster: 'west', state: 'mirrored' }]);
    expect(states()[0]).toBe(`${EAST_WEST}: unknown`);
    world.cluster('east').fault = () => undefined;
    await world.clock.advance(60_000);
    expect(states()[0]).toBe(`${EAST_WEST}: up`);
  });

  test('one that does not answer for them is waited for, and not for long', async () => {
    await world.end();
    world.cluster('east').fault = ({ path }) => (path.includes('gatewayreports') ? 'hang' : undefined);
    world.start();
    await world.clock.advance(5_000);
    expect(world.hub().status().members[0]?.state).toBe('connecting');
    await world.clock.advance(120_000);
    expect(world.hub().status().members[0]?.state).toBe('ready');
  });
});

function setReady(id: string, condition: { readonly status: string; readonly reason: string; readonly message: string }): void {
  const cluster = world.cluster(id);
  const node = [...cluster.objects.values()].find(({ kind }) => kind === 'MeshNode');
  if (node === undefined) throw new Error('no MeshNode');
  const { status } = node as { readonly status?: object };
  const conditions = [{ type: 'Ready', lastTransitionTime: '2026-01-01T00:00:00Z', ...condition }];
  cluster.put({ ...node, status: { ...status, conditions } });
}
