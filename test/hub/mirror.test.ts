/**
 * How a mirror follows its exporter, in every state that a watcher sees. The same on real API servers: mirrorSuite.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putService, putSlice } from './fakeFederation.js';
import { type MirrorHistory, recordMirror } from './mirrorHistory.js';

interface Service extends KubeObject {
  readonly spec: { readonly ports: readonly { readonly name: string }[] };
}

const addresses = ['10.1.0.5'];
let world: FakeFederation;
let history: MirrorHistory;

const portsInWest = (): string[] =>
  (world.cluster('west').objects.get('services/demo/web') as Service | undefined)?.spec.ports.map(({ name }) => name) ?? [];

beforeEach(async () => {
  world = createFakeFederation(['east', 'west']);
  exportService(world.cluster('east'), 'web', { addresses, ports: ['http', 'grpc'] });
  world.start();
  await world.clock.advance(1_000);
  expect(portsInWest()).toEqual(['http', 'grpc']);
  history = await recordMirror(world.cluster('west'), 'demo', 'web');
});

afterEach(async () => {
  history.stop();
  await world.end();
});

describe('ports', () => {
  test.each([
    ['renamed', ['web', 'grpc']],
    ['swapped', ['grpc', 'http']],
    ['renamed to a name that was another port before', ['grpc', 'rest']],
    ['added', ['http', 'grpc', 'admin']],
  ])('%s: none lacks the endpoints it had, whichever of Service and slices is seen first', async (_what, ports) => {
    const east = world.cluster('east');
    const writes = [() => putService(east, 'web', { ports }), () => putSlice(east, 'web', { addresses, ports })];
    for (const order of [writes, writes.toReversed()]) {
      for (const write of order) {
        write();
        await world.clock.advance(300);
      }
      expect(portsInWest()).toEqual(ports);
      exportService(east, 'web', { addresses, ports: ['http', 'grpc'] });
      await world.clock.advance(300);
      expect(portsInWest()).toEqual(['http', 'grpc']);
    }
    expect(history.gaps()).toEqual([]);
    expect(history.changes()).toBeGreaterThan(2);
  });

  test('removed: the Service loses it before the slices, as at the exporter', async () => {
    const east = world.cluster('east');
    putService(east, 'web', { ports: ['http'] });
    await world.clock.advance(300);
    putSlice(east, 'web', { addresses, ports: ['http'] });
    await world.clock.advance(300);
    expect(portsInWest()).toEqual(['http']);
    expect(history.gaps()).toEqual([]);
  });

  test('that no slice ever has are waited for two seconds, once', async () => {
    const east = world.cluster('east');
    putService(east, 'web', { ports: ['lost'] });
    await world.clock.advance(1_500);
    expect(portsInWest()).toEqual(['http', 'grpc']);
    await world.clock.advance(1_000);
    expect(portsInWest()).toEqual(['lost']);
    putService(east, 'web', { ports: ['lost', 'too'] });
    await world.clock.advance(300);
    expect(portsInWest()).toEqual(['lost', 'too']);
  });

  test('of a Service whose endpoints are all gone change at once', async () => {
    putSlice(world.cluster('east'), 'web', { ports: ['http', 'grpc'] });
    putService(world.cluster('east'), 'web', { ports: ['web'] });
    await world.clock.advance(300);
    expect(portsInWest()).toEqual(['web']);
  });
});
