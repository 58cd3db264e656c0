/**
 * The objects of one cluster that tell of a Service, read with the rights of whoever runs the command.
 */
import { DEFAULT_NAMESPACE, DERIVED_SERVICE_ANNOTATION, HUB_LEASE, MCS_LABEL, MESH_NAME } from '../core/api/names.js';
import { meshSchema } from '../core/api/mesh.js';
import { apiVersion, type KubeObject, type Resource, RESOURCE } from '../core/api/resources.js';
import type { LocalObjects } from '../core/explain/local/localObjects.js';
import type { Result } from '../core/runtime/result.js';
import { getObject, listObjects } from '../kube/wire/apply.js';
import type { KubeClient, KubeFailure } from '../kube/wire/client.js';
import type { ServiceName } from './serviceName.js';

interface LeaseObject extends KubeObject {
  readonly spec?: { readonly renewTime?: string };
}

/** The error says what could not be read. What need not be there may also be hidden from whoever asks. */
export async function readLocalService(client: KubeClient, { namespace, name }: ServiceName): Promise<Result<LocalObjects>> {
  const find = async <T extends KubeObject>(
    resource: Resource,
    object: string,
    within?: string,
  ): Promise<Result<T | undefined, KubeFailure>> => {
    const read = await getObject<T>(client, { resource, name: object, ...(within !== undefined && { namespace: within }) });
    return !read.ok && read.error.kind === 'notFound' ? { ok: true, value: undefined } : read;
  };
  const [service, serviceExport, serviceImport, slices] = await Promise.all([
    find<KubeObject>(RESOURCE.service, name, namespace),
    find<KubeObject>(RESOURCE.serviceExport, name, namespace),
    find<KubeObject>(RESOURCE.serviceImport, name, namespace),
    listObjects<KubeObject>(client, RESOURCE.endpointSlice, { namespace }),
  ]);
  for (const read of [service, serviceExport, serviceImport, slices]) if (!read.ok) return refuse(client, namespace, read.error);
  const [namespaceObject, mesh, lease] = await Promise.all([
    find<KubeObject>(RESOURCE.namespace, namespace),
    find<KubeObject>(RESOURCE.mesh, MESH_NAME),
    find<LeaseObject>(RESOURCE.lease, HUB_LEASE, DEFAULT_NAMESPACE),
  ]);
  const derivedName = valueOf(serviceImport)?.metadata.annotations?.[DERIVED_SERVICE_ANNOTATION];
  const derived =
    derivedName === undefined || derivedName === name
      ? undefined
      : valueOf(await find<KubeObject>(RESOURCE.service, derivedName, namespace));
  const parsed = meshSchema.safeParse(valueOf(mesh));
  const names = [name, ...(derivedName === undefined ? [] : [derivedName])];
  const renewed = valueOf(lease)?.spec?.renewTime;
  return {
    ok: true,
    value: {
      namespace,
      name,
      // Who may not read namespaces knows it by what he reads in it.
      ...optional(
        'namespaceObject',
        namespaceObject.ok ? namespaceObject.value : { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ),
      ...optional('service', valueOf(service)),
      ...optional('derived', derived),
      ...optional('serviceExport', valueOf(serviceExport)),
      ...optional('serviceImport', valueOf(serviceImport)),
      slices: (slices.ok ? slices.value : [])
        .filter(({ metadata }) => names.includes(metadata.labels?.[MCS_LABEL.kubeServiceName] ?? ''))
        .map((slice) => ({ ...slice, apiVersion: apiVersion(RESOURCE.endpointSlice), kind: RESOURCE.endpointSlice.kind })),
      ...optional('mesh', parsed.success ? parsed.data : undefined),
      // A micro time: to the second is enough for people.
      ...optional('hubSeen', renewed?.replace(/\.\d+Z$/, 'Z')),
    },
  };
}

function valueOf<T>(read: Result<T | undefined, KubeFailure>): T | undefined {
  return read.ok ? read.value : undefined;
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, T>>);
}

function refuse({ server }: KubeClient, namespace: string, { kind, message }: KubeFailure): Result<never> {
  const may = `${server} does not let you read Services, EndpointSlices, ServiceExports and ServiceImports of namespace ${namespace}`;
  return { ok: false, error: kind === 'forbidden' ? `${may}: ${message}` : `${server}: ${message}` };
}
