/**
 * The watched resources of a member, and the feed of each watch.
 */
import type { KubeObject } from '../../core/api/resources.js';

export type WatchedKind =
  | 'mesh'
  | 'meshNode'
  | 'gatewayReport'
  | 'peer'
  | 'service'
  | 'endpointSlice'
  | 'namespace'
  | 'serviceExport'
  | 'serviceImport';

/** Takes the objects of one watch: `project` reduces each, and `changed` is called for every change, in order. */
export interface Feed<T = unknown> {
  project(object: KubeObject): T;
  /** `current` undefined: deleted. `previous` undefined: new to the watch, or the answer to a write. */
  changed(key: string, current: T | undefined, previous: T | undefined): void;
}

export function setOrDelete<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
