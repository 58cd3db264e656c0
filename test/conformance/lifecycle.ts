/**
 * 1.6: namespaces, the life of imports, and who may do what.
 */
import { expect } from '@jest/globals';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { kubectl } from '../apiserver/kubectl.js';
import { becomes } from '../hub/world.js';
import { sleep } from '../lab/process.js';
import type { Conform } from './conform.js';
import { applySlice, exportService, NAME, unexport, writeExport, writeService, writeSlice } from './people.js';
import { addressesIn, exportCondition, importIn, served, slicesIn, withoutImport } from './seen.js';
import { EDITOR, podAddress } from './world.js';

/** What is not to come has not come by then. */
const NEVER_MS = 700;

export function lifecycleTests(conform: Conform): void {
  conform(
    '1.6.namespace.only',
    async ({ ns, east, west, north }) => {
      await exportService(east, ns);
      await served([east, north], ns, [podAddress(east, 5)]);
      expect(await west.get(RESOURCE.namespace, ns)).toBeUndefined();
      await becomes('not held against the export', 'True Exported', () => exportCondition(east, ns, 'Ready'));
    },
    { in: ({ east, north }) => [east, north] },
  );

  conform('1.6.namespace.all', async ({ ns, east, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
  });

  conform(
    '1.6.namespace.late',
    async ({ ns, east, west, namespace }) => {
      await exportService(east, ns);
      await served([east], ns, [podAddress(east, 5)]);
      await namespace(ns, [west]);
      await served([west], ns, [podAddress(east, 5)]);
    },
    { in: ({ east }) => [east] },
  );

  conform('1.6.not-exported', async ({ ns, east, all }) => {
    await writeService(east, ns);
    await writeSlice(east, ns);
    await sleep(NEVER_MS);
    for (const cluster of all) {
      expect([await importIn(cluster, ns), await slicesIn(cluster, ns)]).toEqual([undefined, []]);
      const services = (await cluster.list(RESOURCE.service)).filter(({ metadata }) => metadata.namespace === ns);
      expect(services.length).toBe(cluster === east ? 1 : 0);
    }
  });

  conform('1.6.one-of-two', async ({ ns, east, west, all }) => {
    await writeService(west, ns);
    await writeSlice(west, ns);
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    await sleep(NEVER_MS);
    for (const cluster of all) expect(await addressesIn(cluster, ns)).toEqual([podAddress(east, 5)]);
  });

  conform('1.6.own-name', async ({ ns, east, west, north }) => {
    await exportService(east, ns);
    await served([west, north], ns, [podAddress(east, 5)]);
    const ports = [{ name: 'http', port: 80 }];
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name: NAME }, spec: { selector: { app: NAME }, ports } };
    await kubectl(west.controlPlane, ['-n', ns, 'create', '-f', '-'], JSON.stringify(body));
    await writeSlice(west, ns, { hosts: [9] });
    await sleep(NEVER_MS);
    for (const [cluster, own] of [
      [east, [podAddress(east, 5)]],
      [west, [podAddress(west, 9)]],
      [north, []],
    ] as const) {
      const joined = await cluster.list<KubeObject & { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }>(
        RESOURCE.endpointSlice,
        `kubernetes.io/service-name=${NAME}`,
      );
      const here = joined.filter(({ metadata }) => metadata.namespace === ns);
      expect(here.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))).toEqual(own);
    }
    expect((await west.get<KubeObject & { readonly spec: object }>(RESOURCE.service, NAME, ns))?.spec).toMatchObject({
      selector: { app: NAME },
    });
    expect(await addressesIn(west, ns)).toEqual([podAddress(east, 5)]);
    expect(await north.get(RESOURCE.service, NAME, ns)).toBeUndefined();
  });

  conform('1.6.exists-while-exported', async ({ ns, east, west, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    const before = await Promise.all(all.map((cluster) => importIn(cluster, ns)));
    await exportService(west, ns);
    await served(all, ns, [podAddress(east, 5), podAddress(west, 5)]);
    await unexport(east, ns);
    await served(all, ns, [podAddress(west, 5)]);
    const after = await Promise.all(all.map((cluster) => importIn(cluster, ns)));
    expect(after.map((each) => each?.metadata.uid)).toEqual(before.map((each) => each?.metadata.uid));
  });

  conform('1.6.last-export', async ({ ns, east, west, all }) => {
    await exportService(east, ns);
    await exportService(west, ns);
    await served(all, ns, [podAddress(east, 5), podAddress(west, 5)]);
    await unexport(east, ns);
    await unexport(west, ns);
    await withoutImport(all, ns);
    for (const cluster of all) {
      await becomes(`no Service of the hub's in ${cluster.id}`, 0, async () => {
        const own = await cluster.list(RESOURCE.service, 'kilofed.io/managed-by=kilofed-hub');
        return own.filter(({ metadata }) => metadata.namespace === ns).length;
      });
    }
    for (const cluster of [east, west]) expect(await cluster.get(RESOURCE.service, NAME, ns)).toBeDefined();
  });

  conform('1.6.service-deleted', async ({ ns, east, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    await east.remove(RESOURCE.service, NAME, ns);
    await withoutImport(all, ns);
    expect(await east.get(RESOURCE.serviceExport, NAME, ns)).toBeDefined();
  });

  conform('1.6.again', async ({ ns, east, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    await unexport(east, ns);
    await withoutImport(all, ns);
    await writeExport(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    // And at once.
    await unexport(east, ns);
    await writeExport(east, ns);
    await applySlice(east, ns, { endpoints: [{ addresses: [podAddress(east, 6)] }] });
    await served(all, ns, [podAddress(east, 6)]);
  });

  conform('1.6.people', async ({ ns, east, west }) => {
    const exported = { exportedLabels: { a: 'b' } };
    await exportService(east, ns, { exported });
    await served([west], ns, [podAddress(east, 5)]);
    await becomes('told', 'True Exported', () => exportCondition(east, ns, 'Ready'));
    const { metadata, ...rest } = (await east.get<KubeObject & { readonly spec: unknown }>(RESOURCE.serviceExport, NAME, ns))!;
    const { labels, annotations, ownerReferences, generation } = metadata;
    expect({ labels, annotations, ownerReferences, generation, spec: rest.spec }).toEqual({
      labels: { 'of-the-export': 'yes' },
      annotations: { 'of-the-export': 'yes' },
      ownerReferences: undefined,
      generation: 1,
      spec: exported,
    });
    expect((metadata as { readonly finalizers?: unknown }).finalizers).toBeUndefined();
  });

  conform('1.6.write-imports', async ({ ns, east }) => {
    // A controller that does not run here would make the role `edit` of these.
    const label = 'rbac.authorization.k8s.io/aggregate-to-edit=true';
    const parts = await kubectl(east.controlPlane, ['get', 'clusterroles', '-l', label, '-o', 'jsonpath={.items[*].metadata.name}']);
    for (const [index, role] of parts.split(' ').entries()) {
      await kubectl(east.controlPlane, [
        '-n',
        ns,
        'create',
        'rolebinding',
        `editor-${index}`,
        `--clusterrole=${role}`,
        `--user=${EDITOR.name}`,
      ]);
    }
    const may = async (verb: string, group: string, resource: string): Promise<boolean | undefined> => {
      const spec = { user: EDITOR.name, resourceAttributes: { namespace: ns, verb, group, resource } };
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
      const asked = await east.client.call<{ readonly status: { readonly allowed: boolean } }>({ method: 'POST', path, body });
      return asked.ok ? asked.value.status.allowed : undefined;
    };
    await becomes('the role counts', true, () => may('create', '', 'services'));
    for (const verb of ['create', 'update', 'patch', 'delete']) {
      expect([verb, await may(verb, 'multicluster.x-k8s.io', 'serviceimports')]).toEqual([verb, false]);
    }
  });

  conform('1.6.closed-namespaces', async ({ east, west, hub }) => {
    await exportService(east, 'kube-system');
    await becomes('told', true, () =>
      hub.status().problems.some(({ reason, subject }) => reason === 'NamespaceDenied' && 'name' in subject),
    );
    for (const cluster of [east, west]) expect(await importIn(cluster, 'kube-system')).toBeUndefined();
    expect(await exportCondition(east, 'kube-system', 'Ready')).toBeUndefined();
    await unexport(east, 'kube-system');
    await east.remove(RESOURCE.service, NAME, 'kube-system');
  });
}
