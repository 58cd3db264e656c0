import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { parseOptions } from '../../node-agent/options.js';
import { VERSION } from '../../core/api/version.js';

const MANIFESTS = join(resolve(import.meta.dirname, '../../..'), 'manifests');

const FILES = ['cluster.yaml', 'cluster-cni.yaml', 'hub.yaml', 'hub-redis.yaml'];

interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly nodeSelector?: object;
  readonly priorityClassName?: string;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken?: boolean;
}

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly automountServiceAccountToken?: boolean;
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec };
    readonly scopeSelector?: { readonly matchExpressions: readonly { readonly values: readonly string[] }[] };
  };
}

async function documents(file: string): Promise<readonly Workload[]> {
  return loadAll(await readFile(join(MANIFESTS, file), 'utf8')) as Workload[];
}

async function containers(file: string, name: string): Promise<readonly Container[]> {
  return (await documents(file))
    .filter((each) => each.metadata.name === name)
    .flatMap((each) => each.spec?.template?.spec.containers ?? []);
}

async function allContainers(file: string): Promise<readonly Container[]> {
  return (await documents(file)).flatMap((each) => [
    ...(each.spec?.template?.spec.containers ?? []),
    ...(each.spec?.template?.spec.initContainers ?? []),
  ]);
}

test('hub-redis.yaml is hub.yaml, and Redis in its pod', async () => {
  const plain = await documents('hub.yaml');
  const redis = await documents('hub-redis.yaml');
  const withoutRedis = JSON.parse(JSON.stringify(redis), (key, value: unknown) => {
    if (key === 'containers') return (value as readonly Container[]).filter(({ name }) => name === 'hub');
    if (key === 'env') return (value as NonNullable<Container['env']>).filter(({ name }) => name !== 'REDIS_URL');
    if (key !== 'volumes' && key !== 'volumeMounts') return value;
    return (value as readonly { readonly name: string }[]).filter(({ name }) => name !== 'redis');
  }) as unknown;
  expect(withoutRedis).toEqual(plain);
  expect((await containers('hub-redis.yaml', 'kilofed-hub')).map(({ name }) => name)).toEqual(['hub', 'redis']);
});

test('M7: Redis listens on a socket that only the pod has, and on no network', async () => {
  const documentsOfHub = await documents('hub-redis.yaml');
  const [hub, redis] = await containers('hub-redis.yaml', 'kilofed-hub');
  const command = redis?.command ?? [];
  const option = (name: string): string | undefined => command[command.indexOf(name) + 1];
  expect([option('--port'), option('--unixsocket'), option('--unixsocketperm')]).toEqual(['0', '/run/redis/redis.sock', '700']);
  expect(redis).not.toHaveProperty('ports');
  expect(hub?.env).toContainEqual({ name: 'REDIS_URL', value: '/run/redis/redis.sock' });
  const pod = documentsOfHub.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec;
  expect(pod?.volumes?.filter(({ name }) => name !== 'account')).toEqual([{ name: 'redis', emptyDir: { sizeLimit: '16Mi' } }]);
  expect(redis?.volumeMounts).toEqual([{ name: 'redis', mountPath: '/run/redis' }]);
  expect(hub?.volumeMounts?.filter(({ name }) => name !== 'account')).toEqual(redis?.volumeMounts);
});

describe('M10: the network reaches the hub for metrics and probes only', () => {
  test.each(['hub.yaml', 'hub-redis.yaml'])('in %s', async (file) => {
    const all = await documents(file);
    const hub = (await containers(file, 'kilofed-hub'))[0];
    expect(hub?.ports).toEqual([
      { name: 'http', containerPort: 8080 },
      { name: 'metrics', containerPort: 8081 },
    ]);
    for (const probe of [hub?.readinessProbe, hub?.livenessProbe]) expect(probe).toMatchObject({ httpGet: { port: 'metrics' } });
    expect(hub?.args?.filter((text) => text.startsWith('--listen'))).toEqual([]);
    expect(all.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec)).toEqual([
      {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'kilofed-hub' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: 'metrics' }] }],
      },
    ]);
  });
});

describe('L10 H8: every container is bounded', () => {
  const MIB = /^(\d+)Mi$/;

  test.each(FILES)(
    'of %s: in memory, with a heap that ends before it, and with a file system of its own that nobody writes',
    async (file) => {
      for (const { name, env, resources, securityContext } of await allContainers(file)) {
        expect([name, securityContext?.readOnlyRootFilesystem]).toEqual([name, true]);
        const limit = Number(MIB.exec(resources?.limits?.['memory'] ?? '')?.[1]);
        expect([name, limit > 0]).toEqual([name, true]);
        const heap = Number(/--max-old-space-size=(\d+)/.exec(env?.find((each) => each.name === 'NODE_OPTIONS')?.value ?? '')?.[1] ?? 0);
        if (name === 'redis' || name === 'cni-plugins') continue;
        expect([name, heap > 0 && heap <= limit * 0.75]).toEqual([name, true]);
      }
    },
  );

  test.each(FILES)('of %s: in rights, save the one that configures the host', async (file) => {
    for (const { name, securityContext } of await allContainers(file)) {
      if (name === 'node-agent') expect(securityContext).toEqual({ privileged: true, readOnlyRootFilesystem: true });
      else expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    }
  });
});

test('L11: the commands of docs/install.md put the hub into a namespace of its own', async () => {
  const page = await readFile(join(MANIFESTS, '../docs/install.md'), 'utf8');
  const [, expressions = ''] = /sed '([^']+)' manifests\/hub\.yaml/.exec(page) ?? [];
  const edits = expressions.split('; ').map((each) => each.split('/'));
  expect(edits.map(([command, , , flag]) => [command, flag])).toEqual([
    ['s', ''],
    ['s', ''],
  ]);
  for (const file of ['hub.yaml', 'hub-redis.yaml']) {
    const lines = (await readFile(join(MANIFESTS, file), 'utf8')).split('\n').filter((line) => !line.startsWith('#'));
    const moved = lines.map((line) => edits.reduce((text, [, from = '', to = '']) => text.replace(new RegExp(from), to), line)).join('\n');
    const places = (loadAll(moved) as Workload[]).flatMap(({ kind, metadata }) =>
      kind.startsWith('ValidatingAdmissionPolicy') ? [] : [metadata.namespace],
    );
    expect(new Set(places)).toEqual(new Set(['kilofed-hub']));
    expect(moved).not.toMatch(/\bkilofed[:}]/);
  }
});

test('cluster-cni.yaml is cluster.yaml, the CNI plugins, and the folders of both', async () => {
  const plain = await documents('cluster.yaml');
  const cni = await documents('cluster-cni.yaml');
  const [agent, ...others] = cni.filter(({ kind }) => kind === 'DaemonSet');
  const spec = agent?.spec?.template?.spec;
  expect(others).toEqual([]);
  expect(spec?.initContainers?.map(({ image }) => image)).toEqual(spec?.containers.map(({ image }) => image));
  expect(spec?.volumes?.map(({ name, hostPath }) => [name, hostPath?.path]).slice(-2)).toEqual([
    ['cni-configurations', '/etc/cni/net.d'],
    ['cni-plugins', '/opt/cni/bin'],
  ]);
  const without = JSON.parse(JSON.stringify(cni), (key, value: unknown) => {
    if (key === 'initContainers') return undefined;
    return key === 'volumes' || key === 'volumeMounts'
      ? (value as { readonly name: string }[]).filter(({ name }) => !name.startsWith('cni-'))
      : value;
  }) as unknown;
  expect(without).toEqual(plain);
});

describe('what pods may', () => {
  test.each(FILES)(
    'of %s: system calls as the runtime allows by default, and nobody is root who does not change the host',
    async (file) => {
      for (const { spec } of await documents(file)) {
        const pod = spec?.template?.spec;
        for (const { name, securityContext } of [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])]) {
          if (name === 'node-agent') continue;
          const both = { ...pod?.securityContext, ...securityContext };
          expect([name, both['seccompProfile']]).toEqual([name, { type: 'RuntimeDefault' }]);
          if (name !== 'cni-plugins') expect(both).toMatchObject({ runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534 });
        }
      }
    },
  );

  test.each([...FILES, 'member.yaml'])('of %s: a token is mounted only where its pod asks for it', async (file) => {
    const all = await documents(file);
    const accounts = all.filter(({ kind }) => kind === 'ServiceAccount');
    expect(accounts.map((each) => each.automountServiceAccountToken)).toEqual(accounts.map(() => false));
    const pods = all.flatMap(({ spec }) => spec?.template?.spec ?? []);
    expect(pods.filter(({ automountServiceAccountToken }) => automountServiceAccountToken === undefined)).toEqual([]);
  });

  test.each(['hub.yaml', 'hub-redis.yaml'])("of %s: the hub's token is the hub's alone", async (file) => {
    const pod = (await documents(file)).find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec;
    expect(pod?.automountServiceAccountToken).toBe(false);
    const holders = pod?.containers.filter(({ volumeMounts }) => volumeMounts?.some(({ name }) => name === 'account') === true);
    expect(holders?.map(({ name }) => name)).toEqual(['hub']);
  });
});

test('a drain takes one hub at a time, also the only one, and waits for no cluster-agent', async () => {
  const budgets = async (file: string): Promise<readonly Workload[]> =>
    (await documents(file)).filter(({ kind }) => kind === 'PodDisruptionBudget');
  for (const file of ['hub.yaml', 'hub-redis.yaml'])
    expect((await budgets(file)).map(({ spec }) => spec)).toEqual([
      {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: { 'app.kubernetes.io/name': 'kilofed-hub' } },
      },
    ]);
  for (const file of ['cluster.yaml', 'cluster-cni.yaml']) expect(await budgets(file)).toEqual([]);
});

test.each(['cluster.yaml', 'cluster-cni.yaml'])(
  '%s: the namespace lets node-agents in, whatever the default of the cluster is',
  async (file) => {
    const [namespace] = (await documents(file)).filter(({ kind }) => kind === 'Namespace');
    const labels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged']);
    expect(namespace?.metadata.labels).toEqual(Object.fromEntries(labels));
  },
);

describe('nothing on a host is open to the network', () => {
  test.each(['cluster.yaml', 'cluster-cni.yaml'])(
    'of %s: programs keep their own address, which is loopback, and no debugger',
    async (file) => {
      const all = (await documents(file)).flatMap((each) => each.spec?.template?.spec.containers ?? []);
      expect(all.map(({ args }) => args?.[0])).toEqual(['node-agent', 'cluster-agent']);
      for (const { args, env } of all) {
        expect(args?.filter((text) => text.startsWith('--listen'))).toEqual([]);
        expect(env?.filter(({ value }) => /--inspect/.test(value ?? '')) ?? []).toEqual([]);
      }
    },
  );
});

describe('every image', () => {
  test.each(FILES)('of %s is of this version, and not pulled where it is', async (file) => {
    const all = await allContainers(file);
    expect(all.length).toBeGreaterThan(0);
    for (const { image, imagePullPolicy } of all) {
      expect(imagePullPolicy).toBe('IfNotPresent');
      expect([`ghcr.io/kilofed/kilofed:${VERSION}`, `ghcr.io/kilofed/kilofed-hub:${VERSION}`, 'docker.io/library/redis:7']).toContain(
        image,
      );
    }
  });
});

test.each(FILES)('R19 R20: pods of %s go to Linux nodes only, and critical ones where a quota names their classes', async (file) => {
  const all = await documents(file);
  const pods = all.flatMap(({ spec }) => spec?.template?.spec ?? []);
  for (const { nodeSelector } of pods) expect(nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
  const classes = new Set(pods.flatMap(({ priorityClassName }) => priorityClassName ?? []));
  const quotas = all.filter(({ kind }) => kind === 'ResourceQuota');
  const named = quotas.flatMap(({ spec }) => spec?.scopeSelector?.matchExpressions.flatMap(({ values }) => values) ?? []);
  expect(new Set(named)).toEqual(classes);
});

test('the node-agent understands its arguments', async () => {
  const [container] = await containers('cluster.yaml', 'node-agent');
  const [program, ...args] = container?.args ?? [];
  expect(program).toBe('node-agent');
  expect(parseOptions(args, { env: { NODE_NAME: 'a' }, hostname: 'h' })).toMatchObject({
    kind: 'options',
    options: { nodeName: 'a', action: 'run', hostNamespace: '/proc/1' },
  });
});

test('only the hub needs a pod network', async () => {
  const onHost = (await documents('cluster.yaml')).flatMap((each) =>
    each.spec?.template === undefined ? [] : [[each.metadata.name, each.spec.template.spec.hostNetwork]],
  );
  expect(onHost).toEqual([
    ['node-agent', true],
    ['cluster-agent', true],
  ]);
});

test('make-kubeconfig.sh gives no token where any policy of member.yaml is missing', async () => {
  const script = await readFile(join(MANIFESTS, '../examples/multicluster/make-kubeconfig.sh'), 'utf8');
  const asked = /^k get validatingadmissionpolicybindings (.+) > /m.exec(script)?.[1]?.split(' ') ?? [];
  const shipped = (await documents('member.yaml')).filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  expect(asked).toEqual(shipped.map(({ metadata }) => metadata.name));
});
