/**
 * A member cluster that is a map: every resource, list, watch, server-side apply, merge and delete, as far as the hub uses
 * them, and every way to fail on demand.
 */
import { apiVersion, type KubeObject, RESOURCE, type Resource } from '../../core/api/resources.js';
import type { Clock } from '../../core/runtime/clock.js';
import { KIND } from '../../core/uninstall/kinds.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';

export interface FakeCluster {
  readonly client: KubeClient;
  /** A client of its own: closing it ends its watches, and no others. */
  connect(): KubeClient;
  /** Keyed `plural/[namespace/]name`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  put(object: KubeObject & Readonly<Record<string, unknown>>): void;
  drop(resource: Resource, name: string, namespace?: string): void;
  /** What happens to requests before they are served: a failure, or no answer at all. */
  fault: (request: FakeRequest) => KubeFailure | 'hang' | undefined;
  /** Loses events: objects go or come without anybody being told until the next list. */
  silently(change: () => void): void;
  endWatches(): void;
  /** Write requests so far, as `verb path`, without those about Leases. */
  readonly writes: string[];
  /** How often a resource was listed. */
  lists(resource: Resource): number;
}

interface FakeRequest {
  readonly method: KubeRequest['method'] | 'WATCH';
  readonly path: string;
}

interface Watcher {
  readonly resource: Resource;
  readonly selector: unknown;
  readonly line: (line: string) => void;
  readonly end: () => void;
}

interface Event {
  readonly version: number;
  readonly type: string;
  readonly resource: Resource;
  readonly object: KubeObject;
}

interface Place {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

const UNREACHABLE: KubeFailure = { kind: 'unreachable', message: 'connection refused' };
const CONFLICT: KubeFailure = { kind: 'conflict', code: 409, message: 'the object has been modified' };
const NOT_FOUND: KubeFailure = { kind: 'notFound', message: 'not found' };
const RESOURCES: readonly Resource[] = [...Object.values(RESOURCE), ...Object.values(KIND)];

export function createFakeCluster(uid: string, clock: Clock): FakeCluster {
  const objects = new Map<string, KubeObject>();
  const watchers = new Set<Watcher>();
  const writes: string[] = [];
  const lists = new Map<string, number>();
  const hung = new Set<() => void>();
  /** What was told, for watches that begin where a list or another watch ended. */
  const history: Event[] = [];
  let version = 100;
  let silent = false;

  function tell(type: string, resource: Resource, object: KubeObject): void {
    if (silent) return;
    const event = { version, type, resource, object };
    history.push(event);
    for (const watcher of watchers) if (watcher.resource === resource) watcher.line(lineOf(event, watcher));
  }

  function gone(resource: Resource, object: KubeObject): void {
    version += 1;
    tell('DELETED', resource, { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
  }

  function store(resource: Resource, object: KubeObject): KubeObject {
    const key = keyOf(resource, object.metadata);
    const before = objects.get(key);
    version += 1;
    const stored = {
      ...withAddress(object, before, version),
      metadata: {
        uid: before?.metadata.uid ?? `uid-${version}`,
        creationTimestamp: '2026-01-01T00:00:00Z',
        ...object.metadata,
        resourceVersion: String(version),
      },
    };
    objects.set(key, stored);
    tell(before === undefined ? 'ADDED' : 'MODIFIED', resource, stored);
    return stored;
  }

  function serve(request: KubeRequest): KubeResult<unknown> {
    if (request.path === '/version') return { ok: true, value: { gitVersion: 'v1.35.0' } };
    const place = placeOf(request.path);
    const key =
      place.name === undefined
        ? undefined
        : keyOf(place.resource, { name: place.name, ...(place.namespace !== undefined && { namespace: place.namespace }) });
    const found = key === undefined ? undefined : objects.get(key);
    const isTrial = request.query?.['dryRun'] === 'All';
    if (request.method !== 'GET' && !isTrial && place.resource !== RESOURCE.lease) writes.push(`${request.method} ${request.path}`);
    switch (request.method) {
      case 'PATCH':
        return patch(place.resource, found, request, isTrial);
      case 'POST':
        return created(place.resource, request.body as KubeObject, isTrial);
      case 'PUT':
        return replaced(place.resource, found, request.body as KubeObject);
      case 'DELETE':
        return deleted(place.resource, found, request);
      default:
        if (place.name === undefined) return { ok: true, value: list(place, request.query) };
        return found === undefined ? { ok: false, error: NOT_FOUND } : { ok: true, value: found };
    }
  }

  function patch(resource: Resource, found: KubeObject | undefined, request: KubeRequest, isTrial: boolean): KubeResult<unknown> {
    if (found === undefined && request.path.endsWith('/status')) return { ok: false, error: NOT_FOUND };
    const { resourceVersion } = (request.body as KubeObject).metadata;
    if (found !== undefined && resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      return { ok: false, error: CONFLICT };
    if (isConflict(found, request)) return { ok: false, error: { kind: 'conflict', message: 'other managers own these fields' } };
    const after = patched(found, request);
    return { ok: true, value: isTrial ? after : store(resource, after) };
  }

  function created(resource: Resource, object: KubeObject, isTrial: boolean): KubeResult<unknown> {
    if (objects.has(keyOf(resource, object.metadata))) return { ok: false, error: { kind: 'alreadyExists', message: 'already exists' } };
    return { ok: true, value: isTrial ? object : store(resource, object) };
  }

  function deleted(resource: Resource, found: KubeObject | undefined, { query, body }: KubeRequest): KubeResult<unknown> {
    if (found === undefined) return { ok: false, error: NOT_FOUND };
    const { preconditions = {} } = (body ?? {}) as {
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
    };
    const { metadata } = found;
    if ((preconditions.uid ?? metadata.uid) !== metadata.uid) return { ok: false, error: CONFLICT };
    if ((preconditions.resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion) return { ok: false, error: CONFLICT };
    if (query?.['dryRun'] === 'All') return { ok: true, value: found };
    objects.delete(keyOf(resource, found.metadata));
    gone(resource, found);
    return { ok: true, value: undefined };
  }

  function replaced(resource: Resource, found: KubeObject | undefined, object: KubeObject): KubeResult<unknown> {
    if (found?.metadata.resourceVersion !== object.metadata.resourceVersion) return { ok: false, error: CONFLICT };
    return { ok: true, value: store(resource, object) };
  }

  function list(place: Place, query: KubeRequest['query'] = {}): unknown {
    const { labelSelector: selector, fieldSelector } = query;
    lists.set(place.resource.plural, (lists.get(place.resource.plural) ?? 0) + 1);
    const items = [...objects]
      .filter(
        ([key, { metadata }]) =>
          key.startsWith(`${place.resource.plural}/`) &&
          (place.namespace === undefined || metadata.namespace === place.namespace) &&
          (fieldSelector === undefined || fieldSelector === `metadata.name=${metadata.name}`) &&
          selects(selector, { metadata }),
      )
      .map(([, object]) => object);
    const { resource } = place;
    return { apiVersion: apiVersion(resource), kind: `${resource.kind}List`, metadata: { resourceVersion: String(version) }, items };
  }

  /** Until its deadline, or until it is given up. */
  function hang<T>(request: KubeRequest): Promise<KubeResult<T>> {
    return new Promise((resolve) => {
      const finish = (kind: 'timeout' | 'aborted'): void => {
        cancel();
        request.signal?.removeEventListener('abort', abort);
        hung.delete(abort);
        resolve({ ok: false, error: { kind, message: kind } });
      };
      const abort = (): void => finish('aborted');
      const cancel = clock.after(request.timeoutMs ?? 10_000, () => finish('timeout'));
      hung.add(abort);
      request.signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Closing a client ends what it follows, and nothing of another one. */
  function connect(): KubeClient {
    const following = new Set<() => void>();
    return {
      server: 'https://fake',
      async call<T>(request: KubeRequest): Promise<KubeResult<T>> {
        await Promise.resolve();
        const fault = cluster.fault(request);
        if (fault === 'hang') return hang(request);
        return fault === undefined ? (serve(request) as KubeResult<T>) : { ok: false, error: fault };
      },
      async stream(request, onLine) {
        await Promise.resolve();
        const fault = cluster.fault({ method: 'WATCH', path: request.path });
        if (fault !== undefined && fault !== 'hang') return { ok: false, error: fault };
        if (fault === undefined) request.onOpen?.();
        return new Promise((resolve) => {
          const abort = (): void => finish({ ok: false, error: { kind: 'aborted', message: 'aborted' } });
          const finish = (result: KubeResult<void>): void => {
            watchers.delete(watcher);
            following.delete(watcher.end);
            request.signal?.removeEventListener('abort', abort);
            resolve(result);
          };
          const { resource } = placeOf(request.path);
          const selector = request.query?.['labelSelector'];
          const watcher = { resource, selector, line: onLine, end: () => finish({ ok: false, error: UNREACHABLE }) };
          watchers.add(watcher);
          following.add(watcher.end);
          const since = Number(request.query?.['resourceVersion'] ?? Infinity);
          for (const event of history) if (event.resource === resource && event.version > since) onLine(lineOf(event, watcher));
          request.signal?.addEventListener('abort', abort, { once: true });
          if (request.signal?.aborted === true) abort();
        });
      },
      close() {
        for (const end of following) end();
        for (const abort of hung) abort();
      },
    };
  }

  const cluster: FakeCluster = {
    objects,
    writes,
    fault: () => undefined,
    lists: (resource) => lists.get(resource.plural) ?? 0,
    put: (object) => void store(resourceOf(object), object),
    drop(resource, name, namespace) {
      const key = keyOf(resource, { name, ...(namespace !== undefined && { namespace }) });
      const found = objects.get(key);
      objects.delete(key);
      if (found !== undefined) gone(resource, found);
    },
    silently(change) {
      silent = true;
      change();
      silent = false;
    },
    endWatches() {
      for (const watcher of watchers) watcher.end();
    },
    connect,
    client: connect(),
  };
  cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid } });
  return cluster;
}

/** What leaves the selection is deleted, to whoever follows it. */
function lineOf({ type, object }: Event, { selector }: Pick<Watcher, 'selector'>): string {
  return JSON.stringify({ type: selects(selector, object) ? type : 'DELETED', object });
}

interface WithSpec extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A Service of the hub's keeps the address that it has, or gets one, where none is asked for. */
function withAddress(object: WithSpec, before: WithSpec | undefined, version: number): KubeObject {
  const ofHub = object.kind === 'Service' && object.metadata.labels?.['kilofed.io/managed-by'] !== undefined;
  if (!ofHub || object.spec?.['clusterIP'] !== undefined) return object;
  const clusterIP = before?.spec?.['clusterIP'] ?? `10.200.${version >> 8}.${version & 255}`;
  return { ...object, spec: { ...object.spec, clusterIP, clusterIPs: [clusterIP] } } as KubeObject;
}

/** Objects that are not the hub's have other managers. */
function isConflict(found: KubeObject | undefined, { query }: KubeRequest): boolean {
  return found !== undefined && found.metadata.labels?.['kilofed.io/managed-by'] === undefined && query?.['force'] === false;
}

function patched(found: KubeObject | undefined, { contentType, body }: KubeRequest): KubeObject {
  if (contentType !== 'application/merge-patch+json' || found === undefined) return merged(found, body as KubeObject);
  return mergePatch(found, body) as KubeObject;
}

/** RFC 7396. */
function mergePatch(found: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = typeof found === 'object' && found !== null && !Array.isArray(found) ? { ...(found as Record<string, unknown>) } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** `label`, `!label` or `label=value`. */
function selects(selector: unknown, { metadata }: Pick<KubeObject, 'metadata'>): boolean {
  const [label = '', value] = (typeof selector === 'string' ? selector : '').split('=');
  if (label === '') return true;
  if (label.startsWith('!')) return metadata.labels?.[label.slice(1)] === undefined;
  return value === undefined ? metadata.labels?.[label] !== undefined : metadata.labels?.[label] === value;
}

/** As far as one manager goes: maps are merged, everything else is replaced. */
function merged(found: KubeObject | undefined, applied: KubeObject): KubeObject {
  return found === undefined ? applied : { ...found, ...applied, metadata: { ...found.metadata, ...applied.metadata } };
}

function keyOf(resource: Resource, { name, namespace }: { readonly name: string; readonly namespace?: string }): string {
  return namespace === undefined ? `${resource.plural}/${name}` : `${resource.plural}/${namespace}/${name}`;
}

function resourceOf(object: KubeObject): Resource {
  const found = RESOURCES.find((resource) => resource.kind === object.kind && apiVersion(resource) === object.apiVersion);
  if (found === undefined) throw new Error(`no resource ${object.kind}`);
  return found;
}

function placeOf(path: string): Place {
  const segments = path.split('/').slice(1);
  const rest = segments[0] === 'api' ? segments.slice(2) : segments.slice(3);
  const namespaced = rest[0] === 'namespaces' && rest.length > 2;
  const [plural = '', name] = namespaced ? rest.slice(2) : rest;
  const resource = RESOURCES.find((each) => each.plural === plural);
  if (resource === undefined) throw new Error(`no resource at ${path}`);
  return { resource, namespace: namespaced ? rest[1] : undefined, name };
}
