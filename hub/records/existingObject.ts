/**
 * An object that exists under a name that the hub uses or may use: ours in full, or only the fact that the name is taken.
 */
import { clusterIdentity, clusterName, namespacedIdentity, namespacedName } from '../../core/observed/metadata.js';
import { type OwnKind, readOwn } from '../../core/observed/ownObjects.js';
import { isHubs } from '../../core/observed/ownership.js';
import { readObject } from '../../core/observed/readObject.js';
import { type KubeObject, RESOURCE } from '../../core/api/resources.js';
import { type Kept, kept, malformed } from './kept.js';

/** One of ours has the fields that the hub writes, checked (core/api/ownObjects.ts). */
export type ExistingObject = { readonly own: true; readonly object: KubeObject } | { readonly own: false };

const FOREIGN: ExistingObject = { own: false };

/** A malformed object has taken its name all the same, if that is one: the hub writes nothing there. */
export function projectExisting(kind: OwnKind, object: unknown): Kept<ExistingObject> {
  const { namespaced } = RESOURCE[kind];
  const read = namespaced ? readObject(namespacedIdentity, object) : readObject(clusterIdentity, object);
  if (read.ok) return isHubs(kind, object) ? projectOwn(kind, object) : kept(FOREIGN);
  const named = namespaced ? readObject(namespacedName, object) : readObject(clusterName, object);
  return kept(named.ok ? FOREIGN : undefined, malformed(kind, object, read.error));
}

/** An object of ours. One whose content is malformed is kept without it, and so is written again. */
export function projectOwn(kind: OwnKind, object: unknown): Kept<ExistingObject> {
  const read = readOwn(kind, object);
  if (!read.ok) return kept(FOREIGN, malformed(kind, object, read.error));
  const { malformed: correct } = read.value;
  return kept({ own: true, object: read.value.object }, ...(correct === undefined ? [] : [malformed(kind, object, correct)]));
}

/** The object if it is ours. */
export function ownObject(existing: ExistingObject | undefined): KubeObject | undefined {
  return existing?.own === true ? existing.object : undefined;
}

/**
 * Whether `a` is an older version of an object than `b`. Resource versions of one resource may be compared as numbers
 * (KEP-5504). If they are not numbers, nothing counts as older.
 */
function isOlder(a: KubeObject | undefined, b: KubeObject | undefined): boolean {
  const [x, y] = [a?.metadata.resourceVersion ?? '', b?.metadata.resourceVersion ?? ''];
  if (!/^[1-9][0-9]*$/.test(x) || !/^[1-9][0-9]*$/.test(y)) return false;
  return x.length === y.length ? x < y : x.length < y.length;
}

/**
 * Whether a watch event is not newer than what is known, which may be the answer to a write of ours. A deletion has no version:
 * it is stale if what the watch saw before it is older than what is known.
 */
export function isStale(known: KubeObject | undefined, current: KubeObject | undefined, previous: KubeObject | undefined): boolean {
  if (current === undefined) return isOlder(previous, known);
  return (
    isOlder(current, known) ||
    (current.metadata.resourceVersion !== undefined && current.metadata.resourceVersion === known?.metadata.resourceVersion)
  );
}
