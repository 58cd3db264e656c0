import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { parseOptions } from '../../node-agent/options.js';
import { VERSION } from '../../core/api/version.js';

const MANIFESTS = join(resolve(import.meta.dirname, '../../..'), 'manifests');

interface Container {
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
}

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec: PodSpec } };
}

async function documents(file: string): Promise<readonly Workload[]> {
  return loadAll(await readFile(join(MANIFESTS, file), 'utf8')) as Workload[];
}

async function containers(file: string, name: string): Promise<readonly Container[]> {
  return (await documents(file)).filter((each) => each.metadata.name === name).flatMap((each) => each.spec?.template?.spec.containers ?? []);
}

test('hub-redis.yaml is hub.yaml, Redis, and the way to it', async () => {
  const plain = await documents('hub.yaml');
  const redis = await documents('hub-redis.yaml');
  const withoutRedis = JSON.parse(JSON.stringify(redis.slice(0, plain.length)), (key, value: unknown) =>
    key === 'env' && Array.isArray(value) ? undefined : value) as unknown;
  expect(withoutRedis).toEqual(plain);
  expect(redis.slice(plain.length).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'Deployment kilofed-redis',
    'Service kilofed-redis',
    'NetworkPolicy kilofed-redis',
  ]);
  expect((await containers('hub-redis.yaml', 'kilofed-hub')).flatMap(({ env }) => env)).toEqual([{ name: 'REDIS_URL', value: 'redis://kilofed-redis:6379' }]);
});

test('cluster-cni.yaml is cluster.yaml, the CNI plugins, and the folders of both', async () => {
  const plain = await documents('cluster.yaml');
  const cni = await documents('cluster-cni.yaml');
  const [agent, ...others] = cni.filter(({ kind }) => kind === 'DaemonSet');
  const spec = agent?.spec?.template?.spec;
  expect(others).toEqual([]);
  expect(spec?.initContainers?.map(({ image }) => image)).toEqual(spec?.containers.map(({ image }) => image));
  expect(spec?.volumes?.map(({ name, hostPath }) => [name, hostPath?.path]).slice(-2)).toEqual([['cni-configurations', '/etc/cni/net.d'], ['cni-plugins', '/opt/cni/bin']]);
  const without = JSON.parse(JSON.stringify(cni), (key, value: unknown) => {
    if (key === 'initContainers') return undefined;
    return key === 'volumes' || key === 'volumeMounts' ? (value as { readonly name: string }[]).filter(({ name }) => !name.startsWith('cni-')) : value;
  }) as unknown;
  expect(without).toEqual(plain);
});

describe('nothing on a host is open to the network', () => {
  test.each(['cluster.yaml', 'cluster-cni.yaml'])('of %s: programs keep their own address, which is loopback, and no debugger', async (file) => {
    const all = (await documents(file)).flatMap((each) => each.spec?.template?.spec.containers ?? []);
    expect(all.map(({ args }) => args?.[0])).toEqual(['node-agent', 'cluster-agent']);
    for (const { args, env } of all) {
      expect(args?.filter((text) => text.startsWith('--listen'))).toEqual([]);
      expect(env?.filter(({ value }) => /--inspect/.test(value ?? '')) ?? []).toEqual([]);
    }
  });
});

describe('every image', () => {
  test.each(['cluster.yaml', 'cluster-cni.yaml', 'hub.yaml', 'hub-redis.yaml'])('of %s is of this version, and not pulled where it is', async (file) => {
    const all = (await documents(file)).flatMap((each) => [...(each.spec?.template?.spec.containers ?? []), ...(each.spec?.template?.spec.initContainers ?? [])]);
    expect(all.length).toBeGreaterThan(0);
    for (const { image, imagePullPolicy } of all) {
      expect(imagePullPolicy).toBe('IfNotPresent');
      expect([`ghcr.io/kilofed/kilofed:${VERSION}`, 'docker.io/library/redis:7']).toContain(image);
    }
  });
});

test('the node-agent understands its arguments', async () => {
  const [container] = await containers('cluster.yaml', 'node-agent');
  const [program, ...args] = container?.args ?? [];
  expect(program).toBe('node-agent');
  expect(parseOptions(args, { env: { NODE_NAME: 'a' }, hostname: 'h' })).toMatchObject({ kind: 'options', options: { nodeName: 'a', action: 'run', hostNamespace: '/proc/1' } });
});

test('only the hub needs a pod network', async () => {
  const onHost = (await documents('cluster.yaml')).flatMap((each) => (each.spec?.template === undefined ? [] : [[each.metadata.name, each.spec.template.spec.hostNetwork]]));
  expect(onHost).toEqual([['node-agent', true], ['cluster-agent', true]]);
});
