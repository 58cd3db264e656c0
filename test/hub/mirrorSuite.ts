/**
 * How a mirror changes in a real API server while its exporters change.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { subjectText } from '../../core/api/problem.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { sleep } from '../lab/process.js';
import { recordMirror } from './mirrorHistory.js';
import type { Cluster } from './cluster.js';
import { differingTests } from './differingSuite.js';
import { becomes, type Conditioned, createHubUnderTest, type HubWorld, OWN, type Service, type Slice } from './world.js';

/** Declares the tests. `world` is there while they run, and has no hub. */
export function mirrorTests(world: () => HubWorld): void {
  const hub = createHubUnderTest(world);

  beforeAll(async () => {
    const { east, west, north, directory } = world();
    for (const cluster of [east, west, north]) await directory.declare(cluster.id, cluster.hubKubeconfig());
    hub.start();
    await becomes('all pairs linked', 6, () => hub.status().pairs.filter(({ state }) => state === 'linked').length);
  }, 30_000);

  afterAll(async () => {
    const { east, west, north, directory } = world();
    for (const { id } of [east, west, north]) await directory.withdraw(id);
    for (const { id } of [east, west, north]) await hub.forget(id);
    await becomes('nobody', 0, () => hub.status().members.length);
    await hub.stop();
  }, 30_000);

  test('while ports are renamed, swapped, added and removed, no port of the mirror lacks the endpoints it had', async () => {
    const { east, west } = world();
    const portsIn = async (): Promise<unknown> => {
      const service = await west.get<Service>(RESOURCE.service, 'multi', 'demo');
      const slices = await west.list<Slice>(RESOURCE.endpointSlice, `${OWN},multicluster.kubernetes.io/service-name=multi`);
      return [
        (service?.spec.ports ?? []).map(({ name, port }) => `${name} ${port}`).toSorted(),
        slices.flatMap(({ ports }) => (ports ?? []).map(({ name }) => String(name))).toSorted(),
      ];
    };
    /** `names` by the Service's port number. */
    const write = {
      service: (names: Readonly<Record<number, string>>) =>
        east.service('demo', 'multi', { ports: Object.entries(names).map(([port, name]) => ({ name, port: Number(port) })) }),
      slices: (names: Readonly<Record<number, string>>) =>
        east.endpoints(
          'demo',
          'multi',
          ['10.1.0.5'],
          Object.entries(names).map(([port, name]) => ({ name, port: 8000 + Number(port) })),
        ),
    };
    const mirrored = async (names: Readonly<Record<number, string>>): Promise<void> => {
      const ports = Object.entries(names).map(([port, name]) => `${name} ${port}`);
      await becomes(`ports ${ports.join()}`, [ports.toSorted(), Object.values(names).toSorted()], portsIn);
    };
    await write.slices({ 80: 'http', 81: 'grpc' });
    await write.service({ 80: 'http', 81: 'grpc' });
    await mirrored({ 80: 'http', 81: 'grpc' });
    const history = await recordMirror(west, 'demo', 'multi');
    for (const [first, second, names] of [
      // kube-controller-manager writes the slices after the Service; who writes slices by hand may do it before.
      ['service', 'slices', { 80: 'web', 81: 'grpc' }],
      ['slices', 'service', { 80: 'http', 81: 'rpc' }],
      ['service', 'slices', { 80: 'rpc', 81: 'http' }],
      ['service', 'slices', { 80: 'rpc', 81: 'http', 82: 'admin' }],
      ['service', 'slices', { 80: 'rpc', 82: 'admin' }],
      ['service', 'slices', { 80: 'admin', 82: 'rest' }],
    ] as const) {
      await write[first](names);
      await sleep(100);
      await write[second](names);
      await mirrored(names);
    }
    history.stop();
    expect(history.gaps()).toEqual([]);
    expect(history.changes()).toBeGreaterThan(10);

    // What never comes is not waited for long.
    await write.service({ 80: 'lost' });
    await becomes('a port without endpoints, as at the exporter', [['lost 80'], []], portsIn);
    await east.remove(RESOURCE.service, 'multi', 'demo');
    await east.remove(RESOURCE.endpointSlice, 'multi-1', 'demo');
    await becomes('gone', undefined, () => west.get(RESOURCE.service, 'multi', 'demo'));
  }, 60_000);

  test('report 10: makes a mirror anew whose first IP family changes, and changes a headless one in place', async () => {
    const { east, west, north } = world();
    const familiesOf = async (name: string): Promise<readonly string[] | undefined> =>
      (await west.get<Service>(RESOURCE.service, name, 'demo'))?.spec.ipFamilies;
    const single = (family: string): { readonly spec: Readonly<Record<string, unknown>> } => ({
      spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: [family] },
    });
    // Who is mirrored first decides. East has its own before it could get a mirror of that name.
    await east.service('demo', 'fam', { ...single('IPv4'), annotations: {} });
    await north.service('demo', 'fam', single('IPv6'));
    await becomes('one family', ['IPv6'], () => familiesOf('fam'));
    const before = await west.get<Service>(RESOURCE.service, 'fam', 'demo');
    await east.service('demo', 'fam', single('IPv4'));
    await becomes('both exporters', 'north,east', () => exportersIn(west, 'fam'));
    expect(await familiesOf('fam')).toEqual(['IPv6']);
    await north.remove(RESOURCE.service, 'fam', 'demo');
    await becomes('the other family', ['IPv4'], () => familiesOf('fam'));
    const after = await west.get<Service>(RESOURCE.service, 'fam', 'demo');
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(after?.spec.clusterIPs).toEqual([expect.stringMatching(/^10\.102\./)]);
    await becomes('the import with its address', after?.spec.clusterIPs, async () => {
      const found = await west.get<KubeObject & { readonly spec: { readonly ips?: readonly string[] } }>(
        RESOURCE.serviceImport,
        'fam',
        'demo',
      );
      return found?.spec.ips;
    });
    expect(
      hub
        .status()
        .services.find(({ name }) => name === 'fam')
        ?.importers.find(({ cluster }) => cluster === 'west'),
    ).toMatchObject({
      state: 'mirrored',
    });
    await east.remove(RESOURCE.service, 'fam', 'demo');
    await becomes('gone', undefined, () => west.get(RESOURCE.service, 'fam', 'demo'));

    const headless = (family: string): Promise<void> =>
      east.service('demo', 'head', { spec: { clusterIP: 'None', ...single(family).spec } });
    await headless('IPv4');
    await becomes('a headless one', ['IPv4'], () => familiesOf('head'));
    const { uid } = (await west.get<Service>(RESOURCE.service, 'head', 'demo'))?.metadata ?? {};
    await headless('IPv6');
    await becomes('its other family', ['IPv6'], () => familiesOf('head'));
    expect((await west.get<Service>(RESOURCE.service, 'head', 'demo'))?.metadata.uid).toBe(uid);
    await east.remove(RESOURCE.service, 'head', 'demo');
    await becomes('gone', undefined, () => west.get(RESOURCE.service, 'head', 'demo'));
  }, 60_000);

  differingTests(world);

  test('tells an exporter of a target that is no member, and when it has become one', async () => {
    const { east, west, directory } = world();
    const told = (): unknown[] =>
      hub
        .status()
        .problems.filter(({ reason }) => reason === 'UnknownTarget')
        .map(({ cluster, subject }) => `${cluster} ${subjectText(subject)}`);
    const reasonOfValid = async (): Promise<unknown> => {
      const found = await east.get<Conditioned>(RESOURCE.serviceExport, 'few', 'demo');
      return found?.status?.conditions?.find(({ type, status }) => type === 'Valid' && status === 'True')?.reason;
    };
    await east.service('demo', 'few', { annotations: { 'kilofed.io/export': 'true', 'kilofed.io/export-to': 'west,sotuh' } });
    await becomes('the problem', ['east service demo/few'], told);
    await becomes('the condition', 'UnknownTarget', reasonOfValid);
    await becomes('imported by the other', true, async () => (await west.get(RESOURCE.service, 'few', 'demo')) !== undefined);
    await directory.declare('sotuh', 'not a kubeconfig yet');
    await becomes('no problem', [], told);
    await becomes('the condition as usual', 'Valid', reasonOfValid);
    await directory.withdraw('sotuh');
    await hub.forget('sotuh');
    await becomes('the problem again', ['east service demo/few'], told);
    await becomes('the condition again', 'UnknownTarget', reasonOfValid);
    await east.remove(RESOURCE.service, 'few', 'demo');
    await becomes('no problem left', [], told);
    await becomes('gone', undefined, () => west.get(RESOURCE.service, 'few', 'demo'));
  }, 60_000);

  test('H7: a newcomer leaves what stands as it is, also when the hub starts again; when who stands leaves, it takes over', async () => {
    const { east, west, north } = world();
    const standing = async (): Promise<unknown> => {
      const service = await west.get<Service>(RESOURCE.service, 'first', 'demo');
      const slices = await west.list<Slice>(RESOURCE.endpointSlice, `${OWN},kilofed.io/cluster=north`);
      return [service?.metadata.uid, service?.metadata.resourceVersion, slices.map(({ metadata }) => metadata.resourceVersion)];
    };
    const headless = { ports: [{ name: 'x', port: 80 }], spec: { clusterIP: 'None' } };
    // East sorts before north. It has its own before it could get a mirror of that name.
    await east.service('demo', 'first', { ...headless, annotations: {} });
    await north.endpoints('demo', 'first', ['10.3.0.5'], [{ name: 'http', port: 8080 }]);
    await north.service('demo', 'first', { ports: [{ name: 'http', port: 80 }] });
    await becomes('mirrored', 'north', () => exportersIn(west, 'first'));
    const before = await standing();
    await east.endpoints('demo', 'first', ['10.1.0.66'], [{ name: 'x', port: 6666 }]);
    await east.service('demo', 'first', headless);
    await becomes('a newcomer', 'north,east', () => exportersIn(west, 'first'));
    expect(await standing()).toEqual(before);
    await becomes('told to both', [true, true], () =>
      Promise.all(
        [east, north].map(async (cluster) => {
          const found = await cluster.get<Conditioned>(RESOURCE.serviceExport, 'first', 'demo');
          return found?.status?.conditions?.some(
            ({ type, reason, message }) =>
              type === 'Conflict' && reason === 'PortConflict,TypeConflict' && / and decides in .*west/.test(message),
          );
        }),
      ),
    );
    await hub.stop();
    hub.start();
    await becomes('all pairs linked again', 6, () => hub.status().pairs.filter(({ state }) => state === 'linked').length);
    await becomes(
      'mirrored again',
      'mirrored',
      () =>
        hub
          .status()
          .services.find(({ name }) => name === 'first')
          ?.importers.find(({ cluster }) => cluster === 'west')?.state,
    );
    expect(await standing()).toEqual(before);
    await north.remove(RESOURCE.service, 'first', 'demo');
    await becomes('taken over', ['east', 'None'], async () => [
      await exportersIn(west, 'first'),
      (await west.get<Service>(RESOURCE.service, 'first', 'demo'))?.spec.clusterIPs?.[0],
    ]);
    await east.remove(RESOURCE.service, 'first', 'demo');
    for (const cluster of [east, north]) await cluster.remove(RESOURCE.endpointSlice, 'first-1', 'demo');
    await becomes('gone', undefined, () => west.get(RESOURCE.service, 'first', 'demo'));
  }, 60_000);

  test('H10: the label of a namespace takes and gives mirrors at once, and the exporter is told', async () => {
    const { east, west, north } = world();
    const label = (value?: string): Promise<unknown> =>
      west.apply({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'demo', ...(value !== undefined && { labels: { 'kilofed.io/import': value } }) },
      });
    const imported = async (): Promise<readonly boolean[]> =>
      Promise.all([west, north].map(async (cluster) => (await cluster.get(RESOURCE.service, 'wanted', 'demo')) !== undefined));
    await east.endpoints('demo', 'wanted', ['10.1.0.7']);
    await east.service('demo', 'wanted');
    await becomes('in both', [true, true], imported);
    for (const [value, there] of [
      ['none', false],
      ['east_north', true],
      ['north', false],
      ['all', true],
      ['no-such-word_', undefined],
    ] as const) {
      // The last is refused by the API server already.
      if (there === undefined) {
        await expect(label(value)).rejects.toThrow(/invalid/i);
        continue;
      }
      await label(value);
      await becomes(`with ${value}`, [there, true], imported);
      await becomes(`told with ${value}`, there, async () => {
        const found = await east.get<Conditioned>(RESOURCE.serviceExport, 'wanted', 'demo');
        return found?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      });
    }
    await label();
    await east.remove(RESOURCE.service, 'wanted', 'demo');
    await east.remove(RESOURCE.endpointSlice, 'wanted-1', 'demo');
    await becomes('gone', [false, false], imported);
  }, 60_000);
}

/** Ids of the members that a mirror was made of, in their order. */
async function exportersIn(cluster: Cluster, name: string): Promise<string | undefined> {
  return (await cluster.get(RESOURCE.serviceImport, name, 'demo'))?.metadata.annotations?.['kilofed.io/exporters'];
}
