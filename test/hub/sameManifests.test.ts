/**
 * The same manifests in two clusters, as GitOps applies them: a Service, exported, and pods behind it. Whatever the order, and whatever the
 * hub does meanwhile, both clusters end in one state.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { KubeObject } from '../../core/api/resources.js';
import type { FakeCluster } from './fakeCluster.js';
import { createFakeFederation, type FakeFederation } from './fakeFederation.js';

type Some = KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };

const SERVICE = 'services/demo/web';
const POD: Readonly<Record<string, string>> = { east: '10.1.0.5', west: '10.2.0.7' };

/** What kubectl and kube-controller-manager leave of it. */
function apply(cluster: FakeCluster): void {
  const there: Some | undefined = cluster.objects.get(SERVICE);
  cluster.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'demo',
      ...there?.metadata,
      annotations: {
        ...there?.metadata.annotations,
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        'kilofed.io/export': 'true',
      },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.101.0.9',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, protocol: 'TCP' }],
      ...there?.spec,
      selector: { app: 'web' },
    },
  });
}

/** Its pods are ready. The controller copies the labels that the Service has then. */
function serve(cluster: FakeCluster, address: string): void {
  cluster.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-x7k2p',
      namespace: 'demo',
      labels: {
        ...cluster.objects.get(SERVICE)?.metadata.labels,
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
}

function stateOf(cluster: FakeCluster): unknown {
  const all = [...cluster.objects.values()];
  const service: Some | undefined = cluster.objects.get(SERVICE);
  const behind = (name: string): string[] =>
    all
      .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.labels?.['kubernetes.io/service-name'] === name)
      .flatMap((slice) => (slice as unknown as { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }).endpoints)
      .flatMap(({ addresses }) => addresses)
      .toSorted();
  const derived = cluster.objects.get('serviceimports/demo/web')?.metadata.annotations?.['multicluster.kubernetes.io/derived-service'];
  return {
    selector: service?.spec?.['selector'],
    marks: Object.keys(service?.metadata.labels ?? {}),
    own: behind('web'),
    derived: derived?.startsWith('derived-') === true,
    all: behind(derived ?? ''),
  };
}

type Act = (world: FakeFederation) => Promise<void> | void;

const ACTS: readonly Act[] = [
  (world) => apply(world.cluster('east')),
  (world) => apply(world.cluster('west')),
  (world) => serve(world.cluster('east'), POD['east'] ?? ''),
  (world) => serve(world.cluster('west'), POD['west'] ?? ''),
  async (world) => {
    await world.end();
    world.start();
  },
];

test('I3: both clusters serve their own pods under the plain name, and all beside it, in whatever order things happen', async () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5, maxLength: 5 });
  const pauses = fc.array(fc.constantFrom(0, 20, 500, 5_000), { minLength: 5, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(order, pauses, async (indices, waits) => {
      const world = createFakeFederation(['east', 'west']);
      world.start();
      await world.clock.advance(1_000);
      for (const [step, index] of indices.entries()) {
        await ACTS[index]?.(world);
        await world.clock.advance(waits[step] ?? 0);
      }
      await world.clock.advance(70_000);
      for (const id of ['east', 'west']) {
        expect([id, stateOf(world.cluster(id))]).toEqual([
          id,
          { selector: { app: 'web' }, marks: [], own: [POD[id]], derived: true, all: [POD['east'], POD['west']] },
        ]);
      }
      await world.end();
    }),
    { numRuns: 25 },
  );
}, 120_000);
