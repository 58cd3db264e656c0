/**
 * The EndpointSlices of a member's exported Services.
 *
 * Those of all other Services pass by unkept, so when a Service is exported its slices have to be fetched once. Events go
 * on meanwhile: what they say of a slice wins over what was fetched, since a fetched answer may be older.
 */
import type { SliceRecord } from '../../core/services/model.js';
import { createIndexed } from './indexed.js';

export interface SourceSlices {
  /** Begins to keep the slices of a Service. False: they are known already, since the first list is yet to come. */
  follow(service: string): boolean;
  unfollow(service: string): void;
  follows(service: string): boolean;
  /** False while slices may be missing. */
  complete(service: string): boolean;
  /** An event. Returns the Services whose endpoints changed. */
  set(key: string, record: SliceRecord | undefined): readonly string[];
  /** The answer to a fetch. */
  fill(service: string, records: readonly (readonly [key: string, record: SliceRecord])[]): void;
  /** The watch begins: from now on a Service that is exported has missed events. */
  started(): void;
  of(service: string): readonly SliceRecord[];
}

export function createSourceSlices(): SourceSlices {
  const followed = new Set<string>();
  /** Per Service that waits for its fetch, the slices that events spoke of. */
  const pending = new Map<string, Set<string>>();
  const kept = createIndexed<SliceRecord>();
  let live = false;

  function serviceOf(record: SliceRecord | undefined): string | undefined {
    return record === undefined ? undefined : `${record.namespace}/${record.service}`;
  }

  return {
    follow(service) {
      followed.add(service);
      if (live) pending.set(service, new Set());
      return live;
    },
    unfollow(service) {
      followed.delete(service);
      pending.delete(service);
      kept.dropGroup(service);
    },
    follows: (service) => followed.has(service),
    complete: (service) => followed.has(service) && !pending.has(service),
    set(key, record) {
      for (const spokenOf of pending.values()) spokenOf.add(key);
      const service = serviceOf(record);
      const keep = service !== undefined && followed.has(service) ? record : undefined;
      const same = JSON.stringify(kept.get(key)) === JSON.stringify(keep);
      if (same) return [];
      const before = kept.set(key, keep, keep === undefined ? undefined : service);
      return [...new Set([before, keep === undefined ? undefined : service])].filter((value) => value !== undefined);
    },
    fill(service, records) {
      const spokenOf = pending.get(service);
      if (spokenOf === undefined) return;
      pending.delete(service);
      for (const [key, record] of records) {
        if (!spokenOf.has(key)) kept.set(key, record, service);
      }
    },
    started() {
      live = true;
    },
    of: (service) => kept.group(service),
  };
}
