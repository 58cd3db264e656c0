/**
 * In the whole hub: a Service that is reached by its ClusterIP, of a member whose ranges of Services are declared.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type KubeObject } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putSlice } from './fakeFederation.js';
import { restartWritesNothing } from './restart.js';
import { tunnel } from './gatewayReports.js';

interface Written extends KubeObject {
  readonly spec?: { readonly allowedIPs?: readonly string[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message: string }[] };
  readonly ports?: readonly { readonly port: number }[];
  readonly endpoints?: readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready?: boolean } }[];
}

const ASKS = { 'kilofed.io/export': 'true', 'kilofed.io/endpoints': 'clusterip' };
/** Of `demo/web` in east, whose ranges of Services the fakes have as 10.101.0.0/16. */
const CLUSTER_IP = '10.101.0.1';
const POD = '10.1.0.5';
const RANGE = '10.101.0.0/16';

let world: FakeFederation;

const objects = (where: string, kind: string): Written[] =>
  ([...world.cluster(where).objects.values()] as Written[]).filter(
    (object) => object.kind === kind && object.metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub',
  );
/** What stands for east's Service in west. */
const mirrored = (): unknown[] =>
  objects('west', 'EndpointSlice').flatMap(({ ports, endpoints = [] }) =>
    endpoints.map(({ addresses, conditions }) => [addresses[0], ports?.[0]?.port, conditions.ready]),
  );
const routedTo = (member: string, where = 'west'): string[] =>
  objects(where, 'Peer')
    .filter(({ metadata }) => metadata.labels?.['kilofed.io/cluster'] === member)
    .flatMap(({ spec }) => spec?.allowedIPs ?? []);
const valid = (): string | undefined =>
  objects('east', 'ServiceExport')[0]?.status?.conditions?.find(({ type }) => type === 'Valid')?.reason;
const problems = (): string[] =>
  world
    .hub()
    .status()
    .problems.map(({ cluster, reason, message }) => `${cluster} ${reason}: ${message}`);
const settled = (): Promise<void> => world.clock.advance(3_000);

async function declare(terms: FakeFederation['terms']): Promise<void> {
  world.terms = terms;
  world.reread();
  await settled();
}

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: [POD], annotations: ASKS });
  world.start();
  await settled();
});

afterEach(() => world.end());

test('without a declared range its pods serve, and it is told; with one its ClusterIP does, and again without', async () => {
  const byPods = (): void => {
    expect([mirrored(), routedTo('east').includes(RANGE), valid()]).toEqual([[[POD, 8080, true]], false, 'ClusterIPNotRouted']);
  };
  byPods();
  await declare({ east: { serviceCIDRs: [RANGE] } });
  expect([mirrored(), routedTo('east').includes(RANGE), valid()]).toEqual([[[CLUSTER_IP, 80, true]], true, 'Valid']);
  await restartWritesNothing(world);
  await declare({});
  byPods();
  await restartWritesNothing(world);
});

test('it is ready while a pod is, and pods that come and go write nothing', async () => {
  await declare({ east: { serviceCIDRs: [RANGE] } });
  const writes = world.cluster('west').writes.length;
  putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.6', '10.1.0.7'] });
  await settled();
  expect([mirrored(), world.cluster('west').writes.length]).toEqual([[[CLUSTER_IP, 80, true]], writes]);
  putSlice(world.cluster('east'), 'web', {});
  await settled();
  expect(mirrored()).toEqual([[CLUSTER_IP, 80, false]]);
});

test('while no link leads there it is not ready', async () => {
  await declare({ east: { serviceCIDRs: [RANGE] } });
  const report = (more: object): void =>
    world.cluster('west').put({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'GatewayReport',
      metadata: { name: 'n3' },
      spec: { links: [tunnel('east', 'location:', more), tunnel('north', 'location:')] },
    });
  report({ state: 'down', reason: 'NoAnswer', inUse: false });
  await settled();
  expect(mirrored()).toEqual([[CLUSTER_IP, 80, false]]);
  report({});
  await world.clock.advance(5_000);
  expect(mirrored()).toEqual([[CLUSTER_IP, 80, true]]);
});

test.each([
  ['that the target has itself', { west: { serviceCIDRs: undefined } }, '10.103.0.0/16', 'LocalNetwork'],
  ['of its own pods', {}, '10.1.0.0/16', 'NotAllowed'],
  ['around its nodes', {}, '10.77.1.0/24', 'NotAllowed'],
  ['of the Internet', {}, '203.0.113.0/24', 'NotAllowed'],
  ['too wide', {}, '10.0.0.0/7', 'NotAllowed'],
])('a range %s is not routed, and its pods serve', async (_what, _others, range, reason) => {
  await declare({ east: { serviceCIDRs: [range] } });
  expect([routedTo('east').includes(range), mirrored()]).toEqual([false, [[POD, 8080, true]]]);
  expect(problems()).toEqual(expect.arrayContaining([expect.stringContaining(` ${reason}: `)]));
});

test('of two members with one range the one that has it keeps it, and the pods of the other serve', async () => {
  await declare({ north: { serviceCIDRs: [RANGE] } });
  expect([routedTo('north').includes(RANGE), routedTo('east').includes(RANGE)]).toEqual([true, false]);
  await declare({ north: { serviceCIDRs: [RANGE] }, east: { serviceCIDRs: [RANGE] } });
  expect([routedTo('north').includes(RANGE), routedTo('east').includes(RANGE)]).toEqual([true, false]);
  expect(mirrored()).toEqual([[POD, 8080, true]]);
  expect(problems()).toEqual(expect.arrayContaining([expect.stringContaining('east PrefixTaken: '), expect.stringContaining('Partial: ')]));
  await declare({ east: { serviceCIDRs: [RANGE] } });
  expect([routedTo('north').includes(RANGE), mirrored()]).toEqual([false, [[CLUSTER_IP, 80, true]]]);
});

test('what a member says of its Services alone routes nothing, and no pod has such an address', async () => {
  putSlice(world.cluster('east'), 'web', { addresses: [POD, '10.101.0.7'] });
  await declare({ east: { serviceCIDRs: [RANGE] } });
  exportService(world.cluster('east'), 'pods', { addresses: ['10.1.0.9', '10.101.0.7'] });
  await settled();
  expect(mirrored()).toEqual(
    expect.arrayContaining([
      [CLUSTER_IP, 80, true],
      ['10.1.0.9', 8080, true],
    ]),
  );
  expect(mirrored()).toHaveLength(2);
  expect([routedTo('north').includes('10.102.0.0/16'), routedTo('west', 'east').includes('10.103.0.0/16')]).toEqual([false, false]);
});
