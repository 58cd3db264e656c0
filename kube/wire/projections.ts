/**
 * What a reflector keeps of the objects that it hears of, within bounds: new objects for which there is no room are left out.
 */
import { type KubeObject, objectKey } from '../../core/api/resources.js';
import type { Log } from '../../core/runtime/log.js';
import type { Listed } from './listAll.js';
import type { Found } from './listWatch.js';

export interface StoreBounds<T> {
  readonly objects: number;
  /** Bytes, as JSON, of the objects of which more is kept than a summary, and which these are. */
  readonly whole?: { readonly bytes: number; is(projected: T): boolean };
}

export interface LeftOut {
  /** Keys of objects that are not what an object is, or are too large: what was known of them is kept. The first ones, sorted. */
  readonly unread: readonly string[];
  /** Such objects of which not even the key could be read. */
  readonly nameless: number;
  /** Whether there was no room for an object since the last list began. */
  readonly full: boolean;
}

interface Projections<T> {
  readonly store: ReadonlyMap<string, T>;
  /** Objects that have room. */
  readonly most: number;
  /** `bytes`: of the object as JSON. */
  put(object: KubeObject, bytes: number): void;
  drop(key: string): void;
  /** An object could not be read; `gone`: it was deleted. */
  unread(key: string | undefined, gone: boolean): void;
  /** Begins a list; the function takes what it has. */
  beginList(): (found: Found, bytes: number) => void;
  /** What the list that ended does not have is gone, as far as the list is known. */
  endList(known: Listed['known']): void;
  leftOut(): LeftOut;
}

interface ProjectionsOptions<T> {
  readonly bounds?: StoreBounds<T>;
  project(object: KubeObject): T | undefined;
  onChange(key: string, current: T | undefined, previous: T | undefined): void;
}

const MOST_OBJECTS = 20_000;
const MOST_NAMED = 100;

export function createProjections<T>(options: ProjectionsOptions<T>, log: Log): Projections<T> {
  const most = options.bounds?.objects ?? MOST_OBJECTS;
  const whole = options.bounds?.whole;
  const store = new Map<string, T>();
  /** The resourceVersion of each stored object: a new list passes over what did not change. */
  const versions = new Map<string, string | undefined>();
  /** Bytes of each object that is kept whole. */
  const weights = new Map<string, number>();
  const unreadKeys = new Set<string>();
  let weight = 0;
  let nameless = 0;
  let full = false;
  let seen = new Set<string>();

  function weigh(key: string, bytes: number): void {
    weight += bytes - (weights.get(key) ?? 0);
    if (bytes === 0) weights.delete(key);
    else weights.set(key, bytes);
  }

  function hasRoom(key: string, bytes: number): boolean {
    if (!store.has(key) && store.size >= most) return false;
    return bytes === 0 || weight - (weights.get(key) ?? 0) + bytes <= (whole?.bytes ?? 0);
  }

  function put(object: KubeObject, bytes: number): void {
    const key = objectKey(object.metadata);
    const objectVersion = object.metadata.resourceVersion;
    if (store.has(key) && objectVersion !== undefined && versions.get(key) === objectVersion) return;
    unreadKeys.delete(key);
    caught(key, () => {
      const projected = options.project(object);
      if (projected === undefined) return drop(key);
      const wholeBytes = whole?.is(projected) === true ? bytes : 0;
      if (!hasRoom(key, wholeBytes)) {
        full = true;
        return undefined;
      }
      const previous = store.get(key);
      versions.delete(key);
      store.set(key, projected);
      weigh(key, wholeBytes);
      options.onChange(key, projected, previous);
      versions.set(key, objectVersion);
      return undefined;
    });
  }

  function drop(key: string): void {
    const previous = store.get(key);
    unreadKeys.delete(key);
    if (previous === undefined) return;
    store.delete(key);
    caught(
      key,
      () => {
        options.onChange(key, undefined, previous);
        versions.delete(key);
        weigh(key, 0);
      },
      () => store.set(key, previous),
    );
  }

  /** What cannot be taken in of one object concerns no other. */
  function caught(key: string, act: () => void, undo?: () => void): void {
    try {
      act();
    } catch (error) {
      log.error('An object could not be read', { key, error });
      undo?.();
      unread(key, false);
    }
  }

  function unread(key: string | undefined, gone: boolean): void {
    if (key === undefined) nameless += 1;
    else if (gone) drop(key);
    else if (unreadKeys.size < most) unreadKeys.add(key);
  }

  return {
    store,
    most,
    put,
    drop,
    unread,
    beginList() {
      seen = new Set();
      unreadKeys.clear();
      nameless = 0;
      full = false;
      return (found, bytes) => {
        const key = found.object === undefined ? found.key : objectKey(found.object.metadata);
        if (key !== undefined) seen.add(key);
        if (found.object === undefined) unread(key, false);
        else put(found.object, bytes);
      };
    },
    endList(known) {
      if (known.kind === 'before') full = true;
      const missing =
        known.kind === 'doubtful' ? [] : [...store.keys()].filter((key) => !seen.has(key) && (known.kind === 'all' || key <= known.key));
      seen = new Set();
      for (const key of missing) drop(key);
    },
    leftOut: () => ({ unread: [...unreadKeys].slice(0, MOST_NAMED).toSorted(), nameless, full }),
  };
}
