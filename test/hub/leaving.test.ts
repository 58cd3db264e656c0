/**
 * What becomes of a member that is removed and declared again meanwhile, or into which the hub may not write.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';
import { createFakeFederation, exportService, type FakeFederation, putExport } from './fakeFederation.js';

const MINUTE = 60_000;
let world: FakeFederation;

beforeEach(async () => {
  world = createFakeFederation(['east', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(3_000);
});

afterEach(() => world.end());

function declare(...ids: readonly string[]): void {
  world.declared = ids;
  world.reread();
}

const problems = (): string[] =>
  world
    .hub()
    .status()
    .problems.map(({ cluster = 'hub', reason, message }) => `${cluster} ${reason}: ${message}`);

/** Writes the Lease of west as another hub would, or the member itself. */
function putLease(federation: string, holderIdentity: string): void {
  const metadata = { name: 'kilofed-hub', namespace: 'kilofed', annotations: { 'kilofed.io/federation': federation } };
  world.cluster('west').put({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: { holderIdentity } });
}

test('I11: one that is declared again while it is cleaned up is not told of as left behind, and has everything again', async () => {
  const before = [...world.cluster('west').objects.keys()].toSorted();
  let hangs = true;
  world.cluster('west').fault = ({ method }) => (method === 'DELETE' && hangs ? 'hang' : undefined);
  declare('east');
  await world.clock.advance(61_000);
  declare('east', 'west');
  await world.clock.advance(2_000);
  hangs = false;
  await world.clock.advance(MINUTE);
  expect([problems(), [...world.cluster('west').objects.keys()].toSorted()]).toEqual([[], before]);
});

test('what a member that leaves keeps of people has no conditions of the hub any more', async () => {
  const west = world.cluster('west');
  exportService(west, 'shop', { addresses: ['10.3.0.5'], annotations: {} });
  putExport(west, 'shop');
  putExport(west, 'alone');
  await world.clock.advance(3_000);
  const conditions = (name: string): number => {
    const { status } = west.objects.get(`serviceexports/demo/${name}`) as {
      readonly status?: { readonly conditions?: readonly unknown[] };
    };
    return status?.conditions?.length ?? 0;
  };
  expect([conditions('shop'), conditions('alone')]).toEqual([3, 1]);
  declare('east');
  await world.clock.advance(2 * MINUTE);
  expect([conditions('shop'), conditions('alone'), problems()]).toEqual([0, 0, []]);
  declare('east', 'west');
  await world.clock.advance(MINUTE);
  expect([conditions('shop'), conditions('alone')]).toEqual([3, 1]);
});

test('what is being written into a member when it leaves is deleted, too, and its Lease is free', async () => {
  await world.end();
  let writing = false;
  const isWriting = (): boolean => writing;
  // An API server that has read a request does what it says, also when nobody waits for the answer any more.
  const slow = (client: KubeClient): KubeClient => ({
    ...client,
    async call<T>({ signal: _signal, ...request }: KubeRequest): Promise<KubeResult<T>> {
      if (request.method === 'PATCH' && request.path.includes('/peers/')) {
        writing = true;
        await new Promise<void>((resolve) => void world.clock.after(500, resolve));
      }
      return client.call<T>(request);
    },
  });
  world = createFakeFederation(['east', 'west'], { clientOf: (_id, cluster) => slow(cluster.connect()) });
  world.start();
  for (let tries = 0; tries < 100; tries += 1) if (!isWriting()) await world.clock.advance(100);
  declare('east');
  expect(world.hub().forget('west')).toEqual({ ok: true, value: undefined });
  await world.clock.advance(10_000);
  const left = [...world.cluster('west').objects.values()].filter(
    ({ metadata }) => metadata.labels?.['kilofed.io/managed-by'] !== undefined,
  );
  const lease = world.cluster('west').objects.get('leases/kilofed/kilofed-hub');
  expect([writing, left, lease?.metadata.annotations, problems()]).toEqual([true, [], undefined, []]);
});

test('I2: nobody is told to delete what stands in a member that another federation has', async () => {
  putLease('other', 'other/hub');
  await world.clock.advance(15_000);
  expect(problems()).toEqual([expect.stringContaining('it belongs to federation other')]);
  declare('east');
  await world.clock.advance(2 * MINUTE);
  expect([problems(), world.cluster('west').objects.has('services/demo/web')]).toEqual([[], true]);
});

test('I2: what a member says of its federation stands in no command that people copy, unless it is a name', async () => {
  putLease('x; rm -rf ~', 'x');
  await world.clock.advance(15_000);
  expect(problems().join('\n')).toContain('west Refused: its Lease');
  expect(problems().join('\n')).not.toContain('rm -rf');
});

describe('S12: a member that is read is not away, whatever keeps the hub from writing there', () => {
  const forbidden: KubeFailure = { kind: 'forbidden', message: 'leases is forbidden', code: 403 };
  test.each<[string, () => void]>([
    ['no right to the Lease', () => (world.cluster('east').fault = ({ path }) => (path.includes('/leases') ? forbidden : undefined))],
    [
      'no namespace for the Lease',
      () => {
        world.cluster('east').fault = ({ path }) =>
          path.includes('/leases') ? { kind: 'notFound', message: 'namespaces "kilofed" not found', code: 404 } : undefined;
      },
    ],
  ])('%s', async (_what, begin) => {
    world.terms = { east: { timeToLiveMs: 2 * MINUTE } };
    world.reread();
    begin();
    await world.clock.advance(10 * MINUTE);
    expect(problems().filter((each) => /Withdrawn/.test(each))).toEqual([]);
    expect([world.hub().status().members[0]?.state, world.cluster('west').objects.has('services/demo/web')]).toEqual(['refused', true]);
    expect(world.deletions).toEqual([]);
  });
});

test('S12: of a member that is withdrawn nobody says that what came from it stays', async () => {
  world.terms = { east: { timeToLiveMs: 2 * MINUTE } };
  world.reread();
  world.cluster('east').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
  world.cluster('east').endWatches();
  await world.clock.advance(MINUTE);
  expect(problems().join('\n')).toContain('stays for its time to live');
  await world.clock.advance(2 * MINUTE);
  expect(problems().join('\n')).toContain('east Withdrawn');
  expect(problems().join('\n')).not.toContain('stays for its time to live');
});
