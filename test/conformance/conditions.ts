/**
 * 1.2: conditions and reasons. Those of single conflicts are in conflicts.ts.
 */
import { expect } from '@jest/globals';
import { RESOURCE } from '../../core/api/resources.js';
import { becomes } from '../hub/world.js';
import type { Conform } from './conform.js';
import { exportService, NAME, unexport, writeExport, writeService, writeSlice } from './people.js';
import { exportCondition, importCondition, importIn, served, withoutImport } from './seen.js';
import { podAddress } from './world.js';

/** All that mcs-api defines for the condition `Conflict`. */
const CONFLICTS = [
  ...['PortConflict', 'TypeConflict', 'SessionAffinityConflict', 'SessionAffinityConfigConflict', 'AnnotationsConflict'],
  ...['LabelsConflict', 'InternalTrafficPolicyConflict', 'TrafficDistributionConflict', 'IPFamilyConflict'],
];
const MOST_OF_A_REASON = 1_024;

export function conditionTests(conform: Conform): void {
  conform('1.2.Valid', async ({ ns, east }) => {
    await exportService(east, ns);
    await becomes('valid', 'True Valid', () => exportCondition(east, ns, 'Valid'));
  });

  conform('1.2.Valid.NoService', async ({ ns, east, all }) => {
    await writeExport(east, ns);
    await becomes('invalid', 'False NoService', () => exportCondition(east, ns, 'Valid'));
    for (const cluster of all) expect(await importIn(cluster, ns)).toBeUndefined();
  });

  conform('1.2.Valid.InvalidServiceType', async ({ ns, east, all }) => {
    await writeService(east, ns, { spec: { type: 'ExternalName', externalName: 'example.com' } });
    await writeExport(east, ns);
    await becomes('invalid', 'False InvalidServiceType', () => exportCondition(east, ns, 'Valid'));
    for (const cluster of all) expect(await importIn(cluster, ns)).toBeUndefined();
  });

  conform('1.2.Valid.follows', async ({ ns, east, west }) => {
    await writeExport(east, ns);
    await becomes('no Service', 'False NoService', () => exportCondition(east, ns, 'Valid'));
    await writeService(east, ns);
    await writeSlice(east, ns);
    await becomes('valid', 'True Valid', () => exportCondition(east, ns, 'Valid'));
    await served([west], ns, [podAddress(east, 5)]);
    await east.remove(RESOURCE.service, NAME, ns);
    await becomes('no Service again', 'False NoService', () => exportCondition(east, ns, 'Valid'));
    // What it says of an export that there is not would not be true.
    const ready = await exportCondition(east, ns, 'Ready');
    expect(ready?.startsWith('True')).not.toBe(true);
  });

  conform('1.2.Ready.Exported', async ({ ns, east, west }) => {
    await exportService(east, ns);
    await becomes('ready', 'True Exported', () => exportCondition(east, ns, 'Ready'));
    await served([west], ns, [podAddress(east, 5)]);
  });

  conform('1.2.Ready.Pending', async ({ ns, east, west, north }) => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns, labels: { 'kilofed.io/import': 'none' } } };
    await west.apply(namespace);
    await exportService(east, ns);
    const unready = /^False (Pending|Failed)$/;
    await becomes('not in west', true, async () => unready.test((await exportCondition(east, ns, 'Ready')) ?? ''));
    await served([north], ns, [podAddress(east, 5)]);
    await west.apply({ ...namespace, metadata: { name: ns } });
    await becomes('ready', 'True Exported', () => exportCondition(east, ns, 'Ready'));
    await served([west], ns, [podAddress(east, 5)]);
  });

  conform('1.2.Conflict.NoConflicts', async ({ ns, east, west }) => {
    await exportService(east, ns);
    await becomes('alone', 'False NoConflicts', () => exportCondition(east, ns, 'Conflict'));
    await exportService(west, ns);
    await served([east], ns, [podAddress(east, 5), podAddress(west, 5)]);
    for (const cluster of [east, west]) {
      await becomes(`in ${cluster.id}`, 'False NoConflicts', () => exportCondition(cluster, ns, 'Conflict'));
    }
  });

  conform('1.2.Conflict.all', async ({ ns, east, west, north, all }) => {
    await exportService(east, ns);
    await served([west], ns, [podAddress(east, 5)]);
    await exportService(west, ns);
    await exportService(north, ns, { spec: { sessionAffinity: 'ClientIP' } });
    for (const cluster of all) {
      await becomes(`in ${cluster.id}`, 'True SessionAffinityConflict', () => exportCondition(cluster, ns, 'Conflict'));
    }
    await unexport(north, ns);
    for (const cluster of [east, west]) {
      await becomes(`in ${cluster.id}`, 'False NoConflicts', () => exportCondition(cluster, ns, 'Conflict'));
    }
  });

  conform('1.2.Conflict.joined', async ({ ns, east, west }) => {
    await exportService(east, ns, { exported: { exportedLabels: { a: '1' } } });
    await served([west], ns, [podAddress(east, 5)]);
    await exportService(west, ns, { ports: [{ name: 'other', port: 90 }], spec: { sessionAffinity: 'ClientIP' } });
    for (const cluster of [east, west]) {
      await becomes(`in ${cluster.id}`, ['LabelsConflict', 'PortConflict', 'SessionAffinityConflict'], async () => {
        const [status, reason = ''] = ((await exportCondition(cluster, ns, 'Conflict')) ?? '').split(' ');
        return status === 'True' ? reason.split(',').toSorted() : [];
      });
    }
  });

  conform('1.2.Conflict.length', async ({ ns, east, west, north }) => {
    expect(CONFLICTS.join(',').length).toBeLessThan(MOST_OF_A_REASON);
    const policies = { internalTrafficPolicy: 'Local', trafficDistribution: 'PreferClose' };
    const affinity = (timeoutSeconds: number): object => ({
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds } },
    });
    const labels = { exportedLabels: { a: '1' }, exportedAnnotations: { a: '1' } };
    await exportService(east, ns, { spec: { ...affinity(10), ...policies }, exported: labels });
    await served([west], ns, [podAddress(east, 5)]);
    await exportService(west, ns, { spec: { ...affinity(20), ipFamilies: ['IPv6'] }, ports: [{ name: 'http', port: 81 }] });
    await exportService(north, ns, { spec: { clusterIP: 'None' } });
    const all = CONFLICTS.filter((reason) => reason !== 'SessionAffinityConflict').toSorted();
    await becomes('all but one at once', all, async () => {
      const [, reason = ''] = ((await exportCondition(east, ns, 'Conflict')) ?? '').split(' ');
      return reason.split(',').toSorted();
    });
  });

  conform('1.2.import.Ready', async ({ ns, east, all }) => {
    await exportService(east, ns);
    for (const cluster of all) await becomes(`in ${cluster.id}`, 'True Ready', () => importCondition(cluster, ns, 'Ready'));
    await unexport(east, ns);
    await withoutImport(all, ns);
  });

  conform('1.2.import.IPFamilyNotSupported', async ({ ns, east, west, north }) => {
    await exportService(east, ns, { spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] } });
    await writeSlice(east, ns, { family: 'IPv6' });
    await becomes('told', 'False IPFamilyNotSupported', () => importCondition(north, ns, 'Ready'));
    await becomes('elsewhere', 'True Ready', () => importCondition(west, ns, 'Ready'));
    // One of its families is enough.
    await writeService(east, ns, { spec: { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] } });
    await becomes('ready', 'True Ready', () => importCondition(north, ns, 'Ready'));
  });
}
