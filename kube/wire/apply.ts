/**
 * Writing and reading single objects: server-side apply, delete with preconditions, get, list.
 */
import { type KubeObject, type Resource, RESOURCE, apiVersion, resourcePath } from '../../core/api/resources.js';
import type { KubeClient, KubeResult } from './client.js';

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers. Default true: what we apply, we own. */
  readonly force?: boolean;
  readonly subresource?: 'status';
}

export interface ObjectRef {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
}

/** Server-side apply of `object`, which must hold every field its manager owns. A resourceVersion in it is a precondition. */
export function applyObject<T extends KubeObject>(client: KubeClient, object: T, options: ApplyOptions): Promise<KubeResult<T>> {
  const resource = resourceOf(object);
  const path = resourcePath(resource, object.metadata.namespace, object.metadata.name);
  return client.call<T>({
    method: 'PATCH',
    path: options.subresource === undefined ? path : `${path}/${options.subresource}`,
    query: { fieldManager: options.fieldManager, force: options.force ?? true },
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
}

/** Deletes exactly the object that was seen, where `uid` or `resourceVersion` say which; `notFound` counts as done. */
export async function deleteObject(
  client: KubeClient,
  ref: ObjectRef,
  preconditions: { readonly uid?: string; readonly resourceVersion?: string } = {},
): Promise<KubeResult<void>> {
  const answer = await client.call<unknown>({
    method: 'DELETE',
    path: resourcePath(ref.resource, ref.namespace, ref.name),
    body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions },
  });
  return answer.ok || answer.error.kind === 'notFound' ? { ok: true, value: undefined } : answer;
}

export function getObject<T extends KubeObject>(client: KubeClient, ref: ObjectRef): Promise<KubeResult<T>> {
  return client.call<T>({ method: 'GET', path: resourcePath(ref.resource, ref.namespace, ref.name) });
}

/** Every object of a resource, page by page. */
export async function listObjects<T extends KubeObject>(
  client: KubeClient,
  resource: Resource,
  options: { readonly namespace?: string; readonly labelSelector?: string } = {},
): Promise<KubeResult<readonly T[]>> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const page: KubeResult<{ readonly items?: readonly T[]; readonly metadata: { readonly continue?: string } }> = await client.call({
      method: 'GET',
      path: resourcePath(resource, options.namespace),
      query: { limit: 500, continue: next, labelSelector: options.labelSelector },
    });
    if (!page.ok) return page;
    items.push(...(page.value.items ?? []));
    next = page.value.metadata.continue === '' ? undefined : page.value.metadata.continue;
  } while (next !== undefined);
  return { ok: true, value: items };
}

const BY_KIND = new Map<string, Resource>(Object.values(RESOURCE).map((resource) => [`${apiVersion(resource)} ${resource.kind}`, resource]));

function resourceOf(object: KubeObject): Resource {
  const resource = BY_KIND.get(`${object.apiVersion} ${object.kind}`);
  if (resource === undefined) throw new Error(`no such resource: ${object.apiVersion} ${object.kind}`);
  return resource;
}
