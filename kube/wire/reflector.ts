/**
 * A reflector: a local store of one resource that follows the API server, for ever.
 *
 * List (paged), then watch with bookmarks from where the list ended; the store holds projections, not objects. What ends a
 * watch is never fatal: it is taken up again, with a new list only when the server no longer knows our version (410) or
 * when it has to be doubted. After client-go's tools/cache/reflector.go.
 */
import { apiVersion, objectKey, type KubeObject, type Resource, resourcePath } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import type { KubeClient, KubeFailure, KubeResult } from './client.js';

export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What is kept of an object; undefined: it is as if it were not there. */
  project(object: KubeObject): T | undefined;
  /** Called in order, after the store changed. `current` undefined: gone; `previous` undefined: new. Must not throw. */
  onChange(key: string, current: T | undefined, previous: T | undefined): void;
  /** Called after each complete list. */
  onSynced?(): void;
  onState?(state: ReflectorState): void;
}

export interface ReflectorState {
  readonly kind: 'starting' | 'live' | 'failing';
  /** Clock milliseconds at which this state began. */
  readonly since: number;
  readonly failure?: KubeFailure;
}

export interface Reflector<T> {
  /** Keyed by `objectKey`. A snapshot only until the next event. */
  readonly store: ReadonlyMap<string, T>;
  /** Has one list been completed? */
  synced(): boolean;
  /** Complete lists so far. */
  lists(): number;
  state(): ReflectorState;
  /** Lists again now, though nothing says it must. */
  relist(): void;
  run(signal: AbortSignal): Promise<void>;
}

export interface ReflectorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const PAGE = 500;
/** kube-apiserver sends a bookmark every minute: two missed ones mean that the watch is dead. */
const IDLE_MS = 125_000;
const BACKOFF_BASE_MS = 250;
const BACKOFF_MAX_MS = 30_000;

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject & { readonly code?: number; readonly message?: string };
}

interface ListAnswer {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly KubeObject[];
}

export function createReflector<T>(options: ReflectorOptions<T>, deps: ReflectorDeps): Reflector<T> {
  const { client, resource } = options;
  const log = deps.log.with({ resource: resource.plural, server: client.server });
  const path = resourcePath(resource, options.namespace);
  const selectors = { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
  const store = new Map<string, T>();
  let version: string | undefined;
  let lists = 0;
  let state: ReflectorState = { kind: 'starting', since: deps.clock.now() };
  let interruptWatch = (): void => undefined;

  function enter(kind: ReflectorState['kind'], failure?: KubeFailure): void {
    if (state.kind === kind && state.failure?.kind === failure?.kind) return;
    state = { kind, since: deps.clock.now(), ...(failure === undefined ? {} : { failure }) };
    options.onState?.(state);
  }

  function put(object: KubeObject): string {
    const key = objectKey(object.metadata);
    const projected = options.project(object);
    const previous = store.get(key);
    if (projected === undefined) store.delete(key);
    else store.set(key, projected);
    if (projected !== undefined || previous !== undefined) options.onChange(key, projected, previous);
    return key;
  }

  function drop(key: string): void {
    const previous = store.get(key);
    if (previous === undefined) return;
    store.delete(key);
    options.onChange(key, undefined, previous);
  }

  async function list(signal: AbortSignal): Promise<KubeResult<void>> {
    const seen = new Set<string>();
    let next: string | undefined;
    do {
      // The first page is a quorum read: a list from the watch cache may be older than what we have seen.
      const answer = await client.call<ListAnswer>({ method: 'GET', path, query: { ...selectors, limit: PAGE, continue: next }, signal, timeoutMs: 30_000 });
      if (!answer.ok) return answer;
      for (const item of answer.value.items ?? []) seen.add(put({ ...item, apiVersion: apiVersion(resource), kind: resource.kind }));
      next = answer.value.metadata.continue === '' ? undefined : answer.value.metadata.continue;
      version = answer.value.metadata.resourceVersion;
    } while (next !== undefined);
    for (const key of store.keys()) if (!seen.has(key)) drop(key);
    lists += 1;
    options.onSynced?.();
    return { ok: true, value: undefined };
  }

  async function watch(signal: AbortSignal): Promise<KubeResult<void>> {
    const interrupt = new AbortController();
    const abort = (): void => interrupt.abort();
    interruptWatch = abort;
    signal.addEventListener('abort', abort, { once: true });
    try {
      let expired: KubeFailure | undefined;
      const answer = await client.stream(
        {
          path,
          query: {
            ...selectors,
            watch: true,
            allowWatchBookmarks: true,
            resourceVersion: version,
            timeoutSeconds: Math.round(300 + deps.random() * 300),
          },
          idleMs: IDLE_MS,
          onOpen: () => enter('live'),
          signal: interrupt.signal,
        },
        (line) => {
          expired = handle(JSON.parse(line) as WatchEvent) ?? expired;
        },
      );
      return expired === undefined ? answer : { ok: false, error: expired };
    } finally {
      interruptWatch = () => undefined;
      signal.removeEventListener('abort', abort);
    }
  }

  function handle(event: WatchEvent): KubeFailure | undefined {
    if (event.type === 'ERROR') {
      const code = event.object.code;
      return { kind: code === 410 ? 'gone' : 'server', message: event.object.message ?? 'the watch failed', ...(code === undefined ? {} : { code }) };
    }
    enter('live');
    version = event.object.metadata.resourceVersion ?? version;
    if (event.type === 'DELETED') drop(objectKey(event.object.metadata));
    else if (event.type !== 'BOOKMARK') put(event.object);
    return undefined;
  }

  return {
    store,
    synced: () => lists > 0,
    lists: () => lists,
    state: () => state,
    relist() {
      version = undefined;
      interruptWatch();
    },
    async run(signal) {
      let failures = 0;
      while (!signal.aborted) {
        if (version === undefined) {
          const listed = await list(signal);
          if (!listed.ok) version = undefined;
          if (signal.aborted) return;
          if (!listed.ok) {
            enter('failing', listed.error);
            log.debug('list failed', { failure: listed.error });
            await pause(backoff(failures++, listed.error, deps.random), signal, deps.clock);
            continue;
          }
          enter('live');
        }
        const began = deps.clock.now();
        const watched = await watch(signal);
        if (signal.aborted) return;
        if (watched.ok || watched.error.kind === 'aborted') {
          failures = 0;
          continue;
        }
        if (watched.error.kind === 'gone') version = undefined;
        // A watch that lived for a while and then broke is no reason to be slow in taking it up again.
        if (deps.clock.now() - began > BACKOFF_MAX_MS) failures = 0;
        if (watched.error.kind !== 'gone') enter('failing', watched.error);
        log.debug('watch ended', { failure: watched.error });
        await pause(backoff(failures++, watched.error, deps.random), signal, deps.clock);
      }
    },
  };
}

/** Full jitter over a doubling cap; what the server asked for, when it asked. */
function backoff(failures: number, failure: KubeFailure, random: Random): number {
  const cap = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures, 16));
  return Math.max(failure.retryAfterMs ?? 0, cap * (0.5 + random() / 2));
}

function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
