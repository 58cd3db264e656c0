/**
 * S12, S39, S41, in the whole hub: endpoints are ready in a member where its own gateways reach them, and nowhere else.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ReportedLink } from '../../core/api/gatewayReport.js';
import type { KubeObject } from '../../core/api/resources.js';
import { withReadiness } from '../../core/services/readiness.js';
import { createFakeFederation, exportService, type FakeFederation, putSlice } from './fakeFederation.js';
import { tunnel } from './gatewayReports.js';

interface SliceObject extends KubeObject {
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready?: boolean; readonly serving?: boolean };
  }[];
}

const NODES: Readonly<Record<string, string>> = { east: 'n1', north: 'n2', west: 'n3' };
const DOWN = { state: 'down', reason: 'NoAnswer', inUse: false } as const;
const LOCATION = 'location:';
let world: FakeFederation;

/** What is mirrored of a member's in another. */
function slicesIn(where: string, from = 'east'): SliceObject[] {
  return [...world.cluster(where).objects.values()].filter(
    ({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kilofed.io/cluster'] === from,
  ) as SliceObject[];
}

/** Of each endpoint its address, and `ready`, `not ready` or `serving`. */
function readiness(where: string, from = 'east'): Record<string, string> {
  const endpoints = slicesIn(where, from).flatMap((slice) => slice.endpoints);
  return Object.fromEntries(
    endpoints.map(({ addresses, conditions: { ready, serving } }) => [
      addresses[0],
      ready === true ? 'ready' : ready === false && serving === false ? 'not ready' : 'serving',
    ]),
  );
}

function report(where: string, ...links: readonly ReportedLink[]): void {
  const metadata = { name: NODES[where] ?? '' };
  world.cluster(where).put({ apiVersion: 'kilofed.io/v1alpha1', kind: 'GatewayReport', metadata, spec: { links } });
}

const sliceWrites = (where: string): string[] => world.cluster(where).writes.filter((write) => write.includes('/endpointslices/'));
const reasons = (): string[] =>
  [
    ...new Set(
      world
        .hub()
        .status()
        .problems.map(({ reason }) => reason),
    ),
  ].toSorted();
const READY = { '10.1.0.5': 'ready' };
const NOT_READY = { '10.1.0.5': 'not ready' };

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(1_000);
  report('west', tunnel('east', LOCATION), tunnel('north', LOCATION));
  report('north', tunnel('east', LOCATION), tunnel('west', LOCATION));
  await world.clock.advance(20_000);
  expect([readiness('west'), readiness('north')]).toEqual([READY, READY]);
});

afterEach(() => world.end());

describe('S12: API server and links are two signals', () => {
  test('the link is down: not ready there, and only there, half a second later; back when it is up', async () => {
    report('west', tunnel('east', LOCATION, DOWN));
    await world.clock.advance(450);
    expect(readiness('west')).toEqual(READY);
    await world.clock.advance(150);
    expect([readiness('west'), readiness('north')]).toEqual([NOT_READY, READY]);
    expect(world.hub().status().services[0]?.importers).toEqual(
      expect.arrayContaining([
        { cluster: 'west', state: 'mirrored', service: 'web', reason: 'endpoints of east count as not ready: no link to them works' },
      ]),
    );
    report('west', tunnel('east', LOCATION));
    await world.clock.advance(1_400);
    expect(readiness('west')).toEqual(NOT_READY);
    await world.clock.advance(200);
    expect(readiness('west')).toEqual(READY);
    expect(slicesIn('west')[0]?.metadata.annotations).not.toHaveProperty('kilofed.io/withheld');
  });

  test('the API server is away and the link is up: the last state stays', async () => {
    const before = sliceWrites('west').length;
    world.cluster('east').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.cluster('east').endWatches();
    await world.clock.advance(600_000);
    expect([readiness('west'), sliceWrites('west').length]).toEqual([READY, before]);
  });

  test('both are away: not ready, and ready as soon as traffic gets there again', async () => {
    world.cluster('east').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.cluster('east').endWatches();
    report('west', tunnel('east', LOCATION, DOWN));
    await world.clock.advance(600);
    expect(readiness('west')).toEqual(NOT_READY);
    await world.clock.advance(60_000);
    report('west', tunnel('east', LOCATION));
    await world.clock.advance(1_600);
    expect(readiness('west')).toEqual(READY);
  });

  test("what the exporter's own gateways say of the link decides nothing in others", async () => {
    report('east', tunnel('west', LOCATION, DOWN), tunnel('north', LOCATION, DOWN));
    await world.clock.advance(5_000);
    expect([readiness('west'), readiness('north')]).toEqual([READY, READY]);
  });

  test.each<[string, Partial<ReportedLink>]>([
    ['whose agent is gone, while WireGuard answers', { ...DOWN, reason: 'AgentGone' }],
    ['that is not known', { state: 'unknown', inUse: false }],
    ['that loses large packets', { reason: 'LargePackets' }],
  ])('a tunnel %s takes nothing away', async (_name, more) => {
    const before = sliceWrites('west').length;
    report('west', tunnel('east', LOCATION, more));
    await world.clock.advance(60_000);
    expect([readiness('west'), sliceWrites('west').length]).toEqual([READY, before]);
  });

  test('one of two tunnels fails, or one gateway and then the other: nothing is written', async () => {
    const before = sliceWrites('west').length;
    for (const down of [0, 1, 0]) {
      report('west', ...[0, 1].map((slot) => tunnel('east', LOCATION, { slot, ...(slot === down && DOWN) })));
      await world.clock.advance(2_000);
    }
    expect([readiness('west'), sliceWrites('west').length]).toEqual([READY, before]);
  });
});

test.each([1_500, 3_000])('a link that flaps every %i ms: two changes at most while it does', async (periodMs) => {
  const before = sliceWrites('west').length;
  for (let index = 0; index < 10; index += 1) {
    report('west', tunnel('east', LOCATION, DOWN));
    await world.clock.advance(periodMs);
    report('west', tunnel('east', LOCATION));
    await world.clock.advance(periodMs);
  }
  expect(sliceWrites('west').length - before).toBeLessThanOrEqual(2);
  await world.clock.advance(25_000);
  expect([readiness('west'), sliceWrites('west').length - before]).toEqual([READY, 2]);
});

describe('a hub that starts', () => {
  test.each<[string, Partial<ReportedLink>, Record<string, string>]>([
    ['while the link is up', {}, READY],
    ['while the link is down', DOWN, NOT_READY],
  ])('%s writes nothing', async (_name, more, expected) => {
    report('west', tunnel('east', LOCATION, more));
    await world.clock.advance(5_000);
    await world.end();
    const before = world.clusters().map(({ writes }) => writes.length);
    world.start();
    await world.clock.advance(20_000);
    expect(readiness('west')).toEqual(expected);
    expect(world.clusters().map(({ writes }) => writes.length)).toEqual(before);
  });

  test('takes back what the cluster-agent withheld meanwhile, with one write', async () => {
    await world.end();
    const [slice] = slicesIn('west');
    if (slice === undefined) throw new Error('no slice');
    world.cluster('west').put({ ...withReadiness(slice, () => true) });
    expect(readiness('west')).toEqual(NOT_READY);
    const before = sliceWrites('west').length;
    world.start();
    await world.clock.advance(5_000);
    expect([readiness('west'), sliceWrites('west').length - before]).toEqual([READY, 1]);
    expect(slicesIn('west')[0]?.metadata.annotations).not.toHaveProperty('kilofed.io/withheld');
  });
});

test('a hub that starts while the link is down finds what the cluster-agent wrote, and writes nothing', async () => {
  await world.end();
  const [slice] = slicesIn('west');
  if (slice === undefined) throw new Error('no slice');
  world.cluster('west').put({ ...withReadiness(slice, () => true) });
  report('west', tunnel('east', LOCATION, DOWN), tunnel('north', LOCATION));
  const before = sliceWrites('west').length;
  world.start();
  await world.clock.advance(20_000);
  expect([readiness('west'), sliceWrites('west').length - before]).toEqual([NOT_READY, 0]);
});

test('what the exporter says while the link is down is known when it is up', async () => {
  report('west', tunnel('east', LOCATION, DOWN));
  await world.clock.advance(1_000);
  putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.6', '10.1.0.7'] });
  await world.clock.advance(100);
  expect(readiness('west')).toEqual({ '10.1.0.6': 'not ready', '10.1.0.7': 'not ready' });
  report('west', tunnel('east', LOCATION));
  await world.clock.advance(2_000);
  expect(readiness('west')).toEqual({ '10.1.0.6': 'ready', '10.1.0.7': 'ready' });
});

test('S39: of a member with two locations, only what lies behind the one that is cut off', async () => {
  world.cluster('east').put({
    apiVersion: 'kilofed.io/v1alpha1',
    kind: 'MeshNode',
    metadata: { name: 'lyon' },
    spec: {
      publicKey: Buffer.alloc(32, 9).toString('base64'),
      endpoints: [{ host: '192.0.2.9', port: 51820 }],
      internalIPs: ['10.77.9.1/24'],
      podCIDRs: ['10.1.9.0/24'],
      location: 'lyon',
    },
    status: { meshAddresses: ['10.4.1.9'], slot: 0 },
  });
  putSlice(world.cluster('east'), 'web', { addresses: ['10.1.0.5', '10.1.9.5'] });
  report('west', tunnel('east', LOCATION), tunnel('east', 'location:lyon'));
  await world.clock.advance(2_000);
  report('west', tunnel('east', LOCATION), tunnel('east', 'location:lyon', DOWN));
  await world.clock.advance(1_000);
  expect(readiness('west')).toEqual({ '10.1.0.5': 'ready', '10.1.9.5': 'not ready' });
  report('west', tunnel('east', LOCATION, DOWN), tunnel('east', 'location:lyon'));
  await world.clock.advance(2_000);
  expect(readiness('west')).toEqual({ '10.1.0.5': 'not ready', '10.1.9.5': 'ready' });
});

describe('S41: endpoints of a member that joins are ready when there is a link', () => {
  beforeEach(async () => {
    world.declared = ['north', 'west'];
    world.reread();
    await world.clock.advance(180_000);
    expect(slicesIn('west')).toEqual([]);
    world.declared = ['east', 'north', 'west'];
    report('west', tunnel('north', LOCATION));
    world.reread();
    await world.clock.advance(1_000);
  });

  test('and not before', async () => {
    expect(readiness('west')).toEqual(NOT_READY);
    report('west', tunnel('north', LOCATION), tunnel('east', LOCATION, { state: 'unknown' }));
    await world.clock.advance(1_000);
    expect(readiness('west')).toEqual(NOT_READY);
    report('west', tunnel('north', LOCATION), tunnel('east', LOCATION));
    await world.clock.advance(50);
    expect(readiness('west')).toEqual(READY);
    expect(reasons()).toEqual([]);
  });

  test('nor while it is said to be down', async () => {
    report('west', tunnel('north', LOCATION), tunnel('east', LOCATION, { ...DOWN, reason: 'NoHandshake' }));
    await world.clock.advance(60_000);
    expect(readiness('west')).toEqual(NOT_READY);
  });

  test('and after ten seconds if nobody says anything', async () => {
    await world.clock.advance(12_000);
    expect(readiness('west')).toEqual(READY);
  });
});
