/**
 * Every problem of a federation, told once and in the words of whoever knows why, from the moment it is there until it is gone.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { subjectText } from '../../core/api/problem.js';
import type { ReportedLink } from '../../core/api/gatewayReport.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { KubeClient } from '../../kube/wire/client.js';
import type { FakeCluster } from './fakeCluster.js';
import { createFakeFederation, exportService, type FakeFederation, reportLinks } from './fakeFederation.js';
import { tunnel } from './gatewayReports.js';

const IDS = ['east', 'north', 'south', 'west'];

let world: FakeFederation;

afterEach(() => world.end());

async function start(ids: readonly string[] = ['east', 'west']): Promise<void> {
  world = createFakeFederation(ids);
  world.start();
  await world.clock.advance(2_000);
}

const problems = (): string[] =>
  world
    .hub()
    .status()
    .problems.map(({ cluster = 'the hub', subject, reason }) => `${cluster}, ${subjectText(subject)}: ${reason}`);
const messages = (): string => JSON.stringify(world.hub().status().problems);

/** What the gateways of a member report of their tunnels to each other one. */
function report(id: string, more: (to: string) => Partial<ReportedLink>): void {
  const ids = world.declared;
  const links = ids.flatMap((to) => (to === id ? [] : [tunnel(to, 'location:', more(to))]));
  reportLinks(world.cluster(id), ids.indexOf(id) + 1, links);
}

const DOWN = { state: 'down', inUse: false, reason: 'NoAnswer' } as const;
const UP = {};

function find(id: string, kind: 'Mesh' | 'MeshNode'): KubeObject {
  const found = [...world.cluster(id).objects.values()].find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

/** Sets the condition Ready of the Mesh, or of the only MeshNode. */
function setReady(id: string, kind: 'Mesh' | 'MeshNode', [reason, message, generation = 1]: readonly [string, string, number?]): void {
  const found = find(id, kind);
  const { status } = found as { readonly status?: object };
  const condition = { type: 'Ready', status: reason === 'Meshed' ? 'True' : 'False', reason, message, observedGeneration: 1 };
  const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }];
  world.cluster(id).put({ ...found, metadata: { ...found.metadata, generation }, status: { ...status, conditions } });
}

describe('I1: all is well only while it is', () => {
  test('nothing is wrong', async () => {
    await start();
    expect(problems()).toEqual([]);
  });

  test('no tunnel between two members works', async () => {
    await start();
    for (const id of ['east', 'west']) report(id, () => DOWN);
    await world.clock.advance(100);
    expect(problems()).toEqual(['east, pair west: LinkDown']);
    expect(messages()).toMatch(/no tunnel between east and west works.*UDP/);
    for (const id of ['east', 'west']) report(id, () => UP);
    await world.clock.advance(100);
    expect(problems()).toEqual([]);
  });

  test('one direction, one tunnel, one end that says nothing', async () => {
    await start();
    report('west', () => DOWN);
    await world.clock.advance(100);
    expect(problems()).toEqual(['east, pair west: LinkDown']);
    expect(messages()).toMatch(/no tunnel between east and west works/);
    reportLinks(world.cluster('west'), 2, [tunnel('east', 'location:'), tunnel('east', 'location:', { ...DOWN, slot: 1 })]);
    await world.clock.advance(100);
    expect(problems()).toEqual(['east, pair west: LinkDegraded']);
    reportLinks(world.cluster('west'), 2, []);
    await world.clock.advance(100);
    expect(problems()).toEqual(['east, pair west: LinkUnknown']);
    expect(messages()).toMatch(/no gateway of west reports on a tunnel to east/);
  });

  test('a member of two locations: as one where all fail, by name where some do', async () => {
    world = createFakeFederation(['east', 'west']);
    const node = find('east', 'MeshNode') as KubeObject & { readonly spec: object };
    const spec = {
      publicKey: Buffer.alloc(32, 9).toString('base64'),
      internalIPs: ['10.78.1.1/24'],
      podCIDRs: ['10.9.0.0/24'],
      location: 'oslo',
    };
    const status = { meshAddresses: ['10.4.1.9'], slot: 0 };
    world.cluster('east').put({ ...node, metadata: { name: 'n9' }, spec: { ...node.spec, ...spec }, status });
    world.start();
    await world.clock.advance(2_000);
    const say = async (south: Partial<ReportedLink>, oslo: Partial<ReportedLink>): Promise<void> => {
      reportLinks(world.cluster('east'), 1, [tunnel('west', 'location:', south)]);
      reportLinks(world.cluster('east'), 9, [tunnel('west', 'location:', oslo)]);
      reportLinks(world.cluster('west'), 2, [tunnel('east', 'location:', south), tunnel('east', 'location:oslo', oslo)]);
      await world.clock.advance(100);
    };
    await say(UP, UP);
    expect(problems()).toEqual([]);
    await say(DOWN, { ...DOWN, reason: 'OneWay' });
    expect(problems()).toEqual(['east, pair west: LinkDown']);
    expect(messages()).toMatch(/no tunnel between east and west works/);
    await say(UP, DOWN);
    expect(problems()).toEqual(['east, pair west: LinkDown']);
    expect(messages()).toMatch(/no tunnel between location oslo of east and the default location of west works/);
  });

  test('a Mesh that is not ready, in the words of its cluster-agent, until it is', async () => {
    await start();
    setReady('west', 'Mesh', ['RangeOverlap', 'spec.wireguardCIDRs overlaps the pod range 10.2.0.0/16']);
    await world.clock.advance(100);
    expect(problems()).toEqual(['west, mesh: RangeOverlap']);
    expect(messages()).toContain('overlaps the pod range 10.2.0.0/16');
    setReady('west', 'Mesh', ['Meshed', '']);
    await world.clock.advance(100);
    expect(problems()).toEqual([]);
  });

  test('a node that is not ready, once: the Mesh only counts it', async () => {
    await start();
    setReady('west', 'MeshNode', ['NoProbeSocket', 'cannot open a socket']);
    setReady('west', 'Mesh', ['NodesNotReady', 'a node has a problem, see their MeshNodes: n2 (NoProbeSocket)']);
    await world.clock.advance(100);
    expect(problems()).toEqual(['west, node n2: NoProbeSocket']);
  });

  test('a reason of another version, and a condition of an older spec', async () => {
    await start();
    setReady('west', 'MeshNode', ['FluxCapacitor', 'it is discharged']);
    setReady('east', 'MeshNode', ['NoProbeSocket', 'cannot open a socket', 2]);
    await world.clock.advance(100);
    expect(problems()).toEqual(['west, node n2: NotReady']);
  });

  test('a namespace that is missing', async () => {
    await start();
    for (const name of ['db', 'shop', 'web']) exportService(world.cluster('east'), name, { addresses: ['10.1.0.5'] });
    world.cluster('west').drop(RESOURCE.namespace, 'demo');
    await world.clock.advance(1_000);
    expect(problems()).toEqual(['west, Namespace demo: NamespaceMissing']);
    expect(messages()).toMatch(/create namespace demo in west/);
    world.cluster('west').put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
    await world.clock.advance(1_000);
    expect(problems()).toEqual([]);
  });

  test('an API server that does not answer', async () => {
    await start();
    world.cluster('west').fault = () => ({ kind: 'unreachable', message: 'connect ECONNREFUSED' });
    world.cluster('west').endWatches();
    await world.clock.advance(1_000);
    expect(problems()).toEqual(['west, member: Unreachable']);
    world.cluster('west').fault = () => undefined;
    await world.clock.advance(20_000);
    expect(problems()).toEqual([]);
  });

  test('an API server that has just begun not to answer', async () => {
    let silentMs = 900;
    const clientOf = (id: string, cluster: FakeCluster): KubeClient =>
      id === 'west' ? { ...cluster.connect(), silentMs: () => silentMs } : cluster.connect();
    world = createFakeFederation(['east', 'west'], { clientOf });
    world.start();
    await world.clock.advance(2_000);
    expect(problems()).toEqual([]);
    silentMs = 1_100;
    expect(problems()).toEqual(['west, member: Unreachable']);
  });

  test('a member that has no GatewayReports', async () => {
    world = createFakeFederation(['east', 'west']);
    world.cluster('west').fault = ({ path }) =>
      path.includes('gatewayreports') ? { kind: 'notFound', message: 'no such kind' } : undefined;
    world.start();
    await world.clock.advance(2_000);
    expect(problems()).toEqual(['west, member: LinkUnknown']);
    expect(messages()).toMatch(/apply manifests\/crds of this version there/);
  });
});

describe('I13: one cause is one problem', () => {
  test.each([
    ['an API server that refuses the credentials', { kind: 'unauthorized', message: 'Unauthorized' }, ['Refused']],
    ['an API server that is not there', { kind: 'unreachable', message: 'connect ECONNREFUSED' }, ['Connecting']],
  ] as const)('%s: not one for each pair, nor for each import', async (_what, failure, expected) => {
    world = createFakeFederation(IDS);
    exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
    exportService(world.cluster('south'), 'web', { addresses: ['10.3.0.5'] });
    for (const id of ['north', 'south']) world.cluster(id).fault = () => failure;
    world.start();
    for (const wait of [2_000, 40_000, 600_000]) {
      await world.clock.advance(wait);
      expect(problems()).toEqual(['north', 'south'].flatMap((id) => expected.map((reason) => `${id}, member: ${reason}`)));
      // The good reason stays, and does not become that it was not read yet.
      const { pairs } = world.hub().status();
      expect(new Set(pairs.filter(({ from }) => from === 'north').map(({ reason }) => reason?.includes(failure.message)))).toEqual(
        new Set([true]),
      );
    }
  });

  test('a member without a Mesh', async () => {
    world = createFakeFederation(IDS);
    world.cluster('south').drop(RESOURCE.mesh, 'default');
    exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
    world.start();
    await world.clock.advance(2_000);
    expect(problems()).toEqual(['south, mesh: NoMesh']);
  });

  test('two members with one range', async () => {
    world = createFakeFederation(['east', 'west']);
    exportService(world.cluster('east'), 'web', { addresses: ['10.1.0.5'] });
    exportService(world.cluster('west'), 'shop', { addresses: ['10.1.0.9'] });
    const node = find('west', 'MeshNode') as KubeObject & { readonly spec: object };
    world.cluster('west').put({ ...node, spec: { ...node.spec, podCIDRs: ['10.1.0.0/24'] } });
    world.start();
    await world.clock.advance(2_000);
    expect(problems()).toEqual(['east, pair west: OverlappingCIDRs']);
  });

  test('a member that is cut off from all others', async () => {
    await start(IDS);
    report('south', () => DOWN);
    for (const id of IDS) if (id !== 'south') report(id, (to) => (to === 'south' ? DOWN : UP));
    await world.clock.advance(100);
    expect(problems()).toEqual(['south, member: LinkDown']);
    expect(messages()).toMatch(/no tunnel between east and south works.*the same holds for north, west/);
    report('south', (to) => (to === 'west' ? UP : DOWN));
    report('west', () => UP);
    await world.clock.advance(100);
    expect(problems()).toEqual(['east, pair south: LinkDown', 'north, pair south: LinkDown']);
  });
});

test('I14: a federation of nobody is not well', async () => {
  await start([]);
  expect(problems()).toEqual(['the hub, member: NoMembers']);
});

test('I15: metrics count what the status tells', async () => {
  await start();
  const counted = async (): Promise<string[]> =>
    (await world.hub().metrics.expose()).body.split('\n').filter((line) => /^kilofed_hub_(problems|links){.* [1-9]/.test(line));
  const links = (east: string): string[] => [
    `kilofed_hub_links{member="east",state="${east}"} 1`,
    'kilofed_hub_links{member="west",state="up"} 1',
  ];
  expect(await counted()).toEqual(links('up'));
  report('east', () => DOWN);
  await world.clock.advance(100);
  expect(await counted()).toEqual(['kilofed_hub_problems{member="east",reason="LinkDown"} 1', ...links('down')]);
});
