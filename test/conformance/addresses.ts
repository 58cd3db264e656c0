/**
 * 1.4: addresses of imports, headless Services, EndpointSlices, and the Service that stands for an import.
 */
import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { becomes } from '../hub/world.js';
import type { Conform } from './conform.js';
import { applySlice, exportService, NAME, unexport, writeService, writeSlice } from './people.js';
import {
  addressesIn,
  derivedIn,
  type DerivedService,
  importIn,
  portsOf,
  served,
  type ServiceImport,
  slicesIn,
  withoutImport,
} from './seen.js';
import { podAddress } from './world.js';

export function addressTests(conform: Conform): void {
  conform('1.4.ips', async ({ ns, east, west, north }) => {
    await exportService(east, ns, { spec: { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] } });
    for (const [cluster, families] of [
      [east, ['IPv4', 'IPv6']],
      [west, ['IPv4', 'IPv6']],
      [north, ['IPv4']],
    ] as const) {
      await becomes(`in ${cluster.id}`, [families, families], async () => {
        const { ips = [], ipFamilies } = ((await importIn(cluster, ns)) as ServiceImport).spec;
        return [ips.map((ip) => (ip.includes(':') ? 'IPv6' : 'IPv4')), ipFamilies];
      });
    }
  });

  conform('1.4.ips.stable', async ({ ns, east, west, north, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    await becomes('an address', 1, async () => (await importIn(north, ns))?.spec.ips?.length);
    const before = await importIn(north, ns);
    await writeSlice(east, ns, { hosts: [6, 7] });
    await served(all, ns, [podAddress(east, 6), podAddress(east, 7)]);
    const ports = [
      { name: 'http', port: 80 },
      { name: 'more', port: 81 },
    ];
    await writeService(east, ns, { ports });
    await becomes('ports', portsOf(ports), async () => portsOf((await importIn(north, ns))?.spec.ports));
    await exportService(west, ns, { ports });
    await becomes('both', 3, async () => (await addressesIn(north, ns)).length);
    await unexport(east, ns);
    await served([north], ns, [podAddress(west, 5)]);
    const after = await importIn(north, ns);
    expect([after?.spec.ips, after?.metadata.uid]).toEqual([before?.spec.ips, before?.metadata.uid]);
  });

  conform('1.4.ips.headless', async ({ ns, east, all }) => {
    await exportService(east, ns, { spec: { clusterIP: 'None' } });
    await served(all, ns, [podAddress(east, 5)]);
    for (const cluster of all) {
      const { type, ips = [] } = ((await importIn(cluster, ns)) as ServiceImport).spec;
      expect([type, ips]).toEqual(['Headless', []]);
      expect((await derivedIn(cluster, ns))?.spec.clusterIP).toBe('None');
    }
    await unexport(east, ns);
    await withoutImport(all, ns);
  });

  conform('1.4.empty', async ({ ns, east, west }) => {
    await exportService(east, ns);
    await served([west], ns, [podAddress(east, 5)]);
    await becomes('an address', 1, async () => (await importIn(west, ns))?.spec.ips?.length);
    const before = await importIn(west, ns);
    await applySlice(east, ns, { endpoints: [] });
    await served([west], ns, []);
    expect((await importIn(west, ns))?.spec.ips).toEqual(before?.spec.ips);
    await writeSlice(east, ns);
    await served([west], ns, [podAddress(east, 5)]);
  });

  conform('1.4.slices.source', async ({ ns, east, west, north, all }) => {
    await exportService(east, ns);
    await exportService(west, ns, { hosts: [5, 6] });
    await served(all, ns, [podAddress(east, 5), podAddress(west, 5), podAddress(west, 6)]);
    for (const { metadata, endpoints } of await slicesIn(north, ns)) {
      const prefix = metadata.labels?.['multicluster.kubernetes.io/source-cluster'] === 'east' ? '10.1.' : '10.2.';
      for (const { addresses } of endpoints ?? []) for (const address of addresses) expect(address.startsWith(prefix)).toBe(true);
    }
  });

  conform('1.4.slices.labels', async ({ ns, east, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    for (const cluster of all) {
      const [slice] = await slicesIn(cluster, ns);
      expect(slice?.metadata.labels).toMatchObject({
        'multicluster.kubernetes.io/service-name': NAME,
        'multicluster.kubernetes.io/source-cluster': 'east',
      });
    }
  });

  conform('1.4.slices.managed-by', async ({ ns, east, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    for (const cluster of all) {
      for (const { metadata } of await slicesIn(cluster, ns)) {
        expect(metadata.labels?.['endpointslice.kubernetes.io/managed-by']).toBe('kilofed-hub');
      }
    }
  });

  conform('1.4.slices.families', async ({ ns, east, west, north }) => {
    await exportService(east, ns, { spec: { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] } });
    await writeSlice(east, ns, { family: 'IPv6' });
    const [four, six] = [podAddress(east, 5), podAddress(east, 5, 'IPv6')];
    await served([west], ns, [four, six]);
    const found = (await slicesIn(west, ns)).map(({ addressType, endpoints }) => [addressType, endpoints?.[0]?.addresses]);
    expect(Object.fromEntries(found) as unknown).toEqual({ IPv4: [four], IPv6: [six] });
    expect(found).toHaveLength(2);
    await served([north], ns, [four]);
  });

  conform('1.4.slices.conditions', async ({ ns, east, west }) => {
    await exportService(east, ns);
    const conditions = [
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: true, terminating: true },
      { ready: false, serving: false, terminating: false },
    ];
    await applySlice(east, ns, {
      endpoints: conditions.map((each, index) => ({ addresses: [podAddress(east, 5 + index)], conditions: each })),
    });
    await served(
      [west],
      ns,
      [5, 6, 7].map((host) => podAddress(east, host)),
    );
    const [slice] = await slicesIn(west, ns);
    expect(slice?.endpoints?.map((endpoint) => endpoint.conditions)).toEqual(conditions);
  });

  conform('1.4.slices.hostnames', async ({ ns, east, west }) => {
    await exportService(east, ns, { spec: { clusterIP: 'None' } });
    const conditions = { ready: true, serving: true, terminating: false };
    await applySlice(east, ns, { endpoints: [{ addresses: [podAddress(east, 5)], hostname: 'hello-0', conditions }] });
    await becomes('named', 'hello-0', async () => (await slicesIn(west, ns))[0]?.endpoints?.[0]?.hostname);
  });

  conform('1.4.slices.gone', async ({ ns, east, west, all }) => {
    await exportService(east, ns);
    await exportService(west, ns);
    await served(all, ns, [podAddress(east, 5), podAddress(west, 5)]);
    await unexport(east, ns);
    await served(all, ns, [podAddress(west, 5)]);
    for (const cluster of all)
      expect((await slicesIn(cluster, ns)).map(({ metadata }) => metadata.labels?.['multicluster.kubernetes.io/source-cluster'])).toEqual([
        'west',
      ]);
    await unexport(west, ns);
    await withoutImport(all, ns);
    for (const cluster of all) await becomes(`gone in ${cluster.id}`, [], () => slicesIn(cluster, ns));
  });

  conform('1.4.derived.name', async ({ ns, east, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    for (const cluster of all) {
      const name = (await importIn(cluster, ns))?.metadata.annotations?.['multicluster.kubernetes.io/derived-service'];
      expect(name).toBe(`derived-${base32hex(createHash('sha256').update(`${ns}/${NAME}`).digest()).slice(0, 10)}`);
      expect(await derivedIn(cluster, ns)).toBeDefined();
    }
  });

  conform('1.4.derived.selectorless', async ({ ns, east, all }) => {
    await exportService(east, ns, { spec: { type: 'NodePort' } });
    await served(all, ns, [podAddress(east, 5)]);
    for (const cluster of all) {
      const { metadata, spec } = (await derivedIn(cluster, ns)) as DerivedService;
      expect([spec.selector, spec.type, spec.ports.map(({ nodePort }) => nodePort)]).toEqual([undefined, 'ClusterIP', [undefined]]);
      for (const slice of await slicesIn(cluster, ns)) expect(slice.metadata.labels?.['kubernetes.io/service-name']).toBe(metadata.name);
    }
  });

  conform('1.4.derived.ips', async ({ ns, east, all }) => {
    await exportService(east, ns);
    for (const cluster of all) {
      await becomes(`in ${cluster.id}`, true, async () => {
        const [found, derived] = [await importIn(cluster, ns), await derivedIn(cluster, ns)];
        return derived !== undefined && found?.spec.ips?.join() === derived.spec.clusterIPs.join();
      });
    }
  });

  conform('1.4.derived.ports', async ({ ns, east, all }) => {
    await exportService(east, ns);
    await served(all, ns, [podAddress(east, 5)]);
    for (const ports of [
      [
        { name: 'http', port: 80 },
        { name: 'https', port: 443 },
      ],
      [{ name: 'https', port: 443 }],
      [{ name: 'https', port: 444 }],
    ]) {
      await writeService(east, ns, { ports });
      for (const cluster of all) {
        await becomes(`in ${cluster.id}`, portsOf(ports), async () => portsOf((await derivedIn(cluster, ns))?.spec.ports));
      }
    }
  });
}

/** RFC 4648, in lower case, as far as whole groups of five bits go. */
function base32hex(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return [...bits.matchAll(/.{5}/g)].map(([group]) => Number.parseInt(group, 2).toString(32)).join('');
}
