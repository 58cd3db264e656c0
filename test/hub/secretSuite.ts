/**
 * Members declared as Secrets of a home cluster.
 */
import { expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import { secretSource } from '../../hub/members/secrets.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import { SILENT } from '../host/handClock.js';
import { until } from '../lab/process.js';
import type { Cluster } from './cluster.js';
import { startHub } from './federation.js';
import { type HubWorld, WAIT_MS } from './world.js';

export function secretTests(world: () => HubWorld): void {
  test('follows labelled Secrets as well as files', async () => {
    const { east, west, north, directory } = world();
    await north.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kilofed' } });
    await declare(north, 'east', east.hubKubeconfig());
    await directory.declare('west', west.hubKubeconfig());
    const source = secretSource('kilofed', { client: north.client, clock: systemClock, random: Math.random, log: SILENT });
    const hub = startHub({ directory, sources: [source] });
    const forgotten = (id: string): Promise<unknown> =>
      until(`the hub to forget ${id}`, WAIT_MS, () => (hub.forget(id).ok ? true : undefined));
    const states = async (expected: Readonly<Record<string, string>>): Promise<void> => {
      await until(`members ${JSON.stringify(expected)}`, WAIT_MS, () => {
        expect(Object.fromEntries(hub.status().members.map(({ id, state }) => [id, state]))).toEqual(expected);
        return true;
      });
    };
    await states({ east: 'ready', west: 'ready' });
    await declare(north, 'west', west.hubKubeconfig());
    await until('the duplicate to be told', WAIT_MS, () =>
      hub
        .status()
        .problems.find(({ cluster, message }) => cluster === 'west' && /secret kilofed\/west declares "west" again/.test(message)),
    );
    await north.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'empty', namespace: 'kilofed', labels: { 'kilofed.io/cluster': 'empty' } },
    });
    await states({ east: 'ready', west: 'ready', empty: 'refused' });
    expect(hub.status().members.find(({ id }) => id === 'empty')?.reason).toMatch(/secret kilofed\/empty: has no key "kubeconfig"/);
    await north.remove(RESOURCE.secret, 'empty', 'kilofed');
    await north.remove(RESOURCE.secret, 'west', 'kilofed');
    await north.remove(RESOURCE.secret, 'east', 'kilofed');
    for (const id of ['empty', 'east']) await forgotten(id);
    await states({ west: 'ready' });
    await directory.withdraw('west');
    await forgotten('west');
    await states({});
    await hub.stop();
  });
}

async function declare(home: Cluster, id: string, kubeconfig: string): Promise<void> {
  const data = { kubeconfig: Buffer.from(kubeconfig).toString('base64') };
  await home.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: id, namespace: 'kilofed', labels: { 'kilofed.io/cluster': id } },
    data,
  });
}
