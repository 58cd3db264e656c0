/**
 * A member that exports more than another has room for: what stands there stays, and what others export has its place.
 */
import { afterEach, expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, type FakeFederation, putService } from './fakeFederation.js';

let world: FakeFederation;

afterEach(() => world.end());

const mirrors = (id: string): string[] =>
  [...world.cluster(id).objects]
    .filter(([key, { metadata }]) => key.startsWith('services/') && metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub')
    .map(([key]) => key.slice('services/demo/'.length))
    .toSorted();
const problems = (reason: string): string[] =>
  world
    .hub()
    .status()
    .problems.filter((problem) => problem.reason === reason)
    .map(({ cluster, message }) => `${cluster}: ${message}`);

test('H8.5: a member cannot use up the Service addresses of another, also not by a restart of the hub', async () => {
  world = createFakeFederation(['east', 'evil', 'west']);
  world.cluster('west').put({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'Mesh',
    metadata: { name: 'default' },
    spec: { wireguardCIDRs: ['10.4.3.0/24'] },
    status: { serviceCIDRs: ['10.103.0.0/28'] },
  });
  for (let n = 0; n < 9; n += 1) putService(world.cluster('evil'), `m${n}`, {});
  world.start();
  await world.clock.advance(5_000);
  expect(mirrors('west')).toEqual(['m0', 'm1', 'm2', 'm3']);
  putService(world.cluster('evil'), 'a', {});
  for (const name of ['shop', 'web']) putService(world.cluster('east'), name, {});
  await world.clock.advance(5_000);
  expect(mirrors('west')).toEqual(['m0', 'm1', 'm2', 'm3', 'shop', 'web']);
  expect(mirrors('east')).toHaveLength(10);
  const message =
    'west: its Service range has room for 4 Services of one member, 8 of all, so these of evil are not imported: ' +
    'demo/a, demo/m4, demo/m5, demo/m6, demo/m7 and 1 more';
  expect(problems('TooManyImports')).toEqual([message]);

  await world.end();
  world.start();
  await world.clock.advance(15_000);
  expect(mirrors('west')).toEqual(['m0', 'm1', 'm2', 'm3', 'shop', 'web']);
  expect(world.cluster('west').writes.filter((write) => write.startsWith('DELETE'))).toEqual([]);
  expect(problems('TooManyImports')).toEqual([message]);

  world.cluster('evil').drop(RESOURCE.service, 'm1', 'demo');
  await world.clock.advance(90_000);
  expect(mirrors('west')).toHaveLength(6);
  expect(mirrors('west')).not.toContain('m1');
});
