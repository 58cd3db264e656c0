/**
 * The metric that says how long a change takes from one member into another.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

let world: FakeFederation;

beforeEach(async () => {
  world = createFakeFederation(['east', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(5_000);
});

afterEach(() => world.end());

/** The slice of `web`, changed so many milliseconds ago. */
function changeSlice(address: string, agoMs: number): void {
  const time = new Date(world.clock.wall() - agoMs).toISOString();
  world.cluster('east').put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-1',
      namespace: 'demo',
      labels: { 'kubernetes.io/service-name': 'web' },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': time },
    },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
}

async function measured(kind: string): Promise<readonly string[]> {
  const { body } = await world.hub().metrics.expose();
  const of = (what: string): string =>
    new RegExp(`^kilofed_hub_end_to_end_seconds_${what}\\{kind="${kind}"\\} (.*)$`, 'm').exec(body)?.[1] ?? '-';
  return [of('count'), of('sum')];
}

test('counts from when the pod changed, for what is written elsewhere, and not what a hub finds when it starts', async () => {
  expect(await measured('EndpointSlice')).toEqual(['-', '-']);
  changeSlice('10.1.0.6', 700);
  await world.clock.advance(1_000);
  expect(await measured('EndpointSlice')).toEqual(['1', '0.7']);
  changeSlice('10.1.0.6', 0);
  await world.clock.advance(1_000);
  expect(await measured('EndpointSlice')).toEqual(['1', '0.7']);
  changeSlice('10.1.0.7', -5_000);
  await world.clock.advance(1_000);
  expect(await measured('EndpointSlice')).toEqual(['2', '0.7']);
  changeSlice('10.1.0.8', 1e10);
  await world.clock.advance(1_000);
  expect(await measured('EndpointSlice')).toEqual(['3', '3600.7']);
  await world.end();
  changeSlice('10.1.0.9', 900);
  world.start();
  await world.clock.advance(5_000);
  expect(await measured('EndpointSlice')).toEqual(['-', '-']);
});

test('of a new export it counts from when the Service was written, to the second', async () => {
  const time = new Date(world.clock.wall() - 1_400).toISOString();
  world.cluster('east').put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'new',
      namespace: 'demo',
      annotations: { 'kilofed.io/export': 'true' },
      managedFields: [{ manager: 'kubectl', time }],
    },
    spec: { type: 'ClusterIP', clusterIP: '10.101.0.1', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }] },
  } as never);
  await world.clock.advance(1_000);
  expect(await measured('Service')).toEqual(['1', '1.4']);
});
