/**
 * What a cluster's API server says of its DNS, read with the rights of whoever runs the command.
 */
import type { ZodType } from 'zod';
import type { KubeObject, Resource } from '../core/api/resources.js';
import { type ConfigMap, configMapSchema, type DnsFacts, type DnsServer, type Workload, workloadSchema } from '../core/clusterset/facts.js';
import { findNodeLocal, findServer } from '../core/clusterset/workloads.js';
import { hasServerOf } from '../core/clusterset/zone.js';
import type { Result } from '../core/runtime/result.js';
import { getObject, listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../kube/wire/client.js';

interface DnsPlace {
  readonly namespace: string;
  /** Undefined: whichever of the usual ones there is. */
  readonly configmap?: string;
}

export const CONFIG_MAP: Resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const DEPLOYMENT: Resource = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
const DAEMON_SET: Resource = { group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', namespaced: true };

/** Of kubeadm and most others, and of RKE2. */
const USUAL_CONFIG_MAPS = ['coredns', 'rke2-coredns-rke2-coredns'];
const MCS_GROUP = 'multicluster.x-k8s.io';
/** CoreDNS reads the older of these, the hub writes the newer. */
const MCS_VERSIONS = ['v1alpha1', 'v1beta1'];

/** The error says what is missing, and what to do. */
export async function readDns(client: KubeClient, { namespace, configmap }: DnsPlace): Promise<Result<DnsFacts>> {
  const config = await firstConfigMap(client, namespace, configmap === undefined ? USUAL_CONFIG_MAPS : [configmap]);
  if (!config.ok) return config;
  const [deployments, daemonSets, kinds] = await Promise.all([
    workloads(client, DEPLOYMENT, namespace),
    workloads(client, DAEMON_SET, namespace),
    servesImports(client),
  ]);
  if (!deployments.ok) return deployments;
  if (!daemonSets.ok) return daemonSets;
  if (!kinds.ok) return kinds;
  const all = [...deployments.value, ...daemonSets.value];
  const server = findServer(all, config.value.metadata.name, config.value.data?.['Corefile'] ?? '');
  const further = await furtherConfig(client, namespace, server?.further);
  if (!further.ok) return further;
  const nodeLocal = await readNodeLocal(client, namespace, all);
  if (!nodeLocal.ok) return nodeLocal;
  const allowed = server === undefined ? undefined : await mayReadImports(client, namespace, server.serviceAccount);
  return {
    ok: true,
    value: {
      namespace,
      config: config.value,
      ...(server !== undefined && { server: withFurther(server, further.value) }),
      kinds: kinds.value,
      ...(allowed !== undefined && { allowed }),
      ...(nodeLocal.value !== undefined && { nodeLocal: nodeLocal.value }),
    },
  };
}

/** Whether the account may list and watch ServiceImports; undefined: this user may not ask. */
export async function mayReadImports(client: KubeClient, namespace: string, account: string): Promise<boolean | undefined> {
  const asked = await Promise.all(
    ['list', 'watch'].map((verb) =>
      client.call<{ readonly status?: { readonly allowed?: boolean } }>({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: `system:serviceaccount:${namespace}:${account}`,
            groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
            resourceAttributes: { group: MCS_GROUP, resource: 'serviceimports', verb },
          },
        },
      }),
    ),
  );
  const answers = asked.map((answer) => (answer.ok ? answer.value.status?.allowed : undefined));
  return answers.includes(undefined) ? undefined : answers.every((allowed) => allowed === true);
}

/** What an API server refused, as a sentence. */
export function whyNot(client: KubeClient, what: string, error: KubeFailure): string {
  if (error.kind === 'forbidden') return `${client.server} does not let you ${what}: ${error.message}`;
  if (error.kind === 'unauthorized') return `${client.server}: ${error.message}. Renew or correct the kubeconfig.`;
  if (error.kind === 'conflict') return `somebody else has changed it meanwhile: run this again`;
  return `${client.server}: ${error.message}`;
}

async function firstConfigMap(client: KubeClient, namespace: string, names: readonly string[]): Promise<Result<ConfigMap>> {
  for (const name of names) {
    const config = await configMap(client, namespace, name);
    if (!config.ok || config.value !== undefined) return config.ok ? { ok: true, value: config.value as ConfigMap } : config;
  }
  return refuse(
    `${client.server} has no ConfigMap ${names.map((name) => `${namespace}/${name}`).join(' and no ')}. ` +
      'Name that of CoreDNS with --namespace and --configmap; another DNS server has no such option.',
  );
}

/** Undefined: there is none. */
async function configMap(client: KubeClient, namespace: string, name: string): Promise<Result<ConfigMap | undefined>> {
  const got = await getObject(client, { resource: CONFIG_MAP, namespace, name });
  if (!got.ok) return got.error.kind === 'notFound' ? { ok: true, value: undefined } : refuse(whyNot(client, 'read ConfigMaps', got.error));
  const parsed = configMapSchema.safeParse(got.value);
  return parsed.success ? { ok: true, value: parsed.data } : refuse(`the ConfigMap ${namespace}/${name} cannot be read`);
}

async function workloads(client: KubeClient, resource: Resource, namespace: string): Promise<Result<readonly Workload[]>> {
  const listed = await listObjects<KubeObject>(client, resource, { namespace });
  if (!listed.ok) return refuse(whyNot(client, `list ${resource.plural}`, listed.error));
  const schema: ZodType<Workload> = workloadSchema;
  // The items of a list do not say their own kind.
  return { ok: true, value: listed.value.flatMap((object) => schema.safeParse({ ...object, kind: resource.kind }).data ?? []) };
}

async function servesImports(client: KubeClient): Promise<Result<boolean>> {
  const group = await client.call<{ readonly versions?: readonly { readonly version?: string }[] }>({
    method: 'GET',
    path: `/apis/${MCS_GROUP}`,
  });
  if (!group.ok)
    return group.error.kind === 'notFound' ? { ok: true, value: false } : refuse(whyNot(client, 'read its API groups', group.error));
  const served = new Set(group.value.versions?.map(({ version }) => version));
  if (!MCS_VERSIONS.every((version) => served.has(version))) return { ok: true, value: false };
  const kinds = await client.call<{ readonly resources?: readonly { readonly name?: string }[] }>({
    method: 'GET',
    path: `/apis/${MCS_GROUP}/${MCS_VERSIONS[0]}`,
  });
  if (!kinds.ok) return refuse(whyNot(client, 'read its API groups', kinds.error));
  return { ok: true, value: kinds.value.resources?.some(({ name }) => name === 'serviceimports') === true };
}

async function furtherConfig(client: KubeClient, namespace: string, name: string | undefined): Promise<Result<DnsServer['further']>> {
  if (name === undefined) return { ok: true, value: undefined };
  const existing = await configMap(client, namespace, name);
  return existing.ok ? { ok: true, value: { name, ...(existing.value !== undefined && { existing: existing.value }) } } : existing;
}

function withFurther({ name, serviceAccount, image, selector }: Omit<DnsServer, 'further'>, further: DnsServer['further']): DnsServer {
  return { name, serviceAccount, image, ...(selector !== undefined && { selector }), ...(further !== undefined && { further }) };
}

async function readNodeLocal(client: KubeClient, namespace: string, all: readonly Workload[]): Promise<Result<DnsFacts['nodeLocal']>> {
  const [cache] = findNodeLocal(all);
  if (cache === undefined) return { ok: true, value: undefined };
  for (const name of cache.configs) {
    const config = await configMap(client, namespace, name);
    if (!config.ok) return config;
    if (Object.values(config.value?.data ?? {}).some(hasServerOf)) return { ok: true, value: { name: cache.name, sendsZone: true } };
  }
  return { ok: true, value: { name: cache.name, sendsZone: false } };
}

function refuse(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}
