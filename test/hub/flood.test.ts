/**
 * A member that has much and changes it all the time, in a process of its own: what the hub carries between two others does not wait, no
 * turn of the event loop is long, and memory has a bound. The figures are in `make bench ONLY=hostile`; here they have much room.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { startHostileMember } from '../hostile/start.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

const MS = 5;
const MIB = 1 << 20;
let ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends) end();
  ends = [];
});

function reached(world: FakeFederation, address: string): boolean {
  return [...world.cluster('west').objects.values()].some(
    (object) =>
      object.kind === 'EndpointSlice' &&
      (object as KubeObject & { endpoints: { addresses: string[] }[] }).endpoints.some(({ addresses }) => addresses.includes(address)),
  );
}

test('H8: a flood of one member delays no other', async () => {
  const hostile = await startHostileMember({ services: 500, meshNodes: 200, changesPerSecond: 500 });
  const credentials = { get: () => Promise.resolve({ headers: {} }), invalidate: () => undefined };
  const client = createKubeClient({ ...hostile, credentials, userAgent: 'test' }, { clock: systemClock });
  ends.push(hostile.stop, client.close);
  const world = createFakeFederation(['east', 'west', 'evil'], {
    clock: systemClock,
    clientOf: (id, cluster) => (id === 'evil' ? client : cluster.client),
  });
  const until = async (done: () => boolean, ms: number): Promise<number> => {
    const began = performance.now();
    while (!done() && performance.now() - began < ms) await new Promise((resolve) => setTimeout(resolve, MS));
    return performance.now() - began;
  };
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.1'] });
  world.start();
  const state = (): string | undefined =>
    world
      .hub()
      .status()
      .members.find(({ id }) => id === 'evil')?.state;
  await until(() => state() === 'ready', 20_000);
  expect(state()).toBe('ready');
  await until(() => false, 1_000);
  const memory = process.memoryUsage.rss();
  const turns = monitorEventLoopDelay({ resolution: 5 });
  turns.enable();
  const took: number[] = [];
  for (let round = 2; round < 22; round += 1) {
    exportService(world.cluster('east'), 'web', { addresses: [`10.1.0.${round}`] });
    took.push(await until(() => reached(world, `10.1.0.${round}`), 5_000));
  }
  turns.disable();
  expect(took.toSorted((a, b) => a - b)[10]).toBeLessThan(500);
  expect(turns.max / 1e6).toBeLessThan(500);
  expect(process.memoryUsage.rss() - memory).toBeLessThan(256 * MIB);
  await world.end();
}, 60_000);
