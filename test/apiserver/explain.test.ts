/**
 * `kilofed export`, `explain` and `unexport` of a Service on real API servers, with Events; and faults that only an API server makes. The
 * table of all faults is test/hub/explain.test.ts.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../cli/commands.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { type Cluster, createCluster, HUB_USER } from '../hub/cluster.js';
import { createDirectory, type Directory, startHub, type TestHub } from '../hub/federation.js';
import { addresses, becomes, key } from '../hub/world.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { type ControlPlane, startControlPlane } from './controlPlane.js';

const START_MS = 180_000;
const here = ['etcd', 'kube-apiserver', 'kubectl'].every((program) => binaryPath(program) !== undefined);
const suite = here || process.env['CI'] !== undefined ? describe : describe.skip;

interface EventObject extends KubeObject {
  readonly reason: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid?: string };
}

suite(here ? 'explained' : 'SKIPPED explained: needs etcd, kube-apiserver and kubectl: run `make setup`', () => {
  let dir: string;
  let controlPlanes: readonly ControlPlane[] = [];
  let east: Cluster;
  let west: Cluster;
  let directory: Directory;
  let hub: TestHub;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kilofed-explain-'));
    controlPlanes = await Promise.all(
      ['east', 'west'].map((name, index) =>
        startControlPlane({ name, dir: join(dir, name), serviceCIDR: `10.10${index + 1}.0.0/16`, users: [HUB_USER] }),
      ),
    );
    const clusters = controlPlanes.map((controlPlane) => createCluster(controlPlane.name, controlPlane));
    [east, west] = clusters as [Cluster, Cluster];
    directory = await createDirectory();
    for (const [index, cluster] of clusters.entries()) {
      const n = index + 1;
      const ranges = { serviceCIDRs: [`10.10${n}.0.0/16`], podCIDRs: [`10.${n}.0.0/16`], nodeCIDRs: [`10.7${n}.1.11/32`] };
      await cluster.prepare({ wireguardCIDRs: [`10.4.${n}.0/24`] }, ranges, ['demo']);
      await cluster.node(`n${n}`, {
        key: key(n),
        podCIDR: `10.${n}.0.0/24`,
        endpoint: `192.0.2.${n}`,
        internalIP: `10.7${n}.1.11/24`,
        meshAddress: `10.4.${n}.1`,
        slot: 0,
      });
      await directory.declare(cluster.id, cluster.hubKubeconfig());
      await writeFile(join(dir, `${cluster.id}.kubeconfig`), cluster.controlPlane.kubeconfig('admin'));
    }
    hub = startHub({ directory });
  }, START_MS);

  afterAll(async () => {
    await hub?.stop();
    for (const cluster of [east, west]) cluster?.client.close();
    await Promise.all(controlPlanes.map((controlPlane) => controlPlane.stop()));
    await directory?.remove();
    await rm(dir, { recursive: true, force: true });
  }, START_MS);

  async function run(
    cluster: Cluster,
    ...argv: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    let [out, err] = ['', ''];
    const code = await runCommand([...argv, '--kubeconfig', join(dir, `${cluster.id}.kubeconfig`)], {
      out: (text) => (out += text),
      err: (text) => (err += text),
      kubeconfigs: [],
      environment: {},
      signal: new AbortController().signal,
    });
    return { code, out, err: err.replace(/^kilofed: (still )?waiting for .*\n/gm, '') };
  }

  const stops = (): unknown => {
    const { works, first } = hub.explain('demo', 'web');
    return works ? 'works' : `${first?.reason} ${first?.cluster ?? ''}`;
  };
  const eventsOf = async (cluster: Cluster): Promise<readonly EventObject[]> => cluster.list<EventObject>(RESOURCE.event);
  const label = (labels: Readonly<Record<string, string>>): Promise<KubeObject> =>
    west.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo', labels } });

  test('a Service is exported by the command line, works, and is told of by Events on the objects', async () => {
    await east.endpoints('demo', 'web', ['10.1.0.5']);
    await east.service('demo', 'web', { annotations: {} });
    await becomes('not exported', 'NotExported east', stops);
    expect(await run(east, 'export', 'service', 'demo/web', '--dry-run')).toEqual({
      code: 0,
      out: 'demo/web could be exported\n',
      err: '',
    });
    expect(stops()).toBe('NotExported east');
    expect(await run(east, 'export', 'service', 'demo/web')).toEqual({ code: 0, out: 'demo/web is exported\n', err: '' });
    await becomes('imported', ['10.1.0.5'], () => addresses(west, 'web'));
    await becomes('told in the east', ['Service Exported', 'ServiceExport Exported'], async () =>
      (await eventsOf(east)).map(({ regarding, reason }) => `${regarding.kind} ${reason}`).toSorted(),
    );
    await becomes('told in the west', true, async () => (await eventsOf(west)).some(({ reason }) => reason === 'Imported'));
    for (const { regarding } of await eventsOf(east)) {
      const resource = regarding.kind === 'Service' ? RESOURCE.service : RESOURCE.serviceExport;
      expect(regarding.uid).toBe((await east.get(resource, 'web', 'demo'))?.metadata.uid);
    }
  }, 60_000);

  test('in a member, its own objects tell it', async () => {
    const told = await run(west, 'explain', 'service', 'demo/web');
    expect(told.out).toMatch(/IMPORTED IN[^]*here [^]*web\.demo +10\.102\.[^]*NOT SEEN\n {2}the hub: /);
    expect((await run(east, 'explain', 'service', 'demo/web')).out).toMatch(/here +yes +the annotation kilofed\.io\/export +ClusterIP/);
  }, 60_000);

  test('consent, a quota, and a namespace that goes', async () => {
    await label({ 'kilofed.io/import': 'none' });
    await becomes('no consent', 'ImportDenied west', stops);
    const path = '/api/v1/namespaces/demo/resourcequotas/small';
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small', namespace: 'demo' } };
    const hard = { services: '0' };
    for (const [subresource, more] of [
      ['', { spec: { hard } }],
      ['/status', { status: { hard, used: { services: '0' } } }],
    ] as const) {
      const query = { fieldManager: 'test', force: true };
      const contentType = 'application/apply-patch+yaml';
      const applied = await west.client.call({
        method: 'PATCH',
        path: `${path}${subresource}`,
        query,
        body: { ...quota, ...more },
        contentType,
      });
      expect(applied.ok).toBe(true);
    }
    await label({ 'kilofed.io/import': 'all' });
    await becomes('no room', 'WriteRefused west', stops);
    expect((await west.client.call({ method: 'DELETE', path })).ok).toBe(true);
    await becomes('imported', ['10.1.0.5'], () => addresses(west, 'web'));
    await east.endpoints('demo', 'web', []);
    await becomes('no endpoint', 'NoEndpoints east', stops);
  }, 60_000);

  test('unexport ends it', async () => {
    expect(await run(east, 'unexport', 'service', 'demo/web')).toEqual({
      code: 0,
      out: 'demo/web is not exported any more: the annotation kilofed.io/export was taken away\n',
      err: '',
    });
    await becomes('gone', undefined, () => west.get(RESOURCE.service, 'web', 'demo'));
    expect(await run(east, 'export', 'service', 'demo/web', '--mcs', '--no-wait')).toMatchObject({ code: 0 });
    await becomes('by a ServiceExport', 'a ServiceExport', () => hub.explain('demo', 'web').exporters[0]?.by);
  }, 60_000);
});
