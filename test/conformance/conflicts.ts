/**
 * 1.3: what becomes of exports of one Service that differ.
 */
import { expect } from '@jest/globals';
import { becomes } from '../hub/world.js';
import type { Case, Conform } from './conform.js';
import { type ExportOptions, exportService, type Port, TARGET_OFFSET, unexport } from './people.js';
import { addressesIn, derivedIn, exportCondition, importIn, portsOf, served, type ServiceImport, slicesIn, typeIn } from './seen.js';
import { podAddress } from './world.js';

const HTTP: Port = { name: 'http', port: 80 };
const BOTH = ['east', 'west'] as const;

/** East exports, and when that stands everywhere, west does. */
async function inTurn(on: Case, first: ExportOptions, second: ExportOptions, host = 5): Promise<void> {
  await exportService(on.east, on.ns, first);
  await served(on.all, on.ns, [podAddress(on.east, host)]);
  await exportService(on.west, on.ns, second);
}

/** Both exporters are told, and no other conflict is. */
async function told(on: Case, reason: string): Promise<void> {
  for (const id of BOTH) await becomes(`told to ${id}`, `True ${reason}`, () => exportCondition(on[id], on.ns, 'Conflict'));
}

/** In each cluster, what `of` says of the import. */
async function everywhere<T>(on: Case, expected: T, of: (found: ServiceImport) => T): Promise<void> {
  for (const cluster of on.all) {
    await becomes(`in ${cluster.id}`, expected, async () => {
      const found = await importIn(cluster, on.ns);
      return found === undefined ? undefined : of(found);
    });
  }
}

export function conflictTests(conform: Conform): void {
  conform('1.3.oldest', async (on) => {
    await inTurn(on, { exported: { exportedLabels: { who: 'east' } } }, { exported: { exportedLabels: { who: 'west' } } });
    await told(on, 'LabelsConflict');
    await everywhere(on, 'east', ({ metadata }) => metadata.labels?.['who']);
    // Whoever leaves and comes back is the last.
    await unexport(on.east, on.ns);
    await everywhere(on, 'west', ({ metadata }) => metadata.labels?.['who']);
    await exportService(on.east, on.ns, { exported: { exportedLabels: { who: 'east' } } });
    await told(on, 'LabelsConflict');
    await everywhere(on, 'west', ({ metadata }) => metadata.labels?.['who']);
  });

  conform('1.3.traffic', async (on) => {
    const { ns, east, west, north } = on;
    await exportService(east, ns);
    await served(on.all, ns, [podAddress(east, 5)]);
    const before = await derivedIn(north, ns);
    const [slice] = await slicesIn(north, ns);
    await exportService(west, ns, {
      ports: [{ name: 'http', port: 81 }],
      spec: { sessionAffinity: 'ClientIP', internalTrafficPolicy: 'Local' },
      exported: { exportedLabels: { a: 'b' } },
    });
    await told(on, 'InternalTrafficPolicyConflict,LabelsConflict,PortConflict,SessionAffinityConflict');
    const after = await derivedIn(north, ns);
    expect([after?.metadata.uid, after?.spec]).toEqual([before?.metadata.uid, before?.spec]);
    const still = (await slicesIn(north, ns)).find(({ metadata }) => metadata.name === slice?.metadata.name);
    expect([still?.endpoints, still?.ports]).toEqual([slice?.endpoints, slice?.ports]);
  });

  conform('1.3.end', async (on) => {
    await inTurn(on, { spec: { sessionAffinity: 'ClientIP' } }, {});
    await told(on, 'SessionAffinityConflict');
    await unexport(on.east, on.ns);
    await becomes('told no more', 'False NoConflicts', () => exportCondition(on.west, on.ns, 'Conflict'));
    await served(on.all, on.ns, [podAddress(on.west, 5)]);
    await everywhere(on, 'ClusterSetIP', ({ spec }) => spec.type);
  });

  conform('1.3.ports.union', async (on) => {
    const metrics: Port = { name: 'metrics', protocol: 'SCTP', port: 142 };
    await inTurn(on, { ports: [HTTP] }, { ports: [HTTP, metrics] });
    await told(on, 'PortConflict');
    await everywhere(on, portsOf([HTTP, metrics]), ({ spec }) => portsOf(spec.ports));
    for (const cluster of on.all) {
      await becomes(`derived in ${cluster.id}`, portsOf([HTTP, metrics]), async () =>
        portsOf((await derivedIn(cluster, on.ns))?.spec.ports),
      );
    }
  });

  conform('1.3.ports.name', async (on) => {
    await inTurn(on, { ports: [HTTP] }, { ports: [{ name: 'http', port: 81 }] });
    await told(on, 'PortConflict');
    await everywhere(on, portsOf([HTTP]), ({ spec }) => portsOf(spec.ports));
  });

  conform('1.3.ports.number', async (on) => {
    const more: Port = { name: 'more', port: 90 };
    await inTurn(on, { ports: [HTTP] }, { ports: [{ name: 'web', port: 80 }, more] });
    await told(on, 'PortConflict');
    await everywhere(on, portsOf([HTTP, more]), ({ spec }) => portsOf(spec.ports));
  });

  conform('1.3.ports.nameless', async (on) => {
    await inTurn(on, { ports: [{ port: 80 }] }, { ports: [{ port: 81 }] });
    await told(on, 'PortConflict');
    await everywhere(on, portsOf([{ port: 80 }]), ({ spec }) => portsOf(spec.ports));
  });

  conform('1.3.ports.strict', async (on) => {
    await inTurn(on, { ports: [HTTP] }, { ports: [{ name: 'http', port: 81 }] });
    await told(on, 'PortConflict');
    for (const cluster of on.all) expect(await reachedBy(cluster, on.ns, 'http')).toEqual([podAddress(on.east, 5)]);
  });

  conform('1.3.ports.strict.union', async (on) => {
    const web: Port = { name: 'web', port: 81 };
    await inTurn(on, { ports: [HTTP] }, { ports: [web] });
    await told(on, 'PortConflict');
    for (const cluster of on.all) {
      await becomes(`web in ${cluster.id}`, [`${podAddress(on.west, 5)}:${81 + TARGET_OFFSET}`], () => reached(cluster, on.ns, 'web'));
      expect(await reached(cluster, on.ns, 'http')).toEqual([`${podAddress(on.east, 5)}:${80 + TARGET_OFFSET}`]);
    }
  });

  conform('1.3.headless', async (on) => {
    await inTurn(on, {}, { spec: { clusterIP: 'None' } });
    await told(on, 'TypeConflict');
    await everywhere(on, 'ClusterSetIP', ({ spec }) => spec.type);
    // Their pods serve in the shape of the first.
    for (const cluster of on.all) {
      await becomes(`in ${cluster.id}`, [podAddress(on.east, 5), podAddress(on.west, 5)], () => addressesIn(cluster, on.ns));
    }
  });

  conform('1.3.headless.first', async (on) => {
    await inTurn(on, { spec: { clusterIP: 'None' } }, {});
    await told(on, 'TypeConflict');
    await everywhere(on, ['Headless', []], ({ spec }) => [spec.type, spec.ips ?? []]);
    expect(await typeIn(on.north, on.ns)).toBe('Headless');
  });

  conform('1.3.sessionAffinity', async (on) => {
    await inTurn(on, { spec: { sessionAffinity: 'ClientIP' } }, { spec: { sessionAffinity: 'None' } });
    await told(on, 'SessionAffinityConflict');
    await everywhere(on, 'ClientIP', ({ spec }) => spec.sessionAffinity);
  });

  conform('1.3.sessionAffinityConfig', async (on) => {
    const affinity = (timeoutSeconds: number): ExportOptions => ({
      spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds } } },
    });
    await inTurn(on, affinity(100), affinity(200));
    await told(on, 'SessionAffinityConfigConflict');
    await everywhere(on, { clientIP: { timeoutSeconds: 100 } }, ({ spec }) => spec.sessionAffinityConfig);
  });

  conform('1.3.internalTrafficPolicy', async (on) => {
    await inTurn(on, { spec: { internalTrafficPolicy: 'Cluster' } }, { spec: { internalTrafficPolicy: 'Local' } });
    await told(on, 'InternalTrafficPolicyConflict');
    await everywhere(on, 'Cluster', ({ spec }) => spec.internalTrafficPolicy);
  });

  conform('1.3.trafficDistribution', async (on) => {
    await inTurn(on, { spec: { trafficDistribution: 'PreferClose' } }, {});
    await told(on, 'TrafficDistributionConflict');
    await everywhere(on, 'PreferClose', ({ spec }) => spec.trafficDistribution);
  });

  conform('1.3.exportedLabels', async (on) => {
    await inTurn(on, { exported: { exportedLabels: { one: 'a', both: 'a' } } }, { exported: { exportedLabels: { two: 'b', both: 'b' } } });
    await told(on, 'LabelsConflict');
    await everywhere(on, ['a', undefined, 'a'], ({ metadata }) => ['one', 'two', 'both'].map((name) => metadata.labels?.[name]));
  });

  conform('1.3.exportedAnnotations', async (on) => {
    const of = (annotations: Readonly<Record<string, string>>): ExportOptions => ({ exported: { exportedAnnotations: annotations } });
    await inTurn(on, of({ one: 'a', both: 'a' }), of({ two: 'b', both: 'b' }));
    await told(on, 'AnnotationsConflict');
    await everywhere(on, ['a', undefined, 'a'], ({ metadata }) => ['one', 'two', 'both'].map((name) => metadata.annotations?.[name]));
  });

  conform('1.3.ipFamilies', async (on) => {
    await inTurn(on, { spec: { ipFamilies: ['IPv4'] } }, { spec: { ipFamilies: ['IPv6'] } });
    await told(on, 'IPFamilyConflict');
    await everywhere(on, ['IPv4'], ({ spec }) => spec.ipFamilies);
  });

  conform('1.3.NodePort', (on) => staysLocal(on, 'NodePort'));
  conform('1.3.LoadBalancer', (on) => staysLocal(on, 'LoadBalancer'));
}

async function staysLocal(on: Case, type: 'NodePort' | 'LoadBalancer'): Promise<void> {
  await exportService(on.east, on.ns, { spec: { type } });
  await everywhere(on, 'ClusterSetIP', ({ spec }) => spec.type);
  for (const cluster of on.all) {
    const derived = await derivedIn(cluster, on.ns);
    expect([derived?.spec.type, derived?.spec.ports.map(({ nodePort }) => nodePort)]).toEqual(['ClusterIP', [undefined]]);
  }
}

/** Where kube-proxy sends what comes for a port: it joins endpoints with a port of that name. */
async function reached(cluster: Case['east'], ns: string, port: string): Promise<string[]> {
  const slices = await slicesIn(cluster, ns);
  return slices
    .flatMap(({ ports, endpoints }) =>
      (ports ?? [])
        .filter(({ name }) => name === port)
        .flatMap((each) => (endpoints ?? []).map(({ addresses }) => `${addresses[0]}:${each.port}`)),
    )
    .toSorted();
}

async function reachedBy(cluster: Case['east'], ns: string, port: string): Promise<string[]> {
  return (await reached(cluster, ns, port)).map((text) => text.slice(0, text.lastIndexOf(':')));
}
