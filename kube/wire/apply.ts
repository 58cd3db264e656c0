/**
 * Writing and reading single objects: server-side apply, delete with preconditions, get, list.
 */
import { type KubeObject, type Resource, RESOURCE, apiVersion, resourcePath } from '../../core/api/resources.js';
import type { KubeClient, KubeRequest, KubeResult, Pace } from './client.js';
import { listAll } from './listAll.js';
import { isObjectOf } from './objectForm.js';

interface ApplyOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers. Default true: what we apply, we own. */
  readonly force?: boolean;
  readonly subresource?: 'status';
}

interface ObjectRef {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
}

const MOST_OBJECTS = 100_000;
const MOST_BYTES = 256 << 20;

/** Server-side apply of `object`, which must hold every field its manager owns. A resourceVersion in it is a precondition. */
export function applyObject<T extends KubeObject>(client: KubeClient, object: T, options: ApplyOptions): Promise<KubeResult<T>> {
  const resource = resourceOf(object);
  const { name, namespace } = object.metadata;
  const path = resourcePath(resource, namespace, name);
  return callObject<T>(
    client,
    { resource, name, ...(namespace !== undefined && { namespace }) },
    {
      method: 'PATCH',
      path: options.subresource === undefined ? path : `${path}/${options.subresource}`,
      query: { fieldManager: options.fieldManager, force: options.force ?? true },
      contentType: 'application/apply-patch+yaml',
      body: object,
    },
  );
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
  return callObject<T>(client, ref, { method: 'GET', path: resourcePath(ref.resource, ref.namespace, ref.name) });
}

/** A request whose answer is the object `ref`. Any other answer, such as that of a proxy, is a failure `server`. */
export async function callObject<T extends KubeObject>(client: KubeClient, ref: ObjectRef, request: KubeRequest): Promise<KubeResult<T>> {
  const answer = await client.call<unknown>(request);
  if (!answer.ok) return answer;
  const { value } = answer;
  const isIt = isObjectOf(value, ref.resource) && value.metadata.name === ref.name && value.metadata.namespace === ref.namespace;
  return isIt
    ? { ok: true, value: value as T }
    : { ok: false, error: { kind: 'server', message: `what came is not the ${ref.resource.kind} ${ref.name}` } };
}

/**
 * Every object of a resource. More than `mostBytes` of them, as JSON, are a failure `tooLarge`.
 */
export async function listObjects<T extends KubeObject>(
  client: KubeClient,
  resource: Resource,
  options: { readonly namespace?: string; readonly labelSelector?: string; readonly mostBytes?: number; readonly pace?: Pace } = {},
): Promise<KubeResult<readonly T[]>> {
  const { namespace, labelSelector, mostBytes = MOST_BYTES, pace } = options;
  const items: T[] = [];
  let bytes = 0;
  const stop = new AbortController();
  const listing = { resource, path: resourcePath(resource, namespace), selectors: { labelSelector, fieldSelector: undefined }, pace };
  const listed = await listAll(client, listing, {
    signal: stop.signal,
    most: MOST_OBJECTS,
    onFound(found, size) {
      bytes += size;
      if (bytes > mostBytes) stop.abort();
      else if (found.object !== undefined) items.push(found.object as T);
    },
  });
  if (bytes > mostBytes) return { ok: false, error: { kind: 'tooLarge', message: `there is too much in the list of ${resource.plural}` } };
  return listed.ok ? { ok: true, value: items } : listed;
}

const BY_KIND = new Map<string, Resource>(
  Object.values(RESOURCE).map((resource) => [`${apiVersion(resource)} ${resource.kind}`, resource]),
);

function resourceOf(object: KubeObject): Resource {
  const resource = BY_KIND.get(`${object.apiVersion} ${object.kind}`);
  if (resource === undefined) throw new Error(`no such resource: ${object.apiVersion} ${object.kind}`);
  return resource;
}
