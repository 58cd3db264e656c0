/**
 * In the whole hub: who serves among the members that export a Service, behind its mirrors and behind the own Service of a cluster whose
 * owner consents.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { planReadiness } from '../../cluster-agent/planReadiness.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, type FakeFederation, putSlice } from './fakeFederation.js';
import { restartWritesNothing } from './restart.js';
import { tunnel } from './gatewayReports.js';

interface SliceObject extends KubeObject {
  readonly endpoints: readonly { readonly addresses: readonly string[]; readonly conditions: Conditions }[];
}

interface Conditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

let world: FakeFederation;
const [EAST, NORTH, WEST] = ['10.1.0.5', '10.2.0.5', '10.3.0.5'] as const;

/** `demo/web` of a member, and its endpoints. */
function putWeb(where: string, addresses: readonly string[], annotations: Readonly<Record<string, string>> = {}): void {
  world.cluster(where).put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'demo', annotations: { 'kilofed.io/export': 'true', ...annotations } },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.101.0.1',
      ipFamilies: ['IPv4'],
      selector: { app: 'web' },
      ports: [{ port: 80, protocol: 'TCP' }],
    },
  });
  putSlice(world.cluster(where), 'web', { addresses });
}

function ownSlices(where: string): SliceObject[] {
  return [...world.cluster(where).objects.values()].filter(
    ({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub',
  ) as SliceObject[];
}

function joinedToOwn(where: string): SliceObject[] {
  return ownSlices(where).filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web');
}

/** Addresses of others that serve behind a Service there: `own` or `derived`. */
function serving(where: string, name: 'own' | 'derived'): string[] {
  return addressesOf(where, name, ({ ready }) => ready !== false);
}

/** Likewise those that kube-proxy sends to as soon as none is ready (KEP-1669). */
function standingBy(where: string, name: 'own' | 'derived'): string[] {
  return addressesOf(where, name, ({ ready, serving: serves, terminating }) => ready === false && serves === true && terminating === true);
}

function addressesOf(where: string, name: 'own' | 'derived', isWanted: (conditions: Conditions) => boolean): string[] {
  return ownSlices(where)
    .filter(({ metadata }) => (metadata.labels?.['kubernetes.io/service-name'] === 'web') === (name === 'own'))
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ conditions }) => isWanted(conditions))
    .flatMap(({ addresses }) => addresses)
    .toSorted();
}

/** The member that a written slice of west's is of. */
function sourceOf(write: string): string | undefined {
  return ownSlices('west').find(({ metadata }) => write.endsWith(`/${metadata.name}`))?.metadata.labels?.['kilofed.io/cluster'];
}

const writes = (where: string): string[] => world.cluster(where).writes.filter((write) => write.includes('/endpointslices/'));
const settled = (): Promise<void> => world.clock.advance(1_000);

beforeEach(async () => {
  world = createFakeFederation(['east', 'north', 'west']);
  world.start();
  await settled();
});

afterEach(() => world.end());

describe('preferred members', () => {
  beforeEach(async () => {
    putWeb('east', [EAST], { 'kilofed.io/prefer': 'east,north' });
    await settled();
    putWeb('north', [NORTH]);
    await settled();
  });

  test('the first serves alone; the next when it has nothing ready, and the first again', async () => {
    expect([serving('west', 'own'), standingBy('west', 'own')]).toEqual([[EAST], [NORTH]]);
    putSlice(world.cluster('east'), 'web', {});
    await settled();
    expect([serving('west', 'own'), standingBy('west', 'own')]).toEqual([[NORTH], []]);
    putSlice(world.cluster('east'), 'web', { addresses: [EAST] });
    await settled();
    expect(serving('west', 'own')).toEqual([EAST]);
    await restartWritesNothing(world);
  });

  test('what comes is ready before what goes is held back', async () => {
    const seen: string[][] = [];
    putSlice(world.cluster('east'), 'web', {});
    await settled();
    world.cluster('west').fault = ({ method }) => {
      if (method === 'PATCH') seen.push(serving('west', 'own'));
      return undefined;
    };
    putSlice(world.cluster('east'), 'web', { addresses: [EAST] });
    await settled();
    expect(seen.every((each) => each.length > 0)).toBe(true);
    expect([serving('west', 'own'), seen.length]).toEqual([[EAST], 2]);
  });

  test('the next serves when no link to the first works, and when it is drained', async () => {
    const report = (more: object): void =>
      world.cluster('west').put({
        apiVersion: 'kilofed.io/v1alpha1',
        kind: 'GatewayReport',
        metadata: { name: 'n3' },
        spec: { links: [tunnel('east', 'location:', more), tunnel('north', 'location:')] },
      });
    const before = writes('west').length;
    report({ state: 'down', reason: 'NoAnswer', inUse: false });
    await settled();
    expect(serving('west', 'own')).toEqual([NORTH]);
    // What cannot be reached goes first: kube-proxy sends to what stands by at once.
    expect(writes('west').slice(before).map(sourceOf)).toEqual(['east', 'north']);
    report({});
    await world.clock.advance(3_000);
    expect(serving('west', 'own')).toEqual([EAST]);
    world.terms = { east: { drained: true } };
    world.reread();
    await settled();
    expect(serving('west', 'own')).toEqual([NORTH]);
    await restartWritesNothing(world);
  });

  test('by labels of members, which may change', async () => {
    putWeb('east', [EAST], { 'kilofed.io/prefer': 'region=eu' });
    world.terms = { north: { labels: { region: 'eu' } } };
    world.reread();
    await settled();
    expect(serving('west', 'own')).toEqual([NORTH]);
    world.terms = { east: { labels: { region: 'eu' } } };
    world.reread();
    await settled();
    expect(serving('west', 'own')).toEqual([EAST]);
  });

  test('a change of the list, or of weights, moves the traffic', async () => {
    putWeb('east', [EAST], { 'kilofed.io/prefer': 'north' });
    await settled();
    expect(serving('west', 'own')).toEqual([NORTH]);
    putWeb('east', [EAST, '10.1.0.6', '10.1.0.7'], { 'kilofed.io/weights': 'east=2,north=1' });
    await settled();
    expect(serving('west', 'own')).toHaveLength(3);
    putWeb('east', [EAST, '10.1.0.6', '10.1.0.7'], { 'kilofed.io/weights': 'east=0,north=1' });
    await settled();
    expect(serving('west', 'own')).toEqual([NORTH]);
    await restartWritesNothing(world);
  });
});

describe('affinity', () => {
  const consent = async (affinity: string): Promise<void> => {
    putWeb('east', [EAST]);
    await settled();
    putWeb('west', [WEST], { 'kilofed.io/affinity': affinity });
    await settled();
  };

  test('local: the own name leads to others while nothing of its own is ready, and no longer', async () => {
    await consent('local');
    expect([serving('west', 'own'), serving('west', 'derived')]).toEqual([[], [WEST]]);
    const before = world.clock.now();
    putSlice(world.cluster('west'), 'web', {});
    while (serving('west', 'own').length === 0) await world.clock.advance(10);
    expect(world.clock.now() - before).toBeLessThan(300);
    expect([serving('west', 'own'), serving('west', 'derived')]).toEqual([[EAST], [EAST]]);
    putSlice(world.cluster('west'), 'web', { addresses: [WEST] });
    await settled();
    expect([serving('west', 'own'), serving('west', 'derived')]).toEqual([[], [WEST]]);
    await restartWritesNothing(world);
  });

  test('local: others stand by while one of its own is ready, so that nobody has to write when the last goes', async () => {
    putWeb('north', [NORTH]);
    await consent('local');
    putWeb('west', [WEST], { 'kilofed.io/affinity': 'local', 'kilofed.io/prefer': 'east,north' });
    await settled();
    expect([serving('west', 'own'), standingBy('west', 'own')]).toEqual([[], [EAST]]);
    expect([serving('west', 'derived'), standingBy('west', 'derived')]).toEqual([[WEST], [EAST]]);
    await restartWritesNothing(world);
    putSlice(world.cluster('west'), 'web', {});
    await settled();
    expect([serving('west', 'own'), standingBy('west', 'own')]).toEqual([[EAST], [NORTH]]);
    await restartWritesNothing(world);
  });

  test('what the cluster-agent writes while the hub is away is what a hub that is back would write', async () => {
    await consent('local');
    await world.end();
    putSlice(world.cluster('west'), 'web', {});
    const objects = [...world.cluster('west').objects.values()];
    const planned = planReadiness({
      slices: objects.filter(({ kind }) => kind === 'EndpointSlice'),
      imports: objects.filter(({ kind }) => kind === 'ServiceImport'),
      reach: new Map([['east', [{ allowedIPs: ['10.1.0.0/24'], reached: true }]]]),
      localReady: () => ({ IPv4: 0 }),
    });
    for (const slice of planned) world.cluster('west').put({ ...slice });
    expect([serving('west', 'own'), serving('west', 'derived')]).toEqual([[EAST], [EAST]]);
    const before = writes('west').length;
    world.start();
    await world.clock.advance(20_000);
    expect([serving('west', 'own'), serving('west', 'derived')]).toEqual([[EAST], [EAST]]);
    // That west has none of its own any more: the cluster-agent changes no addresses.
    expect(writes('west').length - before).toBe(1);
  });

  test('none: all alike; and the Service itself is never written', async () => {
    const toService = (): string[] => world.cluster('west').writes.filter((write) => write.endsWith('/services/web'));
    await consent('none');
    const before = toService().length;
    expect([serving('west', 'own'), serving('west', 'derived')]).toEqual([[EAST], [EAST, WEST]]);
    await world.clock.advance(120_000);
    expect(serving('west', 'own')).toEqual([EAST]);
    expect(toService().length).toBe(before);
    // What is joined to it in west is no endpoint of west.
    expect(serving('east', 'derived')).toEqual([EAST, WEST]);
    await restartWritesNothing(world);
  });

  test('the slices go with the consent, with the last other export, and with the member', async () => {
    await consent('none');
    putWeb('west', [WEST]);
    await settled();
    expect(serving('west', 'own')).toEqual([]);
    putWeb('west', [WEST], { 'kilofed.io/affinity': 'none' });
    await settled();
    expect(serving('west', 'own')).toEqual([EAST]);
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(5_000);
    expect(joinedToOwn('west')).toEqual([]);
    // The derived Service keeps its address, and has what is left.
    expect(serving('west', 'derived')).toEqual([WEST]);
    putWeb('east', [EAST]);
    await settled();
    expect(serving('west', 'own')).toEqual([EAST]);
    world.declared = ['north', 'west'];
    world.reread();
    await world.clock.advance(180_000);
    expect(joinedToOwn('west')).toEqual([]);
    expect(serving('west', 'derived')).toEqual([WEST]);
  });

  test('a value that is not understood is no consent', async () => {
    await consent('sometimes');
    expect([serving('west', 'own'), serving('west', 'derived')]).toEqual([[], [EAST, WEST]]);
  });

  test('of one that un-exports, its endpoints go, and those of others stay', async () => {
    await consent('none');
    putWeb('north', [NORTH]);
    await settled();
    expect(serving('west', 'own')).toEqual([EAST, NORTH]);
    const before = writes('west').filter((write) => write.startsWith('DELETE')).length;
    world.cluster('east').drop(RESOURCE.service, 'web', 'demo');
    await world.clock.advance(5_000);
    expect(serving('west', 'own')).toEqual([NORTH]);
    expect(writes('west').filter((write) => write.startsWith('DELETE')).length - before).toBe(2);
  });
});
