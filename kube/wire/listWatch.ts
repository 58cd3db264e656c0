/**
 * The two questions a reflector asks, and their answers checked: whatever speaks HTTPS may be at the other end.
 */
import { apiVersion, type KubeObject, type Resource } from '../../core/api/resources.js';
import type { KubeClient, KubeFailure, KubeResult } from './client.js';

export type Selectors = Readonly<Record<'labelSelector' | 'fieldSelector', string | undefined>>;

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly version: string;
  /** Where the next page begins; undefined: this was the last one. */
  readonly next: string | undefined;
}

export type WatchEvent =
  | { readonly kind: 'put' | 'drop'; readonly object: KubeObject }
  | { readonly kind: 'bookmark'; readonly version: string }
  | { readonly kind: 'error'; readonly failure: KubeFailure };

const PAGE = 500;
const LIST_MS = 30_000;

/**
 * One page of a quorum read. `resourceVersion=0` would be cheaper for old API servers, but answers from a cache that may be
 * older than what was seen before, and "missing in a complete list" must mean gone.
 */
export async function listPage(
  client: KubeClient,
  what: { readonly resource: Resource; readonly path: string; readonly selectors: Selectors; readonly next: string | undefined },
  signal: AbortSignal,
): Promise<KubeResult<ListPage>> {
  const answer = await client.call<unknown>({
    method: 'GET',
    path: what.path,
    query: { ...what.selectors, limit: PAGE, continue: what.next },
    signal,
    timeoutMs: LIST_MS,
  });
  if (!answer.ok) return answer;
  const { metadata, items } = part(answer.value);
  const { resourceVersion, continue: next } = part(metadata);
  if (typeof resourceVersion !== 'string' || !(items === undefined || items === null || Array.isArray(items))) {
    return { ok: false, error: { kind: 'server', message: `what came is no list of ${what.resource.plural}` } };
  }
  const type = { apiVersion: apiVersion(what.resource), kind: what.resource.kind };
  return {
    ok: true,
    value: {
      // The items of a list do not say their own kind.
      items: ((items ?? []) as unknown[]).filter(isObject).map((item) => ({ ...item, ...type })),
      version: resourceVersion,
      next: typeof next === 'string' && next !== '' ? next : undefined,
    },
  };
}

/** Undefined: the line is no watch event. */
export function parseWatchEvent(line: string): WatchEvent | undefined {
  const { type, object } = part(parseJson(line));
  if (type === 'ERROR') return { kind: 'error', failure: failureOf(part(object)) };
  if (type === 'BOOKMARK') {
    const version = part(part(object)['metadata'])['resourceVersion'];
    return typeof version === 'string' ? { kind: 'bookmark', version } : undefined;
  }
  if (!isObject(object)) return undefined;
  if (type === 'ADDED' || type === 'MODIFIED') return { kind: 'put', object };
  return type === 'DELETED' ? { kind: 'drop', object } : undefined;
}

/** A metav1.Status; 410 is the one that matters. */
function failureOf(status: Readonly<Record<string, unknown>>): KubeFailure {
  const { code, message } = status;
  return {
    kind: code === 410 ? 'gone' : 'server',
    message: typeof message === 'string' ? message : 'the API server ended the watch',
    ...(typeof code === 'number' ? { code } : {}),
  };
}

function isObject(value: unknown): value is KubeObject {
  const { name, namespace } = part(part(value)['metadata']);
  return typeof name === 'string' && (namespace === undefined || typeof namespace === 'string');
}

function part(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
