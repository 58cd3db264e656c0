/**
 * What is in a place where an object of ours is, or may come to be: ours in full, or only that it is taken.
 */
import { HUB_MANAGER, LABEL } from '../../core/api/names.js';
import type { KubeObject } from '../../core/api/resources.js';

export type Held = { readonly own: true; readonly object: KubeObject } | { readonly own: false };

const FOREIGN: Held = { own: false };
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export function isOwn(object: KubeObject): boolean {
  return object.metadata.labels?.[LABEL.managedBy] === HUB_MANAGER;
}

export function projectHeld(object: KubeObject): Held {
  return isOwn(object) ? { own: true, object: keepOwn(object) } : FOREIGN;
}

/** Without managedFields, which are two thirds of an object, and without what kubectl remembers of its last apply. */
export function keepOwn<T extends KubeObject>(object: T): T {
  const { managedFields: _managedFields, annotations, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== LAST_APPLIED);
  return { ...object, metadata: { ...metadata, ...(annotations !== undefined && { annotations: Object.fromEntries(kept) }) } };
}

/**
 * Whether `a` is an older state of a resource than `b`. Versions of one resource may be compared as numbers (KEP-5504);
 * where they are none, nothing is known to be older.
 */
export function isOlder(a: KubeObject | undefined, b: KubeObject | undefined): boolean {
  const [x, y] = [a?.metadata.resourceVersion ?? '', b?.metadata.resourceVersion ?? ''];
  if (!/^[1-9][0-9]*$/.test(x) || !/^[1-9][0-9]*$/.test(y)) return false;
  return x.length === y.length ? x < y : x.length < y.length;
}
