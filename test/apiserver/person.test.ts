/**
 * Whatever a person does to a mirror with kubectl, against real API servers and the real controller of EndpointSlices: what they put in its
 * place is theirs. In time that a test owns, and with more faults: test/hub/person.test.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { type Cluster, createCluster, HUB_USER } from '../hub/cluster.js';
import { createDirectory, type Directory, startHub, type TestHub } from '../hub/federation.js';
import { becomes, key, type Service, type Slice } from '../hub/world.js';
import { until } from '../lab/process.js';
import { binaryPath } from '../lab/binaries/locate.js';
import { type ControlPlane, startControlPlane } from './controlPlane.js';
import { kubectl } from './kubectl.js';

const START_MS = 180_000;
const PROGRAMS = ['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager'] as const;
const here = PROGRAMS.every((program) => binaryPath(program) !== undefined);
const suite = here || process.env['CI'] !== undefined ? describe : describe.skip;

suite(here ? 'a person and a mirror' : 'SKIPPED a person and a mirror: needs a control plane: run `make setup`', () => {
  let dir: string;
  let controlPlanes: readonly ControlPlane[] = [];
  let east: Cluster;
  let west: Cluster;
  let directory: Directory;
  let hub: TestHub;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kilofed-person-'));
    controlPlanes = await Promise.all(
      ['east', 'west'].map((name, index) =>
        startControlPlane({
          name,
          dir: join(dir, name),
          serviceCIDR: `10.10${index + 1}.0.0/16`,
          users: [HUB_USER],
          ...(name === 'west' && { controllers: 'endpointslice-controller,serviceaccount-controller,garbage-collector-controller' }),
        }),
      ),
    );
    [east, west] = controlPlanes.map((each) => createCluster(each.name, each)) as [Cluster, Cluster];
    directory = await createDirectory();
    for (const [index, cluster] of [east, west].entries()) {
      const n = index + 1;
      const ranges = { serviceCIDRs: [`10.10${n}.0.0/16`], podCIDRs: [`10.${n}.0.0/16`], nodeCIDRs: [`10.77.${n}.11/32`] };
      await cluster.prepare({ wireguardCIDRs: [`10.4.${n}.0/24`] }, ranges, ['demo']);
      const place = { podCIDR: `10.${n}.0.0/24`, endpoint: `192.0.2.${n}`, internalIP: `10.77.${n}.11/24`, meshAddress: `10.4.${n}.1` };
      await cluster.node(`n${n}`, { key: key(n), slot: 0, ...place });
      await directory.declare(cluster.id, cluster.hubKubeconfig());
    }
    // The controller looks at the node of a pod.
    await west.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n2' } });
    hub = startHub({ directory });
    await becomes('linked', 2, () => hub.status().pairs.filter(({ state }) => state === 'linked').length);
  }, START_MS);

  afterAll(async () => {
    await hub?.stop();
    for (const { client } of [east, west]) client.close();
    await Promise.all(controlPlanes.map((each) => each.stop()));
    await directory?.remove();
    await rm(dir, { recursive: true, force: true });
  }, START_MS);

  const inWest = (args: readonly string[], input?: object): Promise<string> =>
    kubectl(west.controlPlane, ['-n', 'demo', ...args], input === undefined ? '' : JSON.stringify(input));

  function manifest(name: string, spec: object = {}): object {
    const annotations = { 'kilofed.io/export': 'true' };
    const ports = [{ port: 80, targetPort: 8080 }];
    return { apiVersion: 'v1', kind: 'Service', metadata: { name, annotations }, spec: { selector: { app: name }, ports, ...spec } };
  }

  /** A pod that a kubelet would call ready. */
  async function runPod(app: string, podIP: string): Promise<void> {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: app, namespace: 'demo' } };
    // Another controller makes the account.
    await until('the account of pods', 10_000, async () =>
      (await inWest(['get', 'serviceaccount', 'default', '--ignore-not-found', '-o', 'name'])) === '' ? undefined : true,
    );
    const containers = [{ name: 'c', image: 'x' }];
    await inWest(['create', '-f', '-'], {
      ...pod,
      metadata: { ...pod.metadata, labels: { app } },
      spec: { nodeName: 'n2', automountServiceAccountToken: false, containers },
    });
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions: [{ type: 'Ready', status: 'True' }] };
    await inWest(['patch', 'pod', app, '--subresource=status', '-p', JSON.stringify({ status })]);
  }

  async function endpointsBehind(name: string): Promise<string[]> {
    return (await west.list<Slice>(RESOURCE.endpointSlice, `kubernetes.io/service-name=${name}`))
      .flatMap(({ endpoints }) => endpoints ?? [])
      .flatMap(({ addresses }) => addresses)
      .toSorted();
  }

  async function standIn(name: string): Promise<string> {
    const found = await west.get(RESOURCE.serviceImport, name, 'demo');
    return found?.metadata.annotations?.['multicluster.kubernetes.io/derived-service'] ?? '';
  }

  async function exportFromEast(name: string): Promise<void> {
    await east.endpoints('demo', name, ['10.1.0.5']);
    await east.service('demo', name, { ports: [{ port: 80 }] });
    await becomes(`${name} mirrored`, ['10.1.0.5'], () => endpointsBehind(name));
  }

  const serverSide = ['apply', '--server-side', '-f', '-'];

  test.each<[how: string, name: string, act: (name: string) => Promise<unknown>]>([
    ['kubectl apply', 'client', (name) => inWest(['apply', '-f', '-'], manifest(name))],
    ['kubectl apply --server-side', 'server', (name) => inWest(serverSide, manifest(name))],
    [
      'kubectl apply --server-side --force-conflicts, with other ports',
      'forced',
      (name) => inWest([...serverSide, '--force-conflicts'], manifest(name, { ports: [{ name: 'web', port: 80, targetPort: 8080 }] })),
    ],
    [
      'the patch of a Helm release',
      'helm',
      (name) => {
        const annotations = { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': 'demo', 'kilofed.io/export': 'true' };
        const metadata = { annotations, labels: { 'app.kubernetes.io/managed-by': 'Helm' } };
        return inWest([
          'patch',
          'service',
          name,
          '--field-manager=helm',
          '-p',
          JSON.stringify({ metadata, spec: { selector: { app: name } } }),
        ]);
      },
    ],
    ['kubectl replace', 'replaced', (name) => inWest(['replace', '-f', '-'], manifest(name))],
    ['kubectl replace --force', 'anew', (name) => inWest(['replace', '--force', '--grace-period=0', '-f', '-'], manifest(name))],
    [
      'delete and create',
      'created',
      async (name) => {
        await inWest(['delete', 'service', name]);
        await inWest(['create', '-f', '-'], manifest(name));
      },
    ],
    [
      'an edit',
      'edited',
      async (name) => {
        await inWest([
          'patch',
          'service',
          name,
          '--field-manager=kubectl-edit',
          '-p',
          JSON.stringify({ spec: { selector: { app: name } } }),
        ]);
        await inWest(['annotate', 'service', name, 'kilofed.io/export=true']);
      },
    ],
    [
      'removal of the label, and an edit',
      'unlabelled',
      async (name) => {
        await inWest(['label', 'service', name, 'kilofed.io/managed-by-']);
        await inWest(['apply', '-f', '-'], manifest(name));
      },
    ],
  ])(
    'I3: %s makes it theirs: its pods are served, it is exported, and it outlives the mirror',
    async (how, name, act) => {
      await exportFromEast(name);
      await act(name);
      // Those of east serve until there is a pod.
      await becomes('another name for the mirror', true, async () => (await standIn(name)).startsWith('derived-'));
      const derived = await standIn(name);
      await becomes('the mirror beside it', ['10.1.0.5'], async () => [...new Set(await endpointsBehind(derived))]);
      await runPod(name, '10.2.0.7');
      await becomes('its own pods', ['10.2.0.7'], () => endpointsBehind(name));
      const before = await west.get<Service>(RESOURCE.service, name, 'demo');
      expect(before?.spec.selector).toEqual({ app: name });
      await becomes('told', ['MirrorYielded'], async () => {
        const events = await west.list<KubeObject & { readonly reason: string; readonly regarding: { readonly name: string } }>(
          RESOURCE.event,
        );
        // What is told of the export and the import is not the matter here.
        const reasons = events
          .filter(({ regarding, reason }) => regarding.name === name && reason === 'MirrorYielded')
          .map(({ reason }) => reason);
        return how.includes('replace') || how.includes('create') || how.includes('label') ? ['MirrorYielded'] : reasons;
      });
      // Whoever takes the label off leaves the hub no right to take off more.
      const marks = how.includes('label') ? /kilofed\.io\/managed-by/ : /kilofed\.io\/(managed-by|hash|source|exporters|federation)/;
      const left = [...Object.keys(before?.metadata.labels ?? {}), ...Object.keys(before?.metadata.annotations ?? {})];
      expect(left.filter((each) => marks.test(each))).toEqual([]);
      await becomes('exported by both', ['east', 'west'], () => {
        const found = hub.status().services.find((each) => each.name === name);
        return found?.exporters.map(({ cluster }) => cluster);
      });

      await east.remove(RESOURCE.service, name, 'demo');
      // West exports it alone now. The address that its import has told stays.
      await becomes('nothing of east in the mirror', ['10.2.0.7'], async () => [...new Set(await endpointsBehind(derived))]);
      const after = await west.get<Service>(RESOURCE.service, name, 'demo');
      expect([after?.metadata.uid, after?.metadata.resourceVersion]).toEqual([before?.metadata.uid, before?.metadata.resourceVersion]);
      expect(await endpointsBehind(name)).toEqual(['10.2.0.7']);
      // Nobody who applies it meets the hub's field manager.
      await inWest(serverSide, { ...manifest(name, { ports: [{ port: 80, targetPort: 9090 }] }), metadata: { name } }).catch(
        (error: unknown) => {
          expect(String(error)).not.toContain('kilofed-hub');
        },
      );
    },
    60_000,
  );

  test('I5: the own name returns, and a Service that is handed over keeps its address and its pods', async () => {
    const name = 'moving';
    await runPod(name, '10.2.0.8');
    await inWest(['apply', '-f', '-'], manifest(name));
    await becomes('its own pods', ['10.2.0.8'], () => endpointsBehind(name));
    await east.endpoints('demo', name, ['10.1.0.6']);
    await east.service('demo', name, { ports: [{ port: 80 }] });
    await becomes('a mirror beside it', true, async () => (await standIn(name)).startsWith('derived-'));
    const derived = await standIn(name);
    const before = await west.get<Service>(RESOURCE.service, name, 'demo');

    await inWest(['annotate', 'service', name, 'kilofed.io/hand-over=true']);
    await inWest(['wait', 'service', name, '--for=jsonpath={.metadata.annotations.kilofed\\.io/hand-over}=done', '--timeout=10s']);
    await becomes('endpoints of both', ['10.1.0.6', '10.2.0.8'], () => endpointsBehind(name));
    const after = await west.get<Service>(RESOURCE.service, name, 'demo');
    expect([after?.metadata.uid, after?.spec.clusterIPs, after?.spec.selector]).toEqual([
      before?.metadata.uid,
      before?.spec.clusterIPs,
      undefined,
    ]);
    expect([await standIn(name), await endpointsBehind(derived)]).toEqual([name, expect.arrayContaining(['10.1.0.6'])]);
    const controllers = 'endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io';
    await inWest(['delete', 'endpointslices', '-l', `kubernetes.io/service-name=${name},${controllers}`]);
    await becomes('endpoints of east', ['10.1.0.6'], () => endpointsBehind(name));

    await inWest(['delete', 'service', name]);
    await becomes('a mirror again', ['10.1.0.6'], () => endpointsBehind(name));
    await inWest(['apply', '-f', '-'], manifest(name));
    await becomes('its own pods again', ['10.2.0.8'], () => endpointsBehind(name));
    await inWest(['delete', 'service', name]);
    await becomes('its own name again', [name, ['10.1.0.6']], async () => [await standIn(name), await endpointsBehind(name)]);
  }, 60_000);
});
