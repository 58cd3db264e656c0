/**
 * A whole member is taken out of what the others import, and taken in again: in the whole hub, by what is declared beside its kubeconfig.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import type { FederationStatus } from '../../core/api/status.js';
import type { MemberTerms } from '../../hub/members/terms.js';
import { createFakeFederation, exportService, type FakeFederation, putSlice } from './fakeFederation.js';

interface SliceObject extends KubeObject {
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready?: boolean; readonly serving?: boolean };
  }[];
}

let world: FakeFederation;

/** Of each endpoint of ours in a member, whether it is ready. One that is neither ready nor serving is not. */
function readiness(where: string): Record<string, boolean> {
  const slices = [...world.cluster(where).objects.values()].filter(
    ({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub',
  ) as SliceObject[];
  return Object.fromEntries(
    slices.flatMap(({ endpoints }) =>
      endpoints.map(({ addresses, conditions }) => [addresses[0], conditions.ready !== false || conditions.serving === true]),
    ),
  );
}

const member = (id: string): FederationStatus['members'][number] | undefined =>
  world
    .hub()
    .status()
    .members.find((each) => each.id === id);
const importers = (name: string): (string | undefined)[] =>
  world
    .hub()
    .status()
    .services.filter((service) => service.name === name)
    .flatMap((service) =>
      service.importers.map(({ cluster, state, reason }) => [cluster, state, ...(reason === undefined ? [] : [reason])].join(' ')),
    );

async function declare(terms: Readonly<Record<string, MemberTerms>>): Promise<void> {
  world.terms = terms;
  world.reread();
  await world.clock.advance(1_000);
}

function writes(): string[] {
  return world.clusters().flatMap((cluster) => cluster.writes.filter((write) => !write.includes('/leases/')));
}

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  exportService(world.cluster('north'), 'web', { addresses: ['10.2.0.5'] });
  world.start();
  await world.clock.advance(3_000);
  expect(readiness('west')).toEqual({ '10.1.0.5': true, '10.2.0.5': true });
});

afterEach(() => world.end());

describe('drain', () => {
  test('holds back what others have of the member, and nothing in itself; afterwards all is as before', async () => {
    exportService(world.cluster('east'), 'only', { addresses: ['10.1.0.6'] });
    await world.clock.advance(1_000);
    const before = world.clusters().map(({ objects }) => JSON.stringify([...objects].filter(([key]) => key.startsWith('endpointslices'))));
    await declare({ east: { drained: true } });
    expect(readiness('west')).toEqual({ '10.1.0.5': false, '10.1.0.6': false, '10.2.0.5': true });
    expect(readiness('east')).toEqual({ '10.1.0.5': true, '10.2.0.5': true });
    expect([member('east')?.drain, member('north')?.drain]).toEqual([{ serving: [], unread: [] }, undefined]);
    expect(importers('only')).toEqual([
      'north mirrored endpoints of east count as not ready: drained',
      'west mirrored endpoints of east count as not ready: drained',
    ]);
    expect(world.hub().status().problems).toEqual([]);
    await declare({});
    const after = world.clusters().map(({ objects }) => JSON.stringify([...objects].filter(([key]) => key.startsWith('endpointslices'))));
    expect(after.map((text) => text.replaceAll(/"resourceVersion":"\d+"/g, ''))).toEqual(
      before.map((text) => text.replaceAll(/"resourceVersion":"\d+"/g, '')),
    );
  });

  test('endpoints of a drained member follow, and stay held back; a new export of it is mirrored so', async () => {
    await declare({ east: { drained: true } });
    putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.7', '10.1.0.8'] });
    exportService(world.cluster('east'), 'late', { addresses: ['10.1.0.9'] });
    await world.clock.advance(1_000);
    expect(readiness('west')).toEqual({ '10.1.0.7': false, '10.1.0.8': false, '10.1.0.9': false, '10.2.0.5': true });
  });

  test('a hub that restarts writes nothing, and says the same', async () => {
    await declare({ east: { drained: true } });
    await world.end();
    const before = writes();
    world.start();
    await world.clock.advance(5_000);
    expect(writes()).toEqual(before);
    expect(member('east')?.drain).toEqual({ serving: [], unread: [] });
  });

  test('a member that does not answer is named: endpoints may serve there', async () => {
    world.cluster('west').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.cluster('west').endWatches();
    await world.clock.advance(20_000);
    await declare({ east: { drained: true } });
    expect(member('east')?.drain).toEqual({ serving: [{ cluster: 'west', endpoints: 1 }], unread: ['west'] });
    world.cluster('west').fault = () => undefined;
    await world.clock.advance(30_000);
    expect(member('east')?.drain).toEqual({ serving: [], unread: [] });
  });
});

describe('cordon', () => {
  test('nothing more is imported; what stands stays, follows, and survives a restart of the hub', async () => {
    await declare({ east: { cordoned: true } });
    exportService(world.cluster('east'), 'late', { addresses: ['10.1.0.9'] });
    putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.7'] });
    await world.clock.advance(1_000);
    expect(readiness('west')).toEqual({ '10.1.0.7': true, '10.2.0.5': true });
    const reason = 'pending east: east is cordoned, so nothing more is imported from it';
    expect(importers('late')).toEqual([expect.stringContaining(`north ${reason}`), expect.stringContaining(`west ${reason}`)]);
    expect([
      member('east')?.cordoned,
      world
        .hub()
        .status()
        .problems.map((problem) => [problem.cluster, problem.reason]),
    ]).toEqual([
      true,
      [
        ['north', 'MemberCordoned'],
        ['west', 'MemberCordoned'],
      ],
    ]);
    await world.end();
    const before = writes();
    world.start();
    await world.clock.advance(5_000);
    expect([writes(), readiness('west')]).toEqual([before, { '10.1.0.7': true, '10.2.0.5': true }]);
    await declare({});
    expect(readiness('west')).toEqual({ '10.1.0.7': true, '10.1.0.9': true, '10.2.0.5': true });
  });
});
