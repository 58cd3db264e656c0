/**
 * `kilofed uninstall` at a real API server, with the rights of the Job of manifests/uninstall.yaml and no more, and with Kubernetes' own
 * controllers. There are no nodes, so none has to be cleaned.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { attempt } from '../lab/process.js';
import type { ControlPlane } from './controlPlane.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const MANIFESTS = resolve(import.meta.dirname, '../../../manifests');
const CLI = resolve(import.meta.dirname, '../../cli/main.js');
const LONG_MS = 180_000;
const LABELS = { 'kilofed.io/managed-by': 'kilofed-hub', 'kilofed.io/cluster': 'west' };
const SERVICE = { ports: [{ port: 80 }] };
const KEY = `${'A'.repeat(43)}=`;

const file = (name: string): string => join(MANIFESTS, name);

/** As a pod of the Job would be who calls. */
async function uninstall(server: ControlPlane, ...args: readonly string[]): ReturnType<typeof attempt> {
  const token = (await kubectl(server, ['-n', 'kube-system', 'create', 'token', 'kilofed-uninstall'])).trim();
  const path = join(server.dir, 'uninstall.kubeconfig');
  writeFileSync(path, server.kubeconfig('admin').replace(server.token('admin'), token), { mode: 0o600 });
  return attempt([process.execPath, CLI, 'uninstall', '--kubeconfig', path, ...args], { timeoutMs: 120_000 });
}

const present = async (server: ControlPlane, kinds: string): Promise<readonly string[]> =>
  (
    await kubectl(server, [
      'get',
      kinds,
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.kind} {.metadata.namespace} {.metadata.name}{"\\n"}{end}',
    ])
  )
    .split('\n')
    .filter((line) => /kilofed|meshes|peers|multicluster|node-agent|cluster-agent/.test(line));

const RIGHTS = 'clusterroles,clusterrolebindings,roles,rolebindings';
const POLICIES = 'validatingadmissionpolicies,validatingadmissionpolicybindings';

describeWithApiServer('uninstall', { controllers: '*,-nodeipam,-cloud-node-lifecycle-controller' }, (server) => {
  test(
    'takes everything that manifests/ has put there, with the rights of its Job, and nothing of people',
    async () => {
      const at = server();
      for (const each of readdirSync(file('crds'))) await kubectl(at, ['apply', '--server-side', '-f', file(`crds/${each}`)]);
      await kubectl(at, ['create', '-f', file('crds-multicluster.yaml')]);
      await kubectl(at, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
      for (const each of ['cluster-cni', 'member', 'member-namespaces', 'hub', 'uninstall'])
        await kubectl(at, ['apply', '-f', file(`${each}.yaml`)]);
      await kubectl(at, ['-n', 'kube-system', 'delete', 'job', 'kilofed-uninstall']);
      await applyYaml(
        at,
        [
          { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' }, spec: { wireguardCIDRs: ['10.4.0.0/24'] } },
          { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default', labels: LABELS }, spec: SERVICE },
          { apiVersion: 'v1', kind: 'Service', metadata: { name: 'mine', namespace: 'default' }, spec: SERVICE },
          {
            apiVersion: 'kilo.squat.ai/v1alpha1',
            kind: 'Peer',
            metadata: { name: 'laptop' },
            spec: { allowedIPs: ['10.5.0.1/32'], publicKey: KEY },
          },
        ]
          .map((object) => JSON.stringify(object))
          .join('\n---\n'),
      );

      const told = await uninstall(at, '--dry-run', '-o', 'json');
      expect(told).toMatchObject({ code: 0, stderr: '' });
      const without = await uninstall(at, '--yes');
      expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('kilofed') });
      expect((await present(at, 'services')).length).toBe(1);

      const ended = await uninstall(at, '--yes', '--force', '--with-hub', '--crds', '--timeout', '60s');
      expect(ended.stderr.replace(/^kilofed: (still )?waiting.*\n/gm, '')).toBe('');
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain('1 object of it would go with it: peer laptop');
      // The Job's own rights in the namespace went with it; the rest is its own file's to delete.
      expect((await present(at, RIGHTS)).filter((line) => !line.includes('kilofed-uninstall'))).toEqual([]);
      expect(await present(at, `${POLICIES},namespaces`)).toEqual([]);
      expect(await present(at, 'crds')).toEqual(['CustomResourceDefinition  peers.kilo.squat.ai']);
      expect(await kubectl(at, ['get', 'services', '-A', '-o', 'jsonpath={.items[*].metadata.name}'])).toBe('kubernetes mine');
      expect(await kubectl(at, ['get', 'peers', '-o', 'name'])).toBe('peer.kilo.squat.ai/laptop\n');

      const again = await uninstall(at, '--yes');
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing of Kilofed is installed') });
      await kubectl(at, ['delete', '-f', file('uninstall.yaml'), '--ignore-not-found']);
      expect(await present(at, `${RIGHTS},serviceaccounts`)).toEqual([]);
    },
    LONG_MS,
  );
});
