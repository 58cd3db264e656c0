/**
 * A KubeClient whose API server is a map: list in pages, watch from a version, and every way to go wrong, on demand.
 */
import { type KubeObject, objectKey } from '../../../core/api/resources.js';
import type { KubeClient, KubeFailure, KubeResult } from '../../../kube/wire/client.js';

export interface MemoryServer {
  readonly client: KubeClient;
  readonly objects: ReadonlyMap<string, KubeObject>;
  put(name: string, labels?: Readonly<Record<string, string>>): void;
  remove(name: string): void;
  /** Forgets all events: a watch from an older version gets 410, as a status or as an ERROR event. */
  compact(as: 'status' | 'event'): void;
  /** Ends the watches under way: cleanly, or with a failure. */
  endWatches(failure?: KubeFailure): void;
  /** A line on every watch. */
  say(line: string): void;
  bookmark(): void;
  /** What the next lists and watches are answered with, one each. */
  readonly failures: KubeFailure[];
  readonly counts: { lists: number; pages: number; watches: number };
  /** The query of the last watch. */
  lastWatch(): Readonly<Record<string, unknown>>;
  /** Resolves pages only when the function it returns is called. */
  holdPages(): () => void;
}

interface Watcher {
  readonly line: (line: string) => void;
  readonly end: (result: KubeResult<void>) => void;
}

export function createMemoryServer(pageSize = 500): MemoryServer {
  const objects = new Map<string, KubeObject>();
  let events: { readonly version: number; readonly line: string }[] = [];
  const watchers = new Set<Watcher>();
  const snapshots = new Map<string, { readonly items: readonly KubeObject[]; readonly version: number }>();
  const failures: KubeFailure[] = [];
  const counts = { lists: 0, pages: 0, watches: 0 };
  let version = 1;
  let compacted = 0;
  let goneAs: 'status' | 'event' = 'status';
  let lastWatch: Readonly<Record<string, unknown>> = {};
  let held: Promise<void> = Promise.resolve();
  let closed = false;

  const emit = (type: string, object: KubeObject): void => {
    const line = JSON.stringify({ type, object });
    events.push({ version, line });
    for (const watcher of watchers) watcher.line(line);
  };

  function page(query: Readonly<Record<string, unknown>>): KubeResult<unknown> {
    counts.pages += 1;
    const token = query['continue'] as string | undefined;
    if (token === undefined) counts.lists += 1;
    const [id, start] = token === undefined ? [String(counts.lists), 0] : [token.split('/')[0] ?? '', Number(token.split('/')[1])];
    const snapshot = snapshots.get(id) ?? { items: [...objects.values()], version };
    snapshots.set(id, snapshot);
    const end = start + pageSize;
    const next = end < snapshot.items.length ? { continue: `${id}/${end}` } : {};
    return {
      ok: true,
      value: {
        apiVersion: 'v1',
        kind: 'NodeList',
        metadata: { resourceVersion: String(snapshot.version), ...next },
        items: snapshot.items.slice(start, end),
      },
    };
  }

  const client: KubeClient = {
    server: 'https://memory',
    async call<T>(request: Parameters<KubeClient['call']>[0]): Promise<KubeResult<T>> {
      await held;
      await Promise.resolve();
      if (closed || request.signal?.aborted === true) return { ok: false, error: ABORTED };
      const failure = failures.shift();
      return failure === undefined ? (page(request.query ?? {}) as KubeResult<T>) : { ok: false, error: failure };
    },
    async stream(request, onLine) {
      await Promise.resolve();
      if (closed || request.signal?.aborted === true) return { ok: false, error: ABORTED };
      counts.watches += 1;
      lastWatch = request.query ?? {};
      const failure = failures.shift();
      if (failure !== undefined) return { ok: false, error: failure };
      const from = Number(lastWatch['resourceVersion']);
      if (from < compacted && goneAs === 'status') return { ok: false, error: { kind: 'gone', code: 410, message: 'too old' } };
      request.onOpen?.();
      return new Promise((resolve) => {
        let ended = false;
        const watcher: Watcher = {
          // Like the real client: no line after the end.
          line: (line) => (ended ? undefined : onLine(line)),
          end: (result) => {
            ended = true;
            watchers.delete(watcher);
            resolve(result);
          },
        };
        watchers.add(watcher);
        request.signal?.addEventListener('abort', () => watcher.end({ ok: false, error: ABORTED }), { once: true });
        if (from < compacted) {
          watcher.line(JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } }));
          watcher.end({ ok: true, value: undefined });
          return;
        }
        for (const event of events) if (event.version > from) watcher.line(event.line);
      });
    },
    close() {
      closed = true;
      for (const watcher of watchers) watcher.end({ ok: false, error: ABORTED });
    },
  };

  return {
    client,
    objects,
    put(name, labels = {}) {
      version += 1;
      const metadata = { name, resourceVersion: String(version), labels };
      const object = { apiVersion: 'v1', kind: 'Node', metadata };
      const known = objects.has(objectKey(metadata));
      objects.set(objectKey(metadata), object);
      emit(known ? 'MODIFIED' : 'ADDED', object);
    },
    remove(name) {
      const object = objects.get(name);
      if (object === undefined) return;
      version += 1;
      objects.delete(name);
      emit('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    },
    compact(as) {
      goneAs = as;
      version += 1;
      compacted = version;
      events = [];
    },
    endWatches(failure) {
      for (const watcher of watchers) watcher.end(failure === undefined ? { ok: true, value: undefined } : { ok: false, error: failure });
    },
    say(line) {
      for (const watcher of watchers) watcher.line(line);
    },
    bookmark() {
      version += 1;
      for (const watcher of watchers)
        watcher.line(JSON.stringify({ type: 'BOOKMARK', object: { kind: 'Node', metadata: { resourceVersion: String(version) } } }));
    },
    failures,
    counts,
    lastWatch: () => lastWatch,
    holdPages() {
      let release = (): void => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

const ABORTED: KubeFailure = { kind: 'aborted', message: 'the request was given up' };
