import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resourcePath } from '../../core/api/resources.js';
import { loadKubeconfig } from '../../kube/config/kubeconfig.js';
import type { KubeClient } from '../../kube/wire/client.js';
import { createKubeClient } from '../../kube/wire/http2Client.js';
import { systemClock } from '../../kube/wire/systemClock.js';
import type { ControlPlane } from './controlPlane.js';
import { applyYaml, kubectl } from './kubectl.js';
import { OBJECT_TABLE } from './objectTable.js';
import { describeWithApiServer } from './suite.js';

const MANIFESTS = join(import.meta.dirname, '../../../manifests');

describeWithApiServer('the generated CRDs', {}, (server) => {
  let client: KubeClient;

  beforeAll(async () => {
    for (const file of [
      'crds/gatewayreports.yaml',
      'crds/meshes.yaml',
      'crds/meshnodes.yaml',
      'crds/nodepolicies.yaml',
      'crds/peers.yaml',
      'crds-multicluster.yaml',
    ]) {
      await applyYaml(server(), await readFile(join(MANIFESTS, file), 'utf8'));
    }
    client = connect(server());
  }, 60_000);
  afterAll(() => client.close());

  test.each(OBJECT_TABLE.map((each) => [each.title, each] as const))('%s', async (_, { resource, object, refused }) => {
    const answer = await client.call({
      method: 'POST',
      path: resourcePath(resource, object.metadata.namespace),
      query: { dryRun: 'All', fieldValidation: 'Strict' },
      body: object,
    });
    if (refused === undefined) expect(answer).toMatchObject({ ok: true });
    else
      expect(answer).toMatchObject({
        ok: false,
        error: { kind: 'invalid', message: expect.stringContaining(typeof refused === 'string' ? refused : refused.byServer) },
      });
  });

  test('a Mesh of nothing gets every default from the API server', async () => {
    const answer = await client.call<{ spec: unknown }>({
      method: 'POST',
      path: '/apis/kilofed.io/v1alpha1/meshes',
      query: { dryRun: 'All' },
      body: { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: {} },
    });
    expect(answer).toMatchObject({
      ok: true,
      value: {
        spec: {
          granularity: 'location',
          wireguardCIDRs: ['10.4.0.0/16'],
          port: 51820,
          planes: 2,
          encapsulation: 'crosssubnet',
          topologyLabel: 'topology.kubernetes.io/region',
        },
      },
    });
  });

  test('what v1alpha1 of the Multi-Cluster Services API wrote is read as v1beta1', async () => {
    await kubectl(
      server(),
      ['create', '-f', '-'],
      'apiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceExport\nmetadata: {name: web, namespace: default}\n',
    );
    expect(await kubectl(server(), ['get', 'serviceexports.v1beta1.multicluster.x-k8s.io', 'web', '-o', 'jsonpath={.apiVersion}'])).toBe(
      'multicluster.x-k8s.io/v1beta1',
    );
  });

  test('kubectl create of the shared CRDs leaves those alone that are there', async () => {
    await expect(kubectl(server(), ['create', '-f', join(MANIFESTS, 'crds-multicluster.yaml')])).rejects.toThrow('AlreadyExists');
  });

  test('kubectl get shows the columns', async () => {
    await kubectl(
      server(),
      ['apply', '--server-side', '-f', '-'],
      JSON.stringify(OBJECT_TABLE.find(({ title }) => title === 'Peer reached by IPv6')?.object),
    );
    expect(await kubectl(server(), ['get', 'peers'])).toMatch(/^NAME +CLUSTER +DNS +IP +PORT +READY +REASON +AGE\na +2001:db8::1 +51820 /);
  });
});

function connect(controlPlane: ControlPlane): KubeClient {
  const loaded = loadKubeconfig(controlPlane.kubeconfig('admin'), { now: () => systemClock.now() });
  if (!loaded.ok) throw new Error(loaded.error);
  return createKubeClient({ ...loaded.value, userAgent: 'kilofed-test' }, { clock: systemClock });
}
