/**
 * The whole hub with members that fail: what is broken in one concerns nobody else, and nothing is deleted on a doubt.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { subjectText } from '../../core/api/problem.js';
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

let world: FakeFederation;

const ours = (id: string): string[] =>
  [...world.cluster(id).objects]
    .filter(([, object]) => object.metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub')
    .map(([name]) => name)
    .toSorted();
const mirrors = (id: string): string[] => ours(id).filter((name) => name.startsWith('services/'));
const peers = (id: string): string[] => ours(id).filter((name) => name.startsWith('peers/'));
const state = (id: string): string | undefined =>
  world
    .hub()
    .status()
    .members.find((member) => member.id === id)?.state;
const endpointsOf = (id: string): string[] =>
  [...world.cluster(id).objects.values()].flatMap((object) =>
    object.kind === 'EndpointSlice' && object.metadata.labels?.['kilofed.io/managed-by'] !== undefined
      ? (object as KubeObject & { endpoints: { addresses: string[] }[] }).endpoints.flatMap(({ addresses }) => addresses)
      : [],
  );

beforeEach(async () => {
  world = createFakeFederation(['east', 'west', 'north']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
  world.start();
  await world.clock.advance(1_000);
  expect(mirrors('west')).toEqual(['services/demo/web']);
  expect(peers('west')).toHaveLength(2);
});

afterEach(() => world.end());

describe('a failing member', () => {
  test.each([
    ['that hangs', () => 'hang' as const],
    ['that refuses connections', () => ({ kind: 'unreachable' as const, message: 'connection refused' })],
    ['that answers 500', () => ({ kind: 'server' as const, message: 'internal error' })],
    ['that answers 429', () => ({ kind: 'tooMany' as const, message: 'slow down', retryAfterMs: 1_000 })],
    ['that forbids everything', () => ({ kind: 'forbidden' as const, message: 'no' })],
  ])('%s holds up nobody, loses nothing, and catches up', async (_name, fault) => {
    const north = world.cluster('north');
    north.fault = fault;
    north.endWatches();
    exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.6'] });
    exportService(world.cluster('east'), 'shop', { addresses: ['10.1.0.7'] });
    await world.clock.advance(1_000);
    expect(endpointsOf('west').toSorted()).toEqual(['10.1.0.6', '10.1.0.7']);
    await world.clock.advance(120_000);
    expect(state('north')).not.toBe('ready');
    expect(peers('west')).toHaveLength(2);
    north.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(state('north')).toBe('ready');
    expect(endpointsOf('north').toSorted()).toEqual(['10.1.0.6', '10.1.0.7']);
  });

  test('that is removed meanwhile keeps what the hub wrote there, and the log says so', async () => {
    const before = ours('north');
    const north = world.cluster('north');
    north.fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    north.endWatches();
    await world.clock.advance(120_000);
    world.declared = ['east', 'west'];
    world.reread();
    await world.clock.advance(62_000);
    expect(ours('north')).toEqual(before);
    expect(world.warnings).toContainEqual([
      'A member was removed while it was not ready: what the hub wrote there stays',
      { member: 'north', state: 'unreachable', reason: 'connection refused' },
    ]);
    const told = (): string[] =>
      world
        .hub()
        .status()
        .problems.map(({ reason, message }) => `${reason}: ${message}`);
    expect(told()).toEqual([
      expect.stringMatching(/^LeftBehind: north was removed, .*: connection refused: delete .* kilofed forget member north$/),
    ]);
    expect(world.hub().forget('north').ok).toBe(true);
    expect(told()).toEqual([]);
  });

  test('that forbids writes only is told, and served when it does not', async () => {
    const north = world.cluster('north');
    north.fault = ({ method }) => (method === 'PATCH' ? { kind: 'forbidden', message: 'may not patch' } : undefined);
    exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.6'] });
    await world.clock.advance(5_000);
    expect(endpointsOf('west')).toEqual(['10.1.0.6']);
    expect(
      world
        .hub()
        .status()
        .services[0]?.importers.find(({ cluster }) => cluster === 'north'),
    ).toMatchObject({
      state: 'pending',
      reason: 'may not patch',
    });
    north.fault = () => undefined;
    await world.clock.advance(60_000);
    expect(endpointsOf('north')).toEqual(['10.1.0.6']);
  });
});

describe('doubt', () => {
  test('another cluster under the same id is refused, and nothing goes', async () => {
    const before = [ours('west'), ours('north')];
    const east = world.cluster('east');
    east.silently(() => {
      for (const name of ['web']) east.drop(RESOURCE.service, name, 'demo');
      east.drop(RESOURCE.meshNode, 'n1');
      east.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u-other' } });
    });
    east.endWatches();
    await world.clock.advance(60_000);
    expect(state('east')).toBe('refused');
    expect([ours('west'), ours('north')]).toEqual(before);
    world.declared = ['west', 'north'];
    world.reread();
    expect(world.hub().forget('east').ok).toBe(true);
    await world.clock.advance(2_000);
    expect(mirrors('west')).toEqual([]);
    world.declared = ['east', 'west', 'north'];
    world.reread();
    await world.clock.advance(2_000);
    expect(state('east')).toBe('ready');
  });

  test('a list that lost most of everything is asked for again before it is believed', async () => {
    const east = world.cluster('east');
    for (let index = 0; index < 30; index += 1) exportService(east, `s${index}`, { addresses: [`10.1.0.${index + 10}`] });
    await world.clock.advance(1_000);
    expect(mirrors('west')).toHaveLength(31);
    const lists = east.lists(RESOURCE.service);
    for (let index = 0; index < 30; index += 1) east.drop(RESOURCE.service, `s${index}`, 'demo');
    await world.clock.advance(2_000);
    expect(east.lists(RESOURCE.service)).toBeGreaterThan(lists);
    expect(mirrors('west')).toEqual(['services/demo/web']);
  });

  test("a hub that starts while a member is away leaves what is that member's", async () => {
    await world.end();
    const before = [ours('west'), ours('north')];
    const writes = world.clusters().map((cluster) => cluster.writes.length);
    world.cluster('east').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.start();
    await world.clock.advance(120_000);
    expect(state('east')).toBe('connecting');
    expect([ours('west'), ours('north')]).toEqual(before);
    expect(world.clusters().map((cluster) => cluster.writes.length)).toEqual(writes);
    world.cluster('east').fault = () => undefined;
    await world.clock.advance(60_000);
    expect(state('east')).toBe('ready');
    expect(world.clusters().map((cluster) => cluster.writes.length)).toEqual(writes);
  });

  test('I2: a hub that starts while a member is dead decides nothing for ten seconds; with all there it begins at once', async () => {
    await world.end();
    exportService(world.cluster('west'), 'db', { addresses: ['10.2.0.5'] });
    const writes = world.clusters().map((cluster) => cluster.writes.length);
    world.cluster('east').fault = () => ({ kind: 'unreachable', message: 'connection refused' });
    world.start();
    await world.clock.advance(9_900);
    expect(world.clusters().map((cluster) => cluster.writes.length)).toEqual(writes);
    await world.clock.advance(200);
    expect(mirrors('north')).toContain('services/demo/db');
    world.cluster('east').fault = () => undefined;
    await world.end();
    exportService(world.cluster('west'), 'db2', { addresses: ['10.2.0.6'] });
    world.start();
    await world.clock.advance(100);
    expect(mirrors('north')).toContain('services/demo/db2');
  });

  test('I2, S31: what came from a member that the hub is not told of stays, and is told; once it is forgotten, it goes', async () => {
    const unknown = (): string[] =>
      world
        .hub()
        .status()
        .problems.filter(({ reason }) => reason === 'UnknownMember')
        .map(({ message }) => message);
    const before = [ours('west'), ours('north')];
    await world.end();
    world.declared = ['west', 'north'];
    world.start();
    await world.clock.advance(3_600_000);
    expect([ours('west'), ours('north')]).toEqual(before);
    expect(unknown()).toEqual([
      expect.stringMatching(/^east is not declared to this hub; what came from it to north, west stays: .* kilofed forget member east/),
    ]);
    expect(['east', 'west', 'esat'].map(world.hub().knows)).toEqual([true, true, false]);
    expect(world.hub().forget('east')).toEqual({ ok: true, value: undefined });
    await world.clock.advance(1_000);
    expect([mirrors('west'), peers('west').length, unknown()]).toEqual([[], 1, []]);
  });

  test('I2: a member that is declared again late has everything as it was', async () => {
    const before = [ours('west'), ours('north')];
    await world.end();
    world.declared = ['west', 'north'];
    world.start();
    await world.clock.advance(60_000);
    world.declared = ['east', 'west', 'north'];
    world.reread();
    await world.clock.advance(5_000);
    expect([ours('west'), ours('north'), world.hub().status().problems]).toEqual([...before, []]);
  });

  test('a kubeconfig that is gone for a moment removes nobody', async () => {
    world.declared = ['west', 'north'];
    world.reread();
    await world.clock.advance(500);
    world.declared = ['east', 'west', 'north'];
    world.reread();
    await world.clock.advance(5_000);
    expect(mirrors('west')).toEqual(['services/demo/web']);
    expect(world.cluster('west').writes.some((write) => write.startsWith('DELETE'))).toBe(false);
  });

  test('a Mesh that becomes unreadable stops the clock, not the traffic', async () => {
    const before = ours('west');
    world.cluster('east').put({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'Mesh',
      metadata: { name: 'default' },
      spec: { planes: 99 },
    });
    await world.clock.advance(5_000);
    expect(ours('west')).toEqual(before);
    expect(
      world
        .hub()
        .status()
        .problems.some(({ cluster, reason }) => cluster === 'east' && reason === 'BadMesh'),
    ).toBe(true);
  });
});

test('of two members that overlap, a third keeps the prefix with who had it, also across a restart', async () => {
  const prefixes = (source: string): string[] =>
    [...world.cluster('east').objects.values()]
      .flatMap((object) =>
        object.kind === 'Peer' && object.metadata.labels?.['kilofed.io/cluster'] === source
          ? (object as KubeObject & { spec: { allowedIPs: string[] } }).spec.allowedIPs
          : [],
      )
      .toSorted();
  expect([prefixes('north'), prefixes('west')]).toEqual([
    ['10.3.0.0/24', '10.4.3.1/32'],
    ['10.2.0.0/24', '10.4.2.1/32'],
  ]);
  const north = world.cluster('north');
  const node = north.objects.get('meshnodes/n3') as KubeObject & { spec: { podCIDRs: string[] } };
  north.put({ ...node, spec: { ...node.spec, podCIDRs: ['10.3.0.0/24', '10.2.0.0/24'] } });
  await world.clock.advance(1_000);
  const settled = [
    ['10.3.0.0/24', '10.4.3.1/32'],
    ['10.2.0.0/24', '10.4.2.1/32'],
  ];
  expect([prefixes('north'), prefixes('west')]).toEqual(settled);
  expect(
    world
      .hub()
      .status()
      .problems.filter(({ reason }) => reason === 'PrefixTaken')
      .map(({ cluster, subject }) => `${cluster} ${subjectText(subject)}`),
  ).toEqual(['north pair east']);
  expect(
    world
      .hub()
      .status()
      .pairs.filter(({ state: each }) => each === 'refused')
      .map(({ from, to }) => `${from} ${to}`)
      .toSorted(),
  ).toEqual(['north west', 'west north']);
  const writes = world.clusters().map((cluster) => cluster.writes.length);
  await world.end();
  world.start();
  await world.clock.advance(5_000);
  expect(
    world
      .hub()
      .status()
      .pairs.filter(({ state: each }) => each === 'linked'),
  ).toHaveLength(4);
  expect(world.clusters().map((cluster) => cluster.writes.length)).toEqual(writes);
  north.put({ ...node });
  await world.clock.advance(1_000);
  expect(
    world
      .hub()
      .status()
      .pairs.filter(({ state: each }) => each === 'linked'),
  ).toHaveLength(6);
});

test('why a member cannot import a Service stays known to the exporter, also across a restart without that member', async () => {
  const ready = (): unknown => {
    const found: Conditioned | undefined = world.cluster('east').objects.get('serviceexports/demo/web');
    const condition = found?.status?.conditions?.find(({ type }) => type === 'Ready');
    return [condition?.status, condition?.message];
  };
  expect(ready()).toEqual(['True', '']);
  const west = world.cluster('west');
  const node = west.objects.get('meshnodes/n2') as KubeObject & { spec: { podCIDRs: string[] } };
  west.put({ ...node, spec: { ...node.spec, podCIDRs: ['10.1.0.0/24'] } });
  await world.clock.advance(1_000);
  const told = ['False', expect.stringMatching(/^west: pod CIDR 10\.1\.0\.0\/24 is used by east and west/)];
  expect(ready()).toEqual(told);
  const writes = world.clusters().map((cluster) => cluster.writes.length);
  await world.end();
  west.fault = () => ({ kind: 'unreachable', message: 'connection refused' });
  world.start();
  await world.clock.advance(60_000);
  expect(ready()).toEqual(told);
  expect(world.clusters().map((cluster) => cluster.writes.length)).toEqual(writes);
  west.fault = () => undefined;
  west.put({ ...node });
  await world.clock.advance(60_000);
  expect(ready()).toEqual(['True', '']);
});
