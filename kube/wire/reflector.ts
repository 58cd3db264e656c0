/**
 * A reflector: a local store of one resource that follows the API server, for ever.
 *
 * List (paged), then watch with bookmarks from where the list ended; the store holds projections, not objects. What ends a
 * watch is never fatal: it is taken up again, with a new list only when the server no longer knows our version (410) or
 * when it has to be doubted. After client-go's tools/cache/reflector.go.
 */
import { objectKey, type KubeObject, type Resource, resourcePath } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { pause } from '../../core/runtime/pause.js';
import type { KubeClient, KubeFailure, KubeResult } from './client.js';
import { listPage, parseWatchEvent, type WatchEvent } from './listWatch.js';

export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What is kept of an object; undefined: it is as if it were not there. One that throws leaves what was kept before. */
  project(object: KubeObject): T | undefined;
  /**
   * Called in order, after the store changed. `current` undefined: gone; `previous` undefined: new. A new list calls it only
   * for what changed. Must not throw: `run` would reject.
   */
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
  /** Lists again from the start, though nothing says it must; soon, if a list is under way. */
  relist(): void;
  /** Follows until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ReflectorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** kube-apiserver sends a bookmark every minute: two missed ones mean that the watch is dead. */
const IDLE_MS = 125_000;
const BACKOFF_BASE_MS = 250;
const BACKOFF_MAX_MS = 30_000;
/** A CustomResourceDefinition that is not there yet: asked for often, since someone is about to apply it. */
const ABSENT_MAX_MS = 5_000;
/** A watch that ends sooner, with nothing seen, is a failure: asking again at once would be a storm. */
const SHORT_WATCH_MS = 1_000;
/** A watch that lived this long and then broke is no reason to be slow in taking it up again. */
const STEADY_MS = 5_000;

export function createReflector<T>(options: ReflectorOptions<T>, deps: ReflectorDeps): Reflector<T> {
  const { client, resource } = options;
  const log = deps.log.with({ resource: resource.plural, server: client.server });
  const path = resourcePath(resource, options.namespace);
  const selectors = { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
  const store = new Map<string, T>();
  /** The resourceVersion of each stored object: a new list passes over what did not change. */
  const versions = new Map<string, string | undefined>();
  /** Where to watch from; undefined: list first. */
  let version: string | undefined;
  let relistWanted = false;
  let lists = 0;
  let failures = 0;
  let state: ReflectorState = { kind: 'starting', since: deps.clock.now() };
  let interruptWatch = (): void => undefined;

  function enter(kind: ReflectorState['kind'], failure?: KubeFailure): void {
    if (state.kind === kind && state.failure?.kind === failure?.kind) return;
    state = { kind, since: deps.clock.now(), ...(failure === undefined ? {} : { failure }) };
    options.onState?.(state);
  }

  function put(object: KubeObject): void {
    const key = objectKey(object.metadata);
    const objectVersion = object.metadata.resourceVersion;
    if (store.has(key) && objectVersion !== undefined && versions.get(key) === objectVersion) return;
    const previous = store.get(key);
    let projected: T | undefined;
    try {
      projected = options.project(object);
    } catch (error) {
      log.error('an object could not be read', { key, error });
      return;
    }
    if (projected === undefined) {
      drop(key);
      return;
    }
    store.set(key, projected);
    versions.set(key, objectVersion);
    options.onChange(key, projected, previous);
  }

  function drop(key: string): void {
    const previous = store.get(key);
    if (previous === undefined) return;
    store.delete(key);
    versions.delete(key);
    options.onChange(key, undefined, previous);
  }

  async function list(signal: AbortSignal): Promise<KubeResult<void>> {
    relistWanted = false;
    const seen = new Set<string>();
    let next: string | undefined;
    let listed: string;
    do {
      const page = await listPage(client, { resource, path, selectors, next }, signal);
      if (!page.ok) return page;
      if (signal.aborted) return ABORTED;
      for (const item of page.value.items) {
        seen.add(objectKey(item.metadata));
        put(item);
      }
      next = page.value.next;
      listed = page.value.version;
    } while (next !== undefined);
    for (const key of [...store.keys()]) if (!seen.has(key)) drop(key);
    version = listed;
    lists += 1;
    enter('live');
    options.onSynced?.();
    return { ok: true, value: undefined };
  }

  async function watch(signal: AbortSignal): Promise<KubeResult<void>> {
    const interrupt = new AbortController();
    const abort = (): void => interrupt.abort();
    interruptWatch = abort;
    signal.addEventListener('abort', abort, { once: true });
    const began = deps.clock.now();
    const query = {
      ...selectors,
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: version,
      timeoutSeconds: Math.round(300 + deps.random() * 300),
    };
    let events = 0;
    let failure: KubeFailure | undefined;
    try {
      const ended = await client.stream({ path, query, idleMs: IDLE_MS, onOpen: () => enter('live'), signal: interrupt.signal }, (line) => {
        events += 1;
        failure ??= handle(parseWatchEvent(line));
        if (failure !== undefined) abort();
      });
      if (failure !== undefined) return { ok: false, error: failure };
      return ended.ok && events === 0 && deps.clock.now() - began < SHORT_WATCH_MS ? ENDED_AT_ONCE : ended;
    } finally {
      interruptWatch = () => undefined;
      signal.removeEventListener('abort', abort);
    }
  }

  /** Returns what ends the watch. */
  function handle(event: WatchEvent | undefined): KubeFailure | undefined {
    if (event === undefined) return NO_EVENT;
    if (event.kind === 'error') return event.failure;
    version = event.kind === 'bookmark' ? event.version : (event.object.metadata.resourceVersion ?? version);
    if (event.kind === 'put') put(event.object);
    if (event.kind === 'drop') drop(objectKey(event.object.metadata));
    return undefined;
  }

  /** One list or one watch; returns how long to wait before the next step. */
  async function step(signal: AbortSignal): Promise<number> {
    const listing = version === undefined || relistWanted;
    const began = deps.clock.now();
    const outcome = listing ? await list(signal) : await watch(signal);
    if (signal.aborted || (outcome.ok && listing)) return 0;
    if (outcome.ok || deps.clock.now() - began > STEADY_MS) failures = 0;
    if (outcome.ok || (relistWanted && outcome.error.kind === 'aborted')) return 0;
    log.debug(listing ? 'list failed' : 'watch ended', { failure: outcome.error });
    return failed(outcome.error, listing);
  }

  function failed(failure: KubeFailure, listing: boolean): number {
    // Our version is too old (410), or the resource went away and may come back (404): only a list tells what is there.
    if (failure.kind === 'gone' || failure.kind === 'notFound') version = undefined;
    // One version that is too old is everyday life, and the list that follows says how things are.
    const everyday = failure.kind === 'gone' && !listing && failures < 3;
    if (!everyday) enter('failing', failure);
    const wait = backoff(failures, failure, deps.random);
    failures += 1;
    return wait;
  }

  return {
    store,
    synced: () => lists > 0,
    lists: () => lists,
    state: () => state,
    relist() {
      relistWanted = true;
      interruptWatch();
    },
    async run(signal) {
      while (!signal.aborted) {
        const wait = await step(signal);
        if (wait > 0) await pause(wait, signal, deps.clock);
      }
    },
  };
}

const ABORTED = { ok: false, error: { kind: 'aborted', message: 'the list was given up' } } as const;
const ENDED_AT_ONCE = { ok: false, error: { kind: 'server', message: 'the API server ends each watch at once' } } as const;
/** An event may have been missed: as good as 410. */
const NO_EVENT: KubeFailure = { kind: 'gone', message: 'what came is no watch event' };

/** Half fixed, half jitter, under a doubling cap; or what the server asked for, when that is longer. Milliseconds. */
function backoff(failures: number, failure: KubeFailure, random: Random): number {
  const most = failure.kind === 'notFound' ? ABSENT_MAX_MS : BACKOFF_MAX_MS;
  const cap = Math.min(most, BACKOFF_BASE_MS * 2 ** Math.min(failures, 16));
  return Math.max(failure.retryAfterMs ?? 0, cap * (0.5 + random() / 2));
}
