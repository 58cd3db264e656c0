/**
 * A Service and its ServiceExport as a person's cluster has them, for the verbs that change them.
 */
import { apiVersion, type Condition, type KubeObject, type Resource, RESOURCE, resourcePath } from '../core/api/resources.js';
import { isHubs } from '../core/observed/ownership.js';
import type { Result } from '../core/runtime/result.js';
import { getObject } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../kube/wire/client.js';
import type { ServiceName } from './serviceName.js';

interface ServiceObject extends KubeObject {
  readonly spec?: { readonly type?: string };
}

export interface ExportObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface Exported {
  readonly service?: ServiceObject;
  /** That of the name, whoever wrote it. */
  readonly serviceExport?: ExportObject;
  /** It is the hub's, which reports by it on what annotations ask for. */
  readonly isHubsReport: boolean;
}

type Texts = Readonly<Record<string, string | null>>;

export async function readExported(client: KubeClient, { namespace, name }: ServiceName): Promise<Result<Exported>> {
  const [service, serviceExport] = await Promise.all([
    getObject<ServiceObject>(client, { resource: RESOURCE.service, namespace, name }),
    getObject<ExportObject>(client, { resource: RESOURCE.serviceExport, namespace, name }),
  ]);
  for (const read of [service, serviceExport]) {
    if (!read.ok && read.error.kind !== 'notFound') return refuse(client, `read what exports ${namespace}/${name}`, read.error);
  }
  return {
    ok: true,
    value: {
      ...(service.ok && { service: service.value }),
      ...(serviceExport.ok && { serviceExport: serviceExport.value }),
      isHubsReport: serviceExport.ok && isHubs('serviceExport', serviceExport.value),
    },
  };
}

/** Writes these annotations; null takes one away. */
export async function annotate(
  client: KubeClient,
  { resource, object, dryRun }: { readonly resource: Resource; readonly object: KubeObject; readonly dryRun: boolean },
  annotations: Texts,
): Promise<Result<void>> {
  const { name, namespace, uid } = object.metadata;
  const written = await client.call({
    method: 'PATCH',
    path: resourcePath(resource, namespace, name),
    query: { fieldManager: MANAGER, ...(dryRun && { dryRun: 'All' }) },
    contentType: 'application/merge-patch+json',
    body: { metadata: { ...(uid !== undefined && { uid }), annotations } },
  });
  return written.ok ? DONE : refuse(client, `annotate ${resource.kind} ${namespace}/${name}`, written.error);
}

export async function createExport(
  client: KubeClient,
  { namespace, name, dryRun }: ServiceName & { readonly dryRun: boolean },
  annotations: Readonly<Record<string, string>>,
): Promise<Result<void>> {
  const resource = RESOURCE.serviceExport;
  const written = await client.call({
    method: 'POST',
    path: resourcePath(resource, namespace),
    query: { fieldManager: MANAGER, ...(dryRun && { dryRun: 'All' }) },
    body: { apiVersion: apiVersion(resource), kind: resource.kind, metadata: { name, namespace, annotations } },
  });
  return written.ok ? DONE : refuse(client, `create ServiceExport ${namespace}/${name}`, written.error);
}

export async function deleteExport(client: KubeClient, object: KubeObject, dryRun: boolean): Promise<Result<void>> {
  const { name, namespace, uid } = object.metadata;
  const deleted = await client.call({
    method: 'DELETE',
    path: resourcePath(RESOURCE.serviceExport, namespace, name),
    query: { ...(dryRun && { dryRun: 'All' }) },
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { ...(uid !== undefined && { uid }) } },
  });
  return deleted.ok || deleted.error.kind === 'notFound'
    ? DONE
    : refuse(client, `delete ServiceExport ${namespace}/${name}`, deleted.error);
}

const MANAGER = 'kilofed-cli';
const DONE: Result<void> = { ok: true, value: undefined };

function refuse({ server }: KubeClient, what: string, { kind, message }: KubeFailure): Result<never> {
  if (kind === 'forbidden') return { ok: false, error: `${server} does not let you ${what}: ${message}` };
  if (kind === 'unauthorized') return { ok: false, error: `${server}: ${message}. Renew or correct the kubeconfig.` };
  return { ok: false, error: `could not ${what} at ${server}: ${message}` };
}
