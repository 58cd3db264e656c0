/**
 * charts/kilofed with Helm 3 and 4: what they make of it, and what becomes of it on a real API server.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load, loadAll } from 'js-yaml';
import { MANIFESTS } from '../../tools/chart/render.js';
import type { ControlPlane } from './controlPlane.js';
import { CHART, helm, preset } from './helm.js';
import { applyYaml, kubectl } from './kubectl.js';
import { describeWithApiServer } from './suite.js';

const FOLDER = join(CHART, '../../manifests');
const PROGRAMS = ['helm3', 'helm4'] as const;
const IN_NAMESPACE = ['--namespace', 'kilofed'];
const LONG_MS = 180_000;

const MESH = { apiVersion: 'kilofed.io/v1alpha1', kind: 'Mesh', metadata: { name: 'default' } };

interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

describeWithApiServer('kustomize', {}, (server) => {
  test('makes of manifests/ what its files say', async () => {
    const { resources } = load(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as { readonly resources: readonly string[] };
    const text = resources.map((file) => readFileSync(join(FOLDER, file), 'utf8')).join('---\n');
    expect(sorted(await kubectl(server(), ['kustomize', FOLDER]))).toEqual(sorted(text));
    await kubectl(server(), ['create', 'namespace', 'kilofed']);
    await kubectl(server(), ['apply', '--server-side', '--dry-run=server', '-k', FOLDER]);
  });
});

describeWithApiServer('what the manifests say', {}, (server) => {
  const path = (name: string): string => join(FOLDER, name);

  test(
    'is what the API server has after they were applied: kubectl sees no difference, whichever way they were',
    async () => {
      await kubectl(server(), ['apply', '--server-side', '-f', path('crds')]);
      await kubectl(server(), ['create', '-f', path('crds-multicluster.yaml')]);
      const files = ['cluster.yaml', 'cluster-cni.yaml', 'member.yaml', 'member-namespaces.yaml', 'hub.yaml', 'hub-redis.yaml'];
      for (const file of files) {
        await kubectl(server(), ['apply', '-f', path(file)]);
        // It ends with 1 where there is a difference, and shows it.
        expect([file, await kubectl(server(), ['diff', '-f', path(file)])]).toEqual([file, '']);
      }
      for (const file of ['crds', ...files]) {
        await kubectl(server(), ['apply', '--server-side', '--force-conflicts', '-f', path(file)]);
        expect([file, await kubectl(server(), ['diff', '--server-side', '--force-conflicts', '-f', path(file)])]).toEqual([file, '']);
      }
    },
    LONG_MS,
  );

  test.each(['hub.yaml', 'hub-redis.yaml'])('of %s runs where a namespace takes restricted pods only', async (file) => {
    const namespace = file.replace('.yaml', '');
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const all = loadAll(readFileSync(path(file), 'utf8')) as (Document & {
      readonly spec?: { readonly template?: { readonly spec: object } };
    })[];
    const spec = all.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec;
    const objects = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'hub', namespace } },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'hub', namespace }, spec },
    ];
    for (const each of objects) await kubectl(server(), ['create', '-f', '-'], JSON.stringify(each));
    const root = { ...objects[2], metadata: { name: 'root', namespace }, spec: { ...spec, hostNetwork: true } };
    await expect(kubectl(server(), ['create', '-f', '-'], JSON.stringify(root))).rejects.toThrow('violates PodSecurity');
  });
});

describeWithApiServer('the chart', { programs: PROGRAMS }, (server) => {
  describe.each(PROGRAMS)('with %s', (program) => {
    const template = async (...args: readonly string[]): Promise<readonly Document[]> =>
      sorted(await helm(program, ['template', 'kilofed', CHART, ...IN_NAMESPACE, ...args]));

    test('is free of complaints, whatever it is to install', async () => {
      const roles = [[], ['--set', 'role=hub'], ['--set', 'role=both,hub.redis.mode=secret,account.createNamespaces=true']];
      for (const args of roles) {
        expect(await helm(program, ['lint', '--strict', CHART, ...IN_NAMESPACE, ...args])).toContain('0 chart(s) failed');
      }
    });

    test.each(MANIFESTS)('is manifests/%s.yaml with the preset of that name', async (name) => {
      expect(await template('-f', preset(name))).toEqual(sorted(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')));
    });

    test('has the kinds of manifests/crds and crds-multicluster.yaml', async () => {
      const { resources } = load(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as { readonly resources: readonly string[] };
      const files = [...resources.filter((file) => file.startsWith('crds/')), 'crds-multicluster.yaml'];
      const text = files.map((file) => readFileSync(join(FOLDER, file), 'utf8')).join('---\n');
      expect(await template('--set', 'agents.enabled=false,account.enabled=false')).toEqual(sorted(text));
    });

    test.each([
      ['kubeadm', '/etc/cni/net.d', '/opt/cni/bin'],
      ['k3s', '/etc/cni/net.d', '/opt/cni/bin'],
      ['k3s-folders', '/var/lib/rancher/k3s/agent/etc/cni/net.d', '/var/lib/rancher/k3s/data/cni'],
      ['rke2', '/etc/cni/net.d', '/opt/cni/bin'],
      ['bootkube', '/etc/kubernetes/cni/net.d', '/opt/cni/bin'],
      ['typhoon', '/etc/kubernetes/cni/net.d', '/opt/cni/bin'],
    ])('has the folders of %s', async (name, configurations, plugins) => {
      const found = JSON.stringify(await template('-f', preset(name)));
      expect(found).toContain(
        JSON.stringify({ name: 'cni-configurations', hostPath: { path: configurations, type: 'DirectoryOrCreate' } }),
      );
      expect(found).toContain(JSON.stringify({ name: 'cni-plugins', hostPath: { path: plugins, type: 'DirectoryOrCreate' } }));
    });

    test.each([
      ['nodeAgnt.extraArgs={a}', "additional properties 'nodeAgnt' not allowed"],
      ['mesh.spec.wiregardCIDRs={10.4.0.0/24}', "additional properties 'wiregardCIDRs' not allowed"],
      ['nodeAgent.wireguard=fast', "value must be one of 'auto', 'kernel', 'userspace'"],
    ])('refuses --set %s', async (value, message) => {
      await expect(template('--set', value)).rejects.toThrow(message);
    });

    test('a member goes into namespace kilofed, and a hub into any', async () => {
      const elsewhere = (...args: readonly string[]): Promise<string> => helm(program, ['template', 'k', CHART, '-n', 'other', ...args]);
      await expect(elsewhere()).rejects.toThrow('install with --namespace kilofed');
      const hub = sorted(await elsewhere('--set', 'role=hub'));
      expect(new Set(hub.flatMap(({ metadata }) => metadata.namespace ?? []))).toEqual(new Set(['other']));
      expect(JSON.stringify(hub)).toContain('system:serviceaccount:other:hub');
    });

    test(
      'is installed, gets its Mesh, is upgraded, and leaves kinds and Mesh when it goes; what kubectl applied it takes over unchanged',
      async () => {
        const at = server();
        const run = (...args: readonly string[]): Promise<string> => helm(program, [...args, ...IN_NAMESPACE], at);
        expect(await run('install', 'kilofed', CHART, '--create-namespace', '--set', 'role=both')).toContain('The agents wait for a Mesh.');
        const rendered = await helm(program, ['template', 'kilofed', CHART, ...IN_NAMESPACE, '--set', 'role=both']);
        await kubectl(at, ['apply', '--dry-run=server', '--server-side', '--force-conflicts', '-f', '-'], rendered);
        expect((await names(at, 'daemonsets,deployments')).length).toBe(3);

        await kubectl(at, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
        const mesh = ['-f', preset('flannel'), '--set', 'mesh.spec.wireguardCIDRs={10.4.1.0/24}'];
        await run('upgrade', 'kilofed', CHART, '--reset-then-reuse-values', ...mesh, '-f', preset('userspace'));
        expect(await kubectl(at, ['get', 'mesh', 'default', '-o', 'jsonpath={.spec.encapsulationType} {.spec.wireguardCIDRs}'])).toBe(
          'flannel ["10.4.1.0/24"]',
        );
        expect(await kubectl(at, ['-n', 'kilofed', 'get', 'ds', 'node-agent', '-o', 'jsonpath={..args}'])).toContain('"userspace"');

        if (program === 'helm4') {
          const theirs = ['apply', '--server-side', '--force-conflicts', '--field-manager=somebody', '-f', '-'];
          await kubectl(at, theirs, JSON.stringify({ ...MESH, spec: { wireguardCIDRs: ['10.4.2.0/24'] } }));
          const upgrade = ['upgrade', 'kilofed', CHART, '--reuse-values'];
          await expect(run(...upgrade)).rejects.toThrow('conflict');
          await run(...upgrade, '--force-conflicts');
        }

        await run('uninstall', 'kilofed');
        expect(await names(at, 'daemonsets,deployments')).toEqual([]);
        expect(await names(at, 'meshes')).toEqual(['mesh.kilofed.io/default']);
        expect((await names(at, 'crds')).length).toBe(7);

        await applyManifests(at);
        const before = await podTemplates(at);
        await expect(run('install', 'kilofed', CHART)).rejects.toThrow(/exists and cannot be imported|invalid ownership metadata/);
        // Helm 4 applies on the server's side, where kubectl's fields are another manager's.
        await run('install', 'kilofed', CHART, '--take-ownership', ...(program === 'helm4' ? ['--force-conflicts'] : []));
        expect(await podTemplates(at)).toBe(before);
        await run('uninstall', 'kilofed');
        expect(await names(at, 'daemonsets,deployments')).toEqual([]);
        await kubectl(at, ['delete', 'mesh', 'default']);
      },
      LONG_MS,
    );
  });
});

/** As plain data, in an order that depends on nothing but names. */
function sorted(yaml: string): readonly Document[] {
  const key = ({ kind, metadata }: Document): string => `${kind} ${metadata.namespace} ${metadata.name}`;
  return (loadAll(yaml) as (Document | undefined | null)[])
    .filter((each) => each !== undefined && each !== null)
    .toSorted((a, b) => key(a).localeCompare(key(b)));
}

async function names(server: ControlPlane, kinds: string): Promise<readonly string[]> {
  return (await kubectl(server, ['get', kinds, '-A', '-o', 'name'])).split('\n').filter((line) => line !== '');
}

/** What makes pods of each workload: what changes it replaces them. */
function podTemplates(server: ControlPlane): Promise<string> {
  const each = '{range .items[*]}{.metadata.uid} {.spec.template} {end}';
  return kubectl(server, ['-n', 'kilofed', 'get', 'ds,deploy', '-o', `jsonpath=${each}`]);
}

/** As docs/install.md says for kubectl. */
async function applyManifests(server: ControlPlane): Promise<void> {
  for (const file of ['cluster.yaml', 'member.yaml']) await kubectl(server, ['apply', '-f', join(FOLDER, file)]);
  await applyYaml(server, readFileSync(join(FOLDER, 'crds/meshes.yaml'), 'utf8'));
}
