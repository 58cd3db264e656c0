/**
 * What keeps an import from being, on real API servers: each is told, and is taken up when it is gone. The table of all reasons is
 * test/hub/pending.test.ts; here are those that an API server decides.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import { type Cluster, createCluster, HUB_USER } from '../hub/cluster.js';
import { createDirectory, type Directory, startHub, type TestHub } from '../hub/federation.js';
import { addresses, becomes, type Conditioned, key } from '../hub/world.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { until } from '../lab/process.js';
import { applyYaml } from './kubectl.js';
import { type ControlPlane, startControlPlane } from './controlPlane.js';

const START_MS = 180_000;
/** A second, on a machine that does other things, too. */
const SOON_MS = 3_000;
const MEMBER_YAML = join(import.meta.dirname, '../../../manifests/member.yaml');
const here = ['etcd', 'kube-apiserver', 'kubectl'].every((program) => binaryPath(program) !== undefined);
const suite = here || process.env['CI'] !== undefined ? describe : describe.skip;

suite(here ? 'what is pending' : 'SKIPPED what is pending: needs etcd, kube-apiserver and kubectl: run `make setup`', () => {
  let dir: string;
  let controlPlanes: readonly ControlPlane[] = [];
  let east: Cluster;
  let north: Cluster;
  let west: Cluster;
  let directory: Directory;
  let hub: TestHub;

  const ranges = (n: number): Parameters<Cluster['prepare']>[1] => ({
    serviceCIDRs: [`10.10${n}.0.0/16`, `fd00:10${n}::/112`],
    podCIDRs: [`10.${n}.0.0/16`],
    nodeCIDRs: [`10.7${n}.1.11/32`],
  });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kilofed-pending-'));
    controlPlanes = await Promise.all(
      ['east', 'north', 'west'].map((name, index) =>
        startControlPlane({ name, dir: join(dir, name), serviceCIDR: ranges(index + 1).serviceCIDRs.join(), users: [HUB_USER] }),
      ),
    );
    const clusters = controlPlanes.map((controlPlane) => createCluster(controlPlane.name, controlPlane));
    [east, north, west] = clusters as [Cluster, Cluster, Cluster];
    directory = await createDirectory();
    for (const [index, cluster] of clusters.entries()) {
      const n = index + 1;
      await cluster.prepare({ wireguardCIDRs: [`10.4.${n}.0/24`] }, ranges(n), ['demo']);
      await cluster.node(`n${n}`, {
        key: key(n),
        podCIDR: `10.${n}.0.0/24`,
        endpoint: `192.0.2.${n}`,
        internalIP: `10.7${n}.1.11/24`,
        meshAddress: `10.4.${n}.1`,
        slot: 0,
      });
      await directory.declare(cluster.id, cluster.hubKubeconfig());
    }
    await west.remove(RESOURCE.mesh, 'default');
    hub = startHub({ directory });
  }, START_MS);

  afterAll(async () => {
    await hub?.stop();
    for (const cluster of [east, north, west]) cluster?.client.close();
    await Promise.all(controlPlanes.map((controlPlane) => controlPlane.stop()));
    await directory?.remove();
    await rm(dir, { recursive: true, force: true });
  }, START_MS);

  const importIn = (name: string): { readonly state: string; readonly reason?: string | undefined } | undefined =>
    hub
      .status()
      .services.find((service) => service.name === name)
      ?.importers.find(({ cluster }) => cluster === 'west');

  /** Problems in the west that mention any of these. */
  const told = (...words: readonly string[]): readonly string[] =>
    hub
      .status()
      .problems.filter(({ cluster, message }) => cluster === 'west' && words.some((word) => message.includes(word)))
      .map(({ reason, message }) => `${reason}: ${message}`);

  const ready = async (name: string): Promise<string | undefined> =>
    (await east.get<Conditioned>(RESOURCE.serviceExport, name, 'demo'))?.status?.conditions
      ?.filter(({ type }) => type === 'Ready')
      .map(({ status, message }) => `${status} ${message}`)[0];

  const soon = (what: string, expected: readonly string[], name: string): Promise<true> =>
    until(what, SOON_MS, async () => {
      expect(await addresses(west, name)).toEqual(expected);
      return true as const;
    });

  const exportWeb = async (name: string): Promise<void> => {
    await east.endpoints('demo', name, ['10.1.0.5']);
    await east.service('demo', name);
  };

  /** As the quota controller would write it. */
  const quota = async (services: number): Promise<void> => {
    const hard = { services: String(services) };
    const head = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small', namespace: 'demo' } };
    for (const [subresource, object] of [
      ['', { ...head, spec: { hard } }],
      ['/status', { ...head, status: { hard, used: { services: '0' } } }],
    ] as const) {
      const path = `/api/v1/namespaces/demo/resourcequotas/small${subresource}`;
      const query = { fieldManager: 'test', force: true };
      const applied = await west.client.call({ method: 'PATCH', path, query, body: object, contentType: 'application/apply-patch+yaml' });
      expect(applied).toMatchObject({ ok: true });
    }
  };

  test('I4: a Mesh that comes after the kubeconfig brings the imports', async () => {
    await exportWeb('web');
    await becomes('waits for the Mesh', 'pending', () => importIn('web')?.state);
    const metadata = { name: 'default' };
    await west.apply({
      apiVersion: 'kilofed.io/v1alpha1',
      kind: 'Mesh',
      metadata,
      spec: { wireguardCIDRs: ['10.4.3.0/24'] },
    });
    await west.apply({ apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata, status: { ...ranges(3) } }, 'status');
    await soon('imported', ['10.1.0.5'], 'web');
  }, 60_000);

  test('I6: a quota that is used up is told to both, and the import comes when there is room', async () => {
    await quota(0);
    await exportWeb('much');
    await becomes('told in the status', true, () => told('exceeded quota').some((text) => text.startsWith('WriteRefused')));
    await becomes('told to the exporter', true, async () => /^False .*west refuses to store/.test((await ready('much')) ?? ''));
    // What has a place already follows its exporter.
    await east.endpoints('demo', 'web', ['10.1.0.6']);
    await soon('other imports go on', ['10.1.0.6'], 'web');
    await quota(10);
    await soon('imported', ['10.1.0.5'], 'much');
    await becomes('told no more', [], () => told('exceeded quota'));
    await becomes('nor to the exporter', true, async () => (await ready('much'))?.startsWith('True') === true);
  }, 60_000);

  test('a right that is taken away is told, and what waits for it comes when it is given back', async () => {
    const yaml = await readFile(MEMBER_YAML, 'utf8');
    const without = yaml.replace(
      'resources: [services], verbs: [list, watch, create, patch, delete]',
      'resources: [services], verbs: [list, watch]',
    );
    expect(without).not.toBe(yaml);
    await applyYaml(west.controlPlane, without);
    await exportWeb('late');
    await becomes('told', true, () => told('cannot').some((text) => text.startsWith('WriteRefused')));
    await applyYaml(west.controlPlane, yaml);
    await soon('imported', ['10.1.0.5'], 'late');
    await becomes('told no more', [], () => told('cannot patch', 'cannot create'));
  }, 60_000);
});
