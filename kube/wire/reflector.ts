/**
 * A reflector: a local store of one resource that follows the API server.
 *
 * List (paged), then watch with bookmarks from where the list ended; the store holds projections, not objects. A watch
 * that ends is always resumed, with a new list only if the server no longer knows our version (410) or the store may be wrong. After
 * client-go's tools/cache/reflector.go.
 */
import { objectKey, type KubeObject, type Resource, resourcePath } from '../../core/api/resources.js';
import type { Clock, Random } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { createInterruptiblePause } from '../../core/runtime/pause.js';
import { createBackoff } from './backoff.js';
import { BOUNDS } from './bounds.js';
import type { KubeClient, KubeFailure, KubeResult, Pace } from './client.js';
import { failureFromError } from './failure.js';
import { listAll } from './listAll.js';
import { type Listing, parseWatchEvent, type WatchEvent } from './listWatch.js';
import { createProjections, type LeftOut, type StoreBounds } from './projections.js';

export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What to keep of an object; undefined: nothing. If it throws, what was kept before stays. */
  project(object: KubeObject): T | undefined;
  /**
   * Called in order, after the store changed. `current` undefined: gone; `previous` undefined: new. A new list calls it only
   * for what changed. If it throws, the object counts as one that could not be read, and the next list brings it again.
   */
  onChange(key: string, current: T | undefined, previous: T | undefined): void;
  /** Called after each complete list. */
  onSynced?(): void;
  onState?(state: ReflectorState): void;
  /** Default: 20 000 objects. */
  readonly bounds?: StoreBounds<T>;
  readonly pace?: Pace;
  /** The longest pause after an answer that says no (backoff.ts). Default: as after any failure. */
  readonly refusedMaxMs?: number;
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
  /** What the server has and the store does not, as far as that is known. */
  leftOut(): LeftOut;
  /** Lists again from the start; after the list that is under way, if there is one. */
  relist(): void;
  /** What failed may work now: ends a pause after failures. */
  retry(): void;
  /** Follows until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

interface ReflectorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** kube-apiserver sends a bookmark every minute: if two are missing, the watch is dead. */
const IDLE_MS = 125_000;
/** A watch that ends sooner is a failure, whatever came by it: resuming at once would be a storm. */
const SHORT_WATCH_MS = 1_000;
/** A watch that lived this long before it broke resets the back-off. */
const STEADY_MS = 5_000;

export function createReflector<T>(options: ReflectorOptions<T>, deps: ReflectorDeps): Reflector<T> {
  const { client, resource, pace } = options;
  const log = deps.log.with({ resource: resource.plural, server: client.server });
  const listing: Listing = {
    resource,
    path: resourcePath(resource, options.namespace),
    selectors: { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector },
    pace,
  };
  const projections = createProjections<T>(options, log);
  const backoff = createBackoff(deps.random, options.refusedMaxMs);
  const betweenFailures = createInterruptiblePause(deps.clock);
  /** Where to watch from; undefined: list first. */
  let version: string | undefined;
  let relistWanted = false;
  let lists = 0;
  /** Its last watch was none: before the next one counts, it has to last. */
  let doubted = false;
  let state: ReflectorState = { kind: 'starting', since: deps.clock.now() };
  let interruptWatch = (): void => undefined;

  function enter(kind: ReflectorState['kind'], failure?: KubeFailure): void {
    if (state.kind === kind && state.failure?.kind === failure?.kind) return;
    // However it fails, it has failed since the first failure.
    const since = state.kind === kind ? state.since : deps.clock.now();
    state = { kind, since, ...(failure === undefined ? {} : { failure }) };
    options.onState?.(state);
  }

  async function list(signal: AbortSignal): Promise<KubeResult<void>> {
    const asked = relistWanted;
    relistWanted = false;
    const onFound = projections.beginList();
    const began = deps.clock.now();
    const listed = await listAll(client, listing, {
      signal,
      most: projections.most,
      late: () => deps.clock.now() - began > BOUNDS.listMs,
      onFound(found, bytes) {
        if (!signal.aborted) onFound(found, bytes);
      },
    });
    if (!listed.ok) {
      relistWanted ||= asked;
      return listed;
    }
    if (signal.aborted) return ABORTED;
    projections.endList(listed.value.known);
    version = listed.value.version;
    lists += 1;
    if (!doubted) enter('live');
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
      ...listing.selectors,
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: version,
      timeoutSeconds: Math.round(300 + deps.random() * 300),
    };
    let failure: KubeFailure | undefined;
    let cancelLive = (): void => undefined;
    const live = (): void => {
      doubted = false;
      enter('live');
    };
    const onOpen = (): void => {
      if (doubted) cancelLive = deps.clock.after(SHORT_WATCH_MS, live);
      else live();
    };
    try {
      const ended = await client.stream(
        { path: listing.path, query, idleMs: IDLE_MS, onOpen, signal: interrupt.signal, ...(pace !== undefined && { pace }) },
        (line, whole = true) => {
          failure ??= handle(parseWatchEvent(line, whole, resource), line.length);
          if (failure !== undefined) abort();
        },
      );
      const tooShort = ended.ok && deps.clock.now() - began < SHORT_WATCH_MS;
      // A version that is too old is no nonsense, once.
      doubted ||= tooShort || (failure !== undefined && (failure.code !== 410 || backoff.failures() > 0));
      if (failure !== undefined) return { ok: false, error: failure };
      return tooShort ? ENDED_AT_ONCE : ended;
    } finally {
      cancelLive();
      interruptWatch = () => undefined;
      signal.removeEventListener('abort', abort);
    }
  }

  /** Returns what ends the watch. */
  function handle(event: WatchEvent | undefined, bytes: number): KubeFailure | undefined {
    if (event === undefined) return NO_EVENT;
    if (event.kind === 'error') return event.failure;
    if (event.kind === 'bookmark') version = event.version;
    else if (event.kind === 'unread') projections.unread(event.key, event.gone);
    else {
      version = event.object.metadata.resourceVersion ?? version;
      if (event.kind === 'put') projections.put(event.object, bytes);
      else projections.drop(objectKey(event.object.metadata));
    }
    return undefined;
  }

  /** One list or one watch; returns how long to wait before the next step. */
  async function step(signal: AbortSignal): Promise<number> {
    const isList = version === undefined || relistWanted;
    const began = deps.clock.now();
    const outcome = await (isList ? list(signal) : watch(signal)).catch(thrown);
    if (signal.aborted || (outcome.ok && isList)) return 0;
    if (outcome.ok || deps.clock.now() - began > STEADY_MS) backoff.reset();
    // Where there is room again, only a list tells for whom.
    if (outcome.ok && projections.leftOut().full) version = undefined;
    if (outcome.ok || (relistWanted && outcome.error.kind === 'aborted')) return 0;
    log.debug(isList ? 'A list failed' : 'A watch ended', { failure: outcome.error });
    return failed(outcome.error, isList);
  }

  /** What `onSynced` and the like throw is for this reflector alone, which goes on. */
  function thrown(error: unknown): KubeResult<void> {
    log.error('What an API server said could not be taken in', { error });
    version = undefined;
    return { ok: false, error: { kind: 'other', message: `what it said could not be taken in: ${failureFromError(error).message}` } };
  }

  function failed(failure: KubeFailure, isList: boolean): number {
    // Our version is too old (410), or the resource went away and may come back (404): only a list tells what is there.
    if (failure.kind === 'gone' || failure.kind === 'notFound') version = undefined;
    // A version that is too old is normal: the next list repairs it.
    const everyday = failure.kind === 'gone' && !isList && backoff.failures() < 3;
    if (!everyday) enter('failing', failure);
    return backoff.next(failure);
  }

  return {
    store: projections.store,
    synced: () => lists > 0,
    lists: () => lists,
    state: () => state,
    leftOut: projections.leftOut,
    relist() {
      relistWanted = true;
      interruptWatch();
    },
    retry: betweenFailures.interrupt,
    async run(signal) {
      while (!signal.aborted) {
        betweenFailures.clear();
        const wait = await step(signal);
        if (wait > 0) await betweenFailures.pause(wait, signal);
      }
    },
  };
}

const ABORTED = { ok: false, error: { kind: 'aborted', message: 'the list was given up' } } as const;
const ENDED_AT_ONCE = { ok: false, error: { kind: 'server', message: 'the API server ends each watch at once' } } as const;
/** An event may have been missed: as good as 410. */
const NO_EVENT: KubeFailure = { kind: 'gone', message: 'what came is no watch event' };
