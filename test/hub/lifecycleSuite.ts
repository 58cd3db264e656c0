/**
 * How the hub restarts, and how it stands members that fail, change or go.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { subjectText } from '../../core/api/problem.js';
import { RESOURCE } from '../../core/api/resources.js';
import { applyYaml, kubectl } from '../apiserver/kubectl.js';
import { sleep, until } from '../lab/process.js';
import { HUB_USER, ownObjects } from './cluster.js';
import { addresses, becomes, type Conditioned, type HubUnderTest, type HubWorld, key, names, OWN, WAIT_MS } from './world.js';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');

export function lifecycleTests(world: () => HubWorld, hub: HubUnderTest): void {
  test('a restarted hub writes nothing and deletes nothing', async () => {
    const { east, west, north } = world();
    const clusters = [east, west, north];
    await until('a calm federation', WAIT_MS, async () => {
      const before = await Promise.all(clusters.map((cluster) => cluster.writes()));
      await sleep(500);
      const after = await Promise.all(clusters.map((cluster) => cluster.writes()));
      return before.join() === after.join() ? true : undefined;
    });
    await hub.stop();
    const objects = await Promise.all(clusters.map(ownObjects));
    const before = await Promise.all(clusters.map((cluster) => cluster.writes()));
    hub.start();
    await becomes('all pairs linked again', 6, () => hub.status().pairs.filter(({ state }) => state === 'linked').length);
    await becomes('all services mirrored again', ['mirrored', 'mirrored'], () =>
      hub.status().services.flatMap(({ importers }) => importers.map(({ state }) => state)),
    );
    await sleep(1_000);
    expect(await Promise.all(clusters.map((cluster) => cluster.writes()))).toEqual(before);
    expect(await Promise.all(clusters.map(ownObjects))).toEqual(objects);
  }, 30_000);

  test('does what changed while it was down', async () => {
    const { east, west } = world();
    await hub.stop();
    await east.endpoints('demo', 'web', ['10.1.0.5', '10.1.0.7']);
    await east.node('c1', {
      key: key(7),
      podCIDR: '10.1.7.0/24',
      endpoint: '192.0.2.17',
      internalIP: '10.77.3.11/24',
      location: 'rome',
      meshAddress: '10.4.1.7',
      slot: 0,
    });
    hub.start();
    await becomes('endpoints', ['10.1.0.5', '10.1.0.7'], () => addresses(west, 'web'));
    await becomes('the new segment', true, async () => (await names(west, 'east')).includes('east-rome-0'));
    await east.remove(RESOURCE.meshNode, 'c1');
    await becomes('and gone', false, async () => (await names(west, 'east')).includes('east-rome-0'));
  });

  test('a broken kubeconfig, wrong credentials and a hanging API server concern only their own member', async () => {
    const { east, west, north, directory } = world();
    await directory.declare('broken', 'this: is: not a kubeconfig');
    await directory.declare('stranger', east.hubKubeconfig().replace(east.controlPlane.token(HUB_USER.name), 'wrong'));
    await directory.declare('again', west.hubKubeconfig());
    await directory.declare('Bad_Id', 'x');
    await becomes('their states', { again: 'refused', broken: 'refused', stranger: 'refused' }, () =>
      Object.fromEntries(
        hub
          .status()
          .members.filter(({ id }) => ['again', 'broken', 'stranger'].includes(id))
          .map(({ id, state }) => [id, state]),
      ),
    );
    expect(hub.status().members.find(({ id }) => id === 'again')?.reason).toMatch(/already the member "west"/);
    expect(hub.status().members.find(({ id }) => id === 'stranger')?.reason).toMatch(/credentials/);
    expect(hub.status().problems.some(({ cluster, reason }) => cluster === 'Bad_Id' && reason === 'BadId')).toBe(true);
    north.controlPlane.pause();
    try {
      await east.endpoints('demo', 'web', ['10.1.0.41']);
      await becomes('west is served', ['10.1.0.41'], () => addresses(west, 'web'));
      await until(
        'north is seen to be away',
        45_000,
        () => hub.status().members.find(({ id }) => id === 'north')?.state === 'unreachable' || undefined,
      );
      await east.endpoints('demo', 'web', ['10.1.0.42']);
      await becomes('west is served still', ['10.1.0.42'], () => addresses(west, 'web'));
      expect((await names(west, 'north')).length).toBe(1);
    } finally {
      north.controlPlane.resume();
    }
    await until('north caught up', 30_000, async () => ((await addresses(north, 'web')).join() === '10.1.0.42' ? true : undefined));
    for (const id of ['broken', 'stranger', 'again', 'Bad_Id']) await directory.withdraw(id);
    for (const id of ['broken', 'stranger', 'again']) await hub.forget(id);
    await becomes('only the three', ['east', 'north', 'west'], () => hub.status().members.map(({ id }) => id));
    expect((await names(east, 'west')).length).toBe(1);
  }, 120_000);

  test('a kubeconfig that becomes unusable keeps the member going, a rotated one too', async () => {
    const { east, west, directory } = world();
    await directory.declare('west', 'garbage: [');
    await becomes(
      'a problem',
      'BadKubeconfig',
      () => hub.status().problems.find(({ cluster, subject }) => cluster === 'west' && subject.kind === 'member')?.reason,
    );
    await east.endpoints('demo', 'web', ['10.1.0.51']);
    await becomes('still served', ['10.1.0.51'], () => addresses(west, 'web'));
    await directory.declare('west', `${west.hubKubeconfig()}\n# rotated\n`);
    await becomes(
      'no problem',
      undefined,
      () => hub.status().problems.find(({ cluster, subject }) => cluster === 'west' && subject.kind === 'member')?.reason,
    );
    await east.endpoints('demo', 'web', ['10.1.0.52']);
    await becomes('served through the new one', ['10.1.0.52'], () => addresses(west, 'web'));
  });

  test('refuses a pair whose ranges overlap, and nothing else', async () => {
    const { east, west, north } = world();
    await north.node('n2', { key: key(30), podCIDR: '10.2.0.0/24', internalIP: '10.79.1.12/24', meshAddress: '10.4.3.2' });
    await becomes('the pair refused in both directions', ['refused', 'refused'], () =>
      hub
        .status()
        .pairs.filter(({ from, to }) => [from, to].toSorted().join() === 'north,west')
        .map(({ state }) => state),
    );
    expect(
      hub
        .status()
        .problems.filter(({ reason }) => reason === 'OverlappingCIDRs')
        .map(({ cluster, subject }) => `${cluster} ${subjectText(subject)}`),
    ).toEqual(['north pair west']);
    await becomes('no peers between them', [[], []], async () => [await names(north, 'west'), await names(west, 'north')]);
    expect([(await names(east, 'west')).length, (await names(west, 'east')).length]).toEqual([1, 3]);
    await west.endpoints('demo', 'db', ['10.2.0.9']);
    await west.service('demo', 'db');
    await becomes('east imports from west', ['10.2.0.9'], () => addresses(east, 'db'));
    await becomes('told on the object', true, async () =>
      (await west.get<Conditioned>(RESOURCE.serviceExport, 'db', 'demo'))?.status?.conditions?.some(
        ({ type, status, message }) => type === 'Ready' && status === 'False' && /^north: .*overlap|^north: .*used by/.test(message),
      ),
    );
    expect(await addresses(north, 'db')).toEqual([]);
    await north.remove(RESOURCE.meshNode, 'n2');
    await becomes('linked again', 1, async () => (await names(north, 'west')).length);
    await becomes('imported', ['10.2.0.9'], () => addresses(north, 'db'));
    await west.remove(RESOURCE.service, 'db', 'demo');
    await becomes('gone', [], () => addresses(east, 'db'));
  });

  test('I9: a member whose account goes together with its declaration: what stays in it is told, until it was deleted', async () => {
    const { west, north, directory } = world();
    // Others were removed before, of which this hub never read anything.
    const leftBehind = (): (string | undefined)[] =>
      hub
        .status()
        .problems.filter(({ reason, message }) => reason === 'LeftBehind' && message.startsWith('north '))
        .map(({ message }) => message.split(':', 1)[0]);
    await directory.withdraw('north');
    await kubectl(north.controlPlane, ['delete', 'clusterrolebinding', 'kilofed-hub']);
    await hub.forget('north');
    await becomes('told', ['north was removed, and what the hub wrote into it is still there'], leftBehind);
    await becomes('its peers gone', 0, async () => (await names(west, 'north')).length);
    expect(await ownObjects(north)).not.toEqual({});
    await kubectl(north.controlPlane, ['delete', 'peers,services,endpointslices,serviceexports,serviceimports', '-A', '-l', OWN]);
    await hub.forget('north');
    expect(leftBehind()).toEqual([]);
    await applyYaml(north.controlPlane, readFileSync(join(MANIFESTS, 'member.yaml'), 'utf8'));
    await directory.declare('north', north.hubKubeconfig());
    await becomes('linked again', [1, 1], async () => [(await names(north, 'west')).length, (await names(west, 'north')).length]);
  }, 60_000);

  test('a member that is removed leaves nothing behind, here and there', async () => {
    const { east, west, north, directory } = world();
    await directory.withdraw('north');
    await hub.forget('north');
    await becomes('its peers gone', [0, 0], async () => [(await names(east, 'north')).length, (await names(west, 'north')).length]);
    await becomes('nothing of ours in it', {}, () => ownObjects(north));
    expect((await names(east, 'west')).length).toBe(1);
    await directory.withdraw('east');
    await hub.forget('east');
    await becomes('its mirrors gone', {}, () => ownObjects(west));
    await becomes('nothing of ours in it', {}, () => ownObjects(east));
    const metrics = await hub.metrics();
    expect(metrics).toMatch(/kilofed_hub_members\{state="ready"\} 1/);
    expect(metrics).toMatch(/kilofed_hub_propagation_seconds_count\{controller="service"\} [1-9]/);
    await directory.withdraw('west');
    await hub.forget('west');
    await becomes('nobody', [], () => hub.status().members);
    await hub.stop();
  });
}
