/**
 * 1.1: the objects of the API and their fields.
 */
import { expect } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { kubectl } from '../apiserver/kubectl.js';
import { becomes } from '../hub/world.js';
import type { Conform } from './conform.js';
import { applySlice, exportService, NAME, type Port, writeExport, writeService, writeSlice } from './people.js';
import { addressesIn, derivedIn, exportCondition, importIn, portsOf, served, type ServiceImport, typeIn, withoutImport } from './seen.js';
import { podAddress } from './world.js';

interface Definition extends KubeObject {
  readonly spec: {
    readonly names: { readonly shortNames: readonly string[] };
    readonly versions: readonly { readonly name: string; readonly served: boolean; readonly storage: boolean }[];
  };
}

export function objectTests(conform: Conform): void {
  conform('1.1.group', async ({ east }) => {
    const listed = await kubectl(east.controlPlane, ['api-resources', '--api-group=multicluster.x-k8s.io', '--no-headers']);
    expect(
      listed
        .trim()
        .split('\n')
        .toSorted()
        .map((line) => line.trim().split(/\s+/)),
    ).toEqual([
      ['serviceexports', 'svcex,svcexport', 'multicluster.x-k8s.io/v1beta1', 'true', 'ServiceExport'],
      ['serviceimports', 'svcim,svcimport', 'multicluster.x-k8s.io/v1beta1', 'true', 'ServiceImport'],
    ]);
    const resources = JSON.parse(await kubectl(east.controlPlane, ['get', '--raw=/apis/multicluster.x-k8s.io/v1beta1'])) as {
      readonly resources: readonly { readonly name: string }[];
    };
    const names = resources.resources.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['serviceexports/status', 'serviceimports/status']));
  });

  conform('1.1.versions', async ({ ns, east, west }) => {
    for (const definition of await definitions(east.controlPlane)) {
      expect(definition.spec.versions.map(({ name, served: isServed, storage }) => [name, isServed, storage])).toEqual([
        ['v1alpha1', true, false],
        ['v1beta1', true, true],
      ]);
    }
    await exportService(east, ns, { version: 'v1alpha1' });
    await served([west], ns, [podAddress(east, 5)]);
    for (const version of ['v1alpha1', 'v1beta1']) {
      const read = await kubectl(west.controlPlane, [
        '-n',
        ns,
        'get',
        `serviceimports.${version}.multicluster.x-k8s.io`,
        NAME,
        '-o',
        'json',
      ]);
      expect(JSON.parse(read)).toMatchObject({ apiVersion: `multicluster.x-k8s.io/${version}`, spec: { type: 'ClusterSetIP' } });
    }
    const read = await kubectl(east.controlPlane, ['-n', ns, 'get', 'serviceexports.v1alpha1.multicluster.x-k8s.io', NAME, '-o', 'json']);
    await becomes('told in either version', 'True Valid', () => exportCondition(east, ns, 'Valid'));
    expect(JSON.parse(read)).toMatchObject({ apiVersion: 'multicluster.x-k8s.io/v1alpha1' });
  });

  conform('1.1.release', async ({ east }) => {
    for (const { metadata } of await definitions(east.controlPlane)) {
      expect(metadata.labels).toMatchObject({
        'multicluster.x-k8s.io/release-version': expect.stringMatching(/^v\d+\.\d+\.\d+$/),
        'multicluster.x-k8s.io/crd-schema-revision': expect.stringMatching(/^\d+$/),
      });
    }
  });

  conform('1.1.binding', async ({ ns, east, west, all, namespace }) => {
    await namespace(`${ns}-other`);
    // Neither another name nor another namespace counts, and nothing else has to be said.
    await writeService(east, `${ns}-other`);
    await writeSlice(east, `${ns}-other`);
    await exportService(east, ns);
    await served([west], ns, [podAddress(east, 5)]);
    for (const cluster of all) expect(await importIn(cluster, `${ns}-other`)).toBeUndefined();
    const imports = await west.list(RESOURCE.serviceImport);
    expect(imports.filter(({ metadata }) => metadata.namespace === ns).map(({ metadata }) => metadata.name)).toEqual([NAME]);
  });

  conform('1.1.annotations-are-one', async ({ ns, east, west }) => {
    // The hub makes a ServiceExport for an annotation where there is none.
    await writeExport(east, ns);
    await writeSlice(east, ns);
    await writeService(east, ns, { annotations: { 'kilofed.io/export': 'true' } });
    await served([west], ns, [podAddress(east, 5)]);
    await becomes('told', 'True Exported', () => exportCondition(east, ns, 'Ready'));
    // Either of them exports.
    await writeService(east, ns);
    await east.remove(RESOURCE.serviceExport, NAME, ns);
    await withoutImport([west], ns);
    await writeService(east, ns, { annotations: { 'kilofed.io/export': 'true' } });
    await served([west], ns, [podAddress(east, 5)]);
  });

  for (const kind of ['Labels', 'Annotations'] as const) {
    const field = kind === 'Labels' ? 'labels' : 'annotations';
    const what = async (on: Parameters<Parameters<Conform>[1]>[0]): Promise<void> => {
      const { ns, east, all } = on;
      const exported = { 'example.com/team': 'shop', plain: 'yes' };
      await exportService(east, ns, { exported: { [`exported${kind}`]: exported }, [field]: { 'of-the-service': 'yes' } });
      await served(all, ns, [podAddress(east, 5)]);
      for (const cluster of all) {
        const { metadata } = (await importIn(cluster, ns)) as ServiceImport;
        expect(metadata[field]).toMatchObject(exported);
        expect(Object.keys(metadata[field] ?? {}).filter((key) => key.startsWith('of-the-'))).toEqual([]);
      }
    };
    if (kind === 'Labels') conform('1.1.exportedLabels', what);
    else conform('1.1.exportedAnnotations', what);
  }

  conform('1.1.export-conditions', async ({ ns, east }) => {
    await exportService(east, ns);
    await becomes('exported', 'True Exported', () => exportCondition(east, ns, 'Ready'));
    const { status } = (await east.get<ServiceImport>(RESOURCE.serviceExport, NAME, ns)) as ServiceImport;
    expect(status?.conditions?.map(({ type }) => type).toSorted()).toEqual(['Conflict', 'Ready', 'Valid']);
    expectWhole(status?.conditions ?? []);
  });

  conform('1.1.import-conditions', async ({ ns, east, west }) => {
    await exportService(east, ns);
    await served([west], ns, [podAddress(east, 5)]);
    await becomes('ready', ['Ready'], async () => (await importIn(west, ns))?.status?.conditions?.map(({ type }) => type));
    expectWhole((await importIn(west, ns))?.status?.conditions ?? []);
  });

  const MANY: readonly Port[] = [
    { name: 'dns', protocol: 'UDP', port: 53 },
    { name: 'http', protocol: 'TCP', port: 80, appProtocol: 'kubernetes.io/h2c' },
    { name: 'sctp', protocol: 'SCTP', port: 132 },
  ];

  conform('1.1.ports', async ({ ns, east, all }) => {
    await exportService(east, ns, { ports: MANY });
    await served(all, ns, [podAddress(east, 5)]);
    for (const cluster of all) {
      const ports = (await importIn(cluster, ns))?.spec.ports;
      expect(portsOf(ports)).toEqual(portsOf(MANY));
      expect(
        ports?.flatMap((port) => Object.keys(port)).filter((key) => !['name', 'protocol', 'port', 'appProtocol'].includes(key)),
      ).toEqual([]);
      const derived = await derivedIn(cluster, ns);
      expect(portsOf(derived?.spec.ports)).toEqual(portsOf(MANY));
    }
  });

  conform('1.1.ports.default', async ({ ns, east, west }) => {
    const ports = [{ port: 80, targetPort: 8080 }];
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name: NAME }, spec: { selector: { app: NAME }, ports } };
    await kubectl(east.controlPlane, ['-n', ns, 'create', '-f', '-'], JSON.stringify(body));
    await writeSlice(east, ns, { ports: [{ port: 80 }] });
    await writeExport(east, ns);
    await served([west], ns, [podAddress(east, 5)]);
    expect(portsOf((await importIn(west, ns))?.spec.ports)).toEqual([{ name: '', protocol: 'TCP', port: 80 }]);
  });

  conform('1.1.ipFamilies', async ({ ns, east, west, north }) => {
    await exportService(east, ns, { spec: { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] } });
    await served([west, north], ns, [podAddress(east, 5)]);
    const { ips, ipFamilies } = ((await importIn(west, ns)) as ServiceImport).spec;
    expect(ips?.map((ip) => (ip.includes(':') ? 'IPv6' : 'IPv4'))).toEqual(ipFamilies);
    expect(ipFamilies).toEqual(['IPv6', 'IPv4']);
    expect((await importIn(north, ns))?.spec.ipFamilies).toEqual(['IPv4']);
  });

  conform('1.1.type', async ({ ns, east, all }) => {
    await exportService(east, ns);
    for (const cluster of all) await becomes(`in ${cluster.id}`, 'ClusterSetIP', () => typeIn(cluster, ns));
  });

  conform('1.1.sessionAffinity', async ({ ns, east, all }) => {
    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 77 } };
    await exportService(east, ns, { spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig } });
    await served(all, ns, [podAddress(east, 5)]);
    for (const cluster of all) {
      expect((await importIn(cluster, ns))?.spec).toMatchObject({ sessionAffinity: 'ClientIP', sessionAffinityConfig });
      expect((await derivedIn(cluster, ns))?.spec).toMatchObject({ sessionAffinity: 'ClientIP', sessionAffinityConfig });
    }
    await writeService(east, ns, { spec: { sessionAffinity: 'None' } });
    await becomes('none', ['None', undefined], async () => {
      const found = await importIn(all[1]!, ns);
      return [found?.spec.sessionAffinity, found?.spec.sessionAffinityConfig];
    });
  });

  conform('1.1.sessionAffinity.headless', async ({ ns, east, west }) => {
    await exportService(east, ns, { spec: { clusterIP: 'None', sessionAffinity: 'ClientIP' } });
    await served([west], ns, [podAddress(east, 5)]);
    const { sessionAffinity = 'None', sessionAffinityConfig } = ((await importIn(west, ns)) as ServiceImport).spec;
    expect([sessionAffinity, sessionAffinityConfig]).toEqual(['None', undefined]);
  });

  conform('1.1.internalTrafficPolicy', async ({ ns, east, all }) => {
    await exportService(east, ns, { spec: { internalTrafficPolicy: 'Local' } });
    for (const cluster of all) {
      await becomes(`in ${cluster.id}`, 'Local', async () => (await importIn(cluster, ns))?.spec.internalTrafficPolicy);
    }
    await writeService(east, ns, { spec: { internalTrafficPolicy: 'Cluster' } });
    for (const cluster of all) {
      await becomes(`in ${cluster.id}`, 'Cluster', async () => (await importIn(cluster, ns))?.spec.internalTrafficPolicy);
    }
  });

  conform('1.1.trafficDistribution', async ({ ns, east, all }) => {
    await exportService(east, ns, { spec: { trafficDistribution: 'PreferClose' } });
    for (const cluster of all) {
      await becomes(`in ${cluster.id}`, 'PreferClose', async () => (await importIn(cluster, ns))?.spec.trafficDistribution);
    }
    await writeService(east, ns);
    for (const cluster of all) {
      await becomes(`in ${cluster.id}`, undefined, async () => (await importIn(cluster, ns))?.spec.trafficDistribution);
    }
  });

  conform('1.1.clusters', async ({ ns, east, west, all }) => {
    await exportService(east, ns);
    await exportService(west, ns);
    for (const cluster of all) await becomes(`in ${cluster.id}`, ['east', 'west'], async () => clustersOf(await importIn(cluster, ns)));
    await east.remove(RESOURCE.serviceExport, NAME, ns);
    for (const cluster of all) await becomes(`in ${cluster.id}`, ['west'], async () => clustersOf(await importIn(cluster, ns)));
    await applySlice(west, ns, { endpoints: [] });
    await becomes('without endpoints', [], () => addressesIn(east, ns));
    expect(clustersOf(await importIn(east, ns))).toEqual(['west']);
  });
}

function clustersOf(found: ServiceImport | undefined): string[] | undefined {
  return found?.status?.clusters?.map(({ cluster }) => cluster).toSorted();
}

function expectWhole(conditions: readonly object[]): void {
  for (const condition of conditions) {
    expect(condition).toMatchObject({
      type: expect.stringMatching(/^[A-Z][A-Za-z]+$/),
      status: expect.stringMatching(/^(True|False|Unknown)$/),
      reason: expect.stringMatching(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
      message: expect.any(String),
      lastTransitionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  }
}

async function definitions(controlPlane: Parameters<typeof kubectl>[0]): Promise<readonly Definition[]> {
  const names = ['serviceexports', 'serviceimports'].map((plural) => `${plural}.multicluster.x-k8s.io`);
  const listed = await kubectl(controlPlane, ['get', 'crd', ...names, '-o', 'json']);
  return (JSON.parse(listed) as { readonly items: readonly Definition[] }).items;
}
