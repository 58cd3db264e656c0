/**
 * What importers get in real API servers where the exporters of one Service differ.
 */
import { expect, test } from '@jest/globals';
import { type Condition, type KubeObject, RESOURCE } from '../../core/api/resources.js';
import type { Cluster } from './cluster.js';
import { recordMirror } from './mirrorHistory.js';
import { becomes, type Conditioned, type HubWorld, OWN, type Service, type Slice } from './world.js';

interface ServiceImport extends KubeObject {
  readonly spec: {
    readonly type: string;
    readonly ips?: readonly string[];
    readonly ipFamilies?: readonly string[];
    readonly ports: readonly { readonly name?: string; readonly port: number }[];
  };
  readonly status?: { readonly clusters?: readonly { readonly cluster: string }[]; readonly conditions?: readonly Condition[] };
}

/** Declares the tests. A hub runs and knows all members. */
export function differingTests(world: () => HubWorld): void {
  const imported = (cluster: Cluster): Promise<ServiceImport | undefined> =>
    cluster.get<ServiceImport>(RESOURCE.serviceImport, 'union', 'demo');
  const portsIn = async (cluster: Cluster): Promise<unknown> => {
    const [service, found] = [await cluster.get<Service>(RESOURCE.service, 'union', 'demo'), await imported(cluster)];
    return [service?.spec.ports, found?.spec.ports].map((ports) => (ports ?? []).map(({ name, port }) => `${name} ${port}`).join());
  };
  const statusIn = async (cluster: Cluster): Promise<unknown> => {
    const { status } = (await imported(cluster)) ?? {};
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return [status?.clusters?.map((each) => each.cluster).join(), `${ready?.status} ${ready?.reason}`];
  };
  const conflictOf = async (cluster: Cluster): Promise<unknown> => {
    const found = await cluster.get<Conditioned>(RESOURCE.serviceExport, 'union', 'demo');
    return found?.status?.conditions?.find(({ type }) => type === 'Conflict')?.reason;
  };

  test('the ports of all, on addresses of both families, as a ClusterSetIP; and none lacks endpoints while an exporter goes', async () => {
    const { east, west, north } = world();
    const dual = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] };
    const [http, grpc, other] = [
      { name: 'http', port: 80 },
      { name: 'grpc', port: 81 },
      { name: 'http', port: 82 },
    ] as const;
    await east.endpoints('demo', 'union', ['10.1.0.6'], [{ name: 'http', port: 8080 }]);
    // North has its own before it could get a mirror of that name.
    const ofNorth = { ports: [grpc, other], spec: { type: 'LoadBalancer', trafficDistribution: 'PreferClose', ...dual } };
    await north.service('demo', 'union', { ...ofNorth, annotations: {} });
    await east.service('demo', 'union', { ports: [http], spec: { type: 'NodePort', ...dual } });
    await becomes('the first exporter', ['east', 'True Ready'], () => statusIn(west));
    const before = await west.get<Service>(RESOURCE.service, 'union', 'demo');
    expect(before?.spec).toMatchObject({ type: 'ClusterIP', ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] });
    expect((await imported(west))?.spec).toMatchObject({
      type: 'ClusterSetIP',
      ipFamilies: ['IPv6', 'IPv4'],
      ips: [expect.stringMatching(/^fd00:102:/), expect.stringMatching(/^10\.102\./)],
    });
    const history = await recordMirror(west, 'demo', 'union');

    await north.endpoints(
      'demo',
      'union',
      ['10.3.0.6'],
      [
        { name: 'http', port: 8080 },
        { name: 'grpc', port: 8081 },
      ],
    );
    await north.service('demo', 'union', ofNorth);
    await becomes('the ports of both', ['http 80,grpc 81', 'http 80,grpc 81'], () => portsIn(west));
    await becomes('both exporters', ['east,north', 'True Ready'], () => statusIn(west));
    for (const cluster of [east, north])
      await becomes('the conflict', 'PortConflict,TrafficDistributionConflict', () => conflictOf(cluster));
    const published = async (): Promise<unknown> => {
      const slices = await west.list<Slice>(RESOURCE.endpointSlice, `${OWN},multicluster.kubernetes.io/service-name=union`);
      return slices.map(
        ({ metadata, ports }) => `${metadata.labels?.['kilofed.io/cluster']} ${(ports ?? []).map(({ name }) => name).join()}`,
      );
    };
    expect(new Set((await published()) as string[])).toEqual(new Set(['east http', 'north grpc']));

    await east.remove(RESOURCE.service, 'union', 'demo');
    await becomes('the ports of the one that is left', ['grpc 81,http 82', 'grpc 81,http 82'], () => portsIn(west));
    await becomes('its status', ['north', 'True Ready'], () => statusIn(west));
    expect((await imported(west))?.spec).toMatchObject({ trafficDistribution: 'PreferClose', ips: before?.spec.clusterIPs });
    expect((await west.get<Service>(RESOURCE.service, 'union', 'demo'))?.spec.clusterIPs).toEqual(before?.spec.clusterIPs);
    history.stop();
    expect(history.gaps().filter((gap) => !gap.startsWith('80/TCP'))).toEqual([]);

    await north.remove(RESOURCE.service, 'union', 'demo');
    for (const cluster of [east, west, north]) await becomes('gone', undefined, () => cluster.get(RESOURCE.service, 'union', 'demo'));
    for (const cluster of [east, north]) await cluster.remove(RESOURCE.endpointSlice, 'union-1', 'demo');
  }, 60_000);

  test('a headless exporter of a name that has an address: its pods are behind that address, and it is told', async () => {
    const { east, west, north } = world();
    await east.endpoints('demo', 'union', ['10.1.0.6']);
    const headless = { spec: { clusterIP: 'None' } };
    await north.service('demo', 'union', { ...headless, annotations: {} });
    await east.service('demo', 'union', {});
    await becomes('the first exporter', ['east', 'True Ready'], () => statusIn(west));
    await north.endpoints('demo', 'union', ['10.3.0.6']);
    await north.service('demo', 'union', headless);
    await becomes('both exporters', ['east,north', 'True Ready'], () => statusIn(west));
    expect((await imported(west))?.spec.type).toBe('ClusterSetIP');
    await becomes('the endpoints of both', ['10.1.0.6', '10.3.0.6'], async () => {
      const slices = await west.list<Slice>(RESOURCE.endpointSlice, `${OWN},kubernetes.io/service-name=union`);
      return slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).toSorted();
    });
    for (const cluster of [east, north]) await becomes('the conflict', 'TypeConflict', () => conflictOf(cluster));
    for (const cluster of [east, north]) await cluster.remove(RESOURCE.service, 'union', 'demo');
    for (const cluster of [east, west, north]) await becomes('gone', undefined, () => cluster.get(RESOURCE.service, 'union', 'demo'));
    for (const cluster of [east, north]) await cluster.remove(RESOURCE.endpointSlice, 'union-1', 'demo');
  }, 60_000);
}
