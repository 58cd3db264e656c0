/**
 * How many requests each event costs the members' API servers. Each costs a round trip, a write to disk, and an event to whoever watches;
 * so another one is a decision, and is written down here.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation, putService, putSlice } from './fakeFederation.js';

type Requests = Readonly<Record<'east' | 'west', readonly string[]>>;

let world: FakeFederation;
const MEMBERS = ['east', 'west'] as const;
const addresses = ['10.1.0.5'];

beforeEach(async () => {
  world = createFakeFederation(MEMBERS);
  exportService(world.cluster('east'), 'first', { addresses });
  world.start();
  await world.clock.advance(5_000);
});

afterEach(() => world.end());

const listsOf = (id: string): number => Object.values(RESOURCE).reduce((sum, resource) => sum + world.cluster(id).lists(resource), 0);

/** What is written in each member, as verb and resource, in order; `LIST` for each list. */
async function requestsOf(event: () => void): Promise<Requests> {
  const before = new Map(MEMBERS.map((id) => [id, { writes: world.cluster(id).writes.length, lists: listsOf(id) }]));
  event();
  await world.clock.advance(20_000);
  const of = (id: (typeof MEMBERS)[number]): readonly string[] => [
    ...world
      .cluster(id)
      .writes.slice(before.get(id)?.writes)
      .map((write) => write.replace(/ .*\/namespaces\/[^/]+\/([^/]+)(\/[^/]+)?/, ' $1')),
    ...Array.from({ length: listsOf(id) - (before.get(id)?.lists ?? 0) }, () => 'LIST'),
  ];
  return { east: of('east'), west: of('west') };
}

/** Somebody's Service, that is not exported. */
function plainService(name: string): void {
  world.cluster('east').put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'demo' },
    spec: { type: 'ClusterIP', clusterIP: '10.101.0.1', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP' }] },
  });
}

const EXPORTED: Requests = {
  // A second later people are told of it: on both objects there, and on the Service here. Of the first five at once only.
  east: [
    'PATCH serviceimports',
    'PATCH serviceimports/status',
    'PATCH serviceexports',
    'PATCH serviceexports/status',
    'POST events',
    'POST events',
  ],
  west: ['PATCH services', 'PATCH endpointslices', 'PATCH serviceimports', 'PATCH serviceimports/status', 'POST events'],
};
const NOTHING: Requests = { east: [], west: [] };

describe('requests of', () => {
  test.each<[string, () => void, Requests]>([
    ['a Service that is made with its annotation, after its endpoints', () => exported('slice first'), EXPORTED],
    ['a Service that is made with its annotation, before its endpoints', () => exported('service first'), EXPORTED],
    [
      'other endpoints of an export',
      () => putSlice(world.cluster('east'), 'first', { addresses: ['10.1.0.6'] }),
      { east: [], west: ['PATCH endpointslices'] },
    ],
    ['the same endpoints, written again', () => putSlice(world.cluster('east'), 'first', { addresses }), NOTHING],
    ['the same Service, written again', () => putService(world.cluster('east'), 'first', {}), NOTHING],
    ['other endpoints of a Service that is not exported', () => putSlice(world.cluster('east'), 'other', { addresses }), NOTHING],
    [
      'an export that ends',
      () => plainService('first'),
      {
        // A second later people are told of it in each.
        east: ['DELETE serviceimports', 'DELETE serviceexports', 'POST events'],
        west: ['DELETE endpointslices', 'DELETE services', 'DELETE serviceimports', 'POST events'],
      },
    ],
  ])('%s', async (_what, event, expected) => {
    expect(await requestsOf(event)).toEqual(expected);
  });

  test('a Service that stands for long and is annotated then, now and again', async () => {
    plainService('old');
    putSlice(world.cluster('east'), 'old', { addresses });
    await world.clock.advance(60_000);
    for (let round = 0; round < 2; round += 1) {
      expect(await requestsOf(() => putService(world.cluster('east'), 'old', {}))).toEqual(EXPORTED);
      await requestsOf(() => plainService('old'));
    }
  });

  test('a hub that starts anew: none; and one where an endpoint has changed meanwhile', async () => {
    await world.end();
    const anew = await requestsOf(() => world.start());
    expect(anew.west.filter((each) => each !== 'LIST')).toEqual([]);
    expect(anew.east.filter((each) => each !== 'LIST')).toEqual([]);
    await world.end();
    putSlice(world.cluster('east'), 'first', { addresses: ['10.1.0.7'] });
    const changed = await requestsOf(() => world.start());
    expect(changed.west.filter((each) => each !== 'LIST')).toEqual(['PATCH endpointslices']);
    expect(changed.east.filter((each) => each !== 'LIST')).toEqual([]);
  });

  test('two hundred exports at once: as much for each, and those that packets need come first', async () => {
    const all = await requestsOf(() => {
      for (let n = 0; n < 200; n += 1) exportService(world.cluster('east'), `s${n}`, { addresses });
    });
    const west = all.west.filter((each) => each !== 'POST events');
    const served = west.map((each) => !each.startsWith('PATCH serviceimports'));
    expect(served.filter(Boolean)).toHaveLength(400);
    expect(west).toHaveLength(800);
    expect(served.lastIndexOf(true)).toBeLessThan(served.length - 150);
    expect(all.east.filter((each) => each !== 'POST events')).toHaveLength(800);
    expect(all.west.length - west.length).toBeLessThanOrEqual(20);
    expect(all.east.length).toBeLessThanOrEqual(820);
  });
});

function exported(order: 'slice first' | 'service first'): void {
  const east = world.cluster('east');
  if (order === 'slice first') putSlice(east, 'new', { addresses });
  putService(east, 'new', {});
  if (order === 'service first') putSlice(east, 'new', { addresses });
}
