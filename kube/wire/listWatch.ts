/**
 * The two requests of a reflector. Answers are checked: anything that speaks HTTPS may be at the other end.
 */
import { apiVersion, type KubeObject, objectKey, type Resource } from '../../core/api/resources.js';
import { BOUNDS } from './bounds.js';
import type { KubeClient, KubeFailure, KubeResult, Pace } from './client.js';
import { told } from './failure.js';
import { fields, isNamed, isObjectOf, isText } from './objectForm.js';

export interface Listing {
  readonly resource: Resource;
  readonly path: string;
  readonly selectors: Readonly<Record<'labelSelector' | 'fieldSelector', string | undefined>>;
  readonly pace?: Pace | undefined;
}

interface ListPage {
  readonly version: string;
  /** Where the next page begins; undefined: this was the last one. */
  readonly next: string | undefined;
}

/** An object, or what could not be read as one; then its key where that much is known. */
export type Found = { readonly object: KubeObject } | { readonly object?: undefined; readonly key: string | undefined };

export type WatchEvent =
  | { readonly kind: 'put' | 'drop'; readonly object: KubeObject }
  /** An object that is larger than is read was written, or has `gone`. */
  | { readonly kind: 'unread'; readonly key: string | undefined; readonly gone: boolean }
  | { readonly kind: 'bookmark'; readonly version: string }
  | { readonly kind: 'error'; readonly failure: KubeFailure };

const LIST_MS = 30_000;

/**
 * One page of a quorum read, whose items `onFound` takes. `resourceVersion=0` would be cheaper for old API servers, but answers from a
 * cache that may be older than what was seen before, and "missing in a complete list" must mean gone.
 */
export async function listPage(
  client: KubeClient,
  { resource, path, selectors, pace }: Listing,
  page: {
    readonly limit: number;
    readonly next: string | undefined;
    readonly signal: AbortSignal;
    onFound(found: Found, bytes: number): void;
  },
): Promise<KubeResult<ListPage>> {
  const type = { apiVersion: apiVersion(resource), kind: resource.kind };
  // The items of a list need not say their own kind.
  const take = (item: unknown, head: string, bytes: number): void => {
    const object = typeof item === 'object' && item !== null ? { ...type, ...item } : undefined;
    if (isObjectOf(object, resource)) page.onFound({ object }, bytes);
    else page.onFound({ key: keyOf(fields(fields(object)['metadata']), resource) ?? keyOfHead(head, resource) }, bytes);
  };
  const answer = await client.call<unknown>({
    method: 'GET',
    path,
    query: { ...selectors, limit: page.limit, continue: page.next },
    signal: page.signal,
    ...(pace !== undefined && { pace }),
    onItem: take,
    timeoutMs: LIST_MS,
  });
  if (!answer.ok) return answer;
  const { apiVersion: version, kind, metadata, items } = fields(answer.value);
  const { resourceVersion, continue: next } = fields(metadata);
  const isList =
    version === type.apiVersion && kind === `${type.kind}List` && (items === undefined || items === null || Array.isArray(items));
  if (!isList || !isText(resourceVersion, BOUNDS.version) || !(next === undefined || isText(next, BOUNDS.token))) {
    return { ok: false, error: { kind: 'server', message: `what came is no list of ${resource.plural}` } };
  }
  for (const item of (items ?? []) as unknown[]) take(item, '', 0);
  return { ok: true, value: { version: resourceVersion, next: next === '' ? undefined : next } };
}

/** Undefined: the line is no watch event of `resource`. */
export function parseWatchEvent(line: string, whole: boolean, resource: Resource): WatchEvent | undefined {
  if (!whole) return { kind: 'unread', key: keyOfHead(line, resource), gone: line.startsWith('{"type":"DELETED"') };
  const { type, object } = fields(parseJson(line));
  if (type === 'ERROR') return { kind: 'error', failure: failureOf(fields(object)) };
  if (type === 'BOOKMARK') {
    const version = fields(fields(object)['metadata'])['resourceVersion'];
    return isText(version, BOUNDS.version) ? { kind: 'bookmark', version } : undefined;
  }
  if (!isObjectOf(object, resource)) return undefined;
  if (type === 'ADDED' || type === 'MODIFIED') return { kind: 'put', object };
  return type === 'DELETED' ? { kind: 'drop', object } : undefined;
}

/** A metav1.Status; 410 is the one that matters. */
function failureOf(status: Readonly<Record<string, unknown>>): KubeFailure {
  const { code, message } = status;
  return {
    kind: code === 410 ? 'gone' : 'server',
    message: told(typeof message === 'string' && message !== '' ? message : 'the API server ended the watch'),
    ...(typeof code === 'number' ? { code } : {}),
  };
}

function keyOf(metadata: Readonly<Record<string, unknown>>, resource: Resource): string | undefined {
  return isNamed(metadata, resource) ? objectKey(metadata as unknown as KubeObject['metadata']) : undefined;
}

/** Where an API server writes who a typed object is. Custom resources say it later, so that theirs is not found. */
const HEAD = /"metadata":\{"name":"([^"\\]*)"(?:,"generateName":"[^"\\]*")?(?:,"namespace":"([^"\\]*)")?/;

function keyOfHead(head: string, resource: Resource): string | undefined {
  const [, name, namespace] = HEAD.exec(head) ?? [];
  return keyOf({ name, namespace }, resource);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
