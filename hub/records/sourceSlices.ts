/**
 * The EndpointSlices of a member's exported Services.
 *
 * Slices of other Services are not kept, so when a Service is exported, its slices have to be fetched once. An event during the
 * fetch wins over the fetched state of its slice, which may be older.
 */
import type { Problem } from '../../core/api/problem.js';
import type { SliceRecord } from '../../core/services/model.js';
import { createIndexed } from './indexed.js';
import { createMirrorable, type Mirrorable } from './mirrorable.js';
import { createSliceRoom } from './sliceRoom.js';

interface SourceSlices {
  /** Starts to keep the slices of a Service. Returns whether they have to be fetched: false before the first list. */
  follow(service: string): boolean;
  /** Returns what was kept of it, by key. Undefined: some may be missing. */
  unfollow(service: string): readonly (readonly [key: string, record: SliceRecord])[] | undefined;
  follows(service: string): boolean;
  /** False while slices may be missing. */
  complete(service: string): boolean;
  /** Takes an event. Returns the Services whose endpoints changed. */
  set(key: string, record: SliceRecord | undefined): readonly string[];
  /** The answer to a fetch. False: too much happened meanwhile, so fetch again. */
  fill(service: string, records: readonly (readonly [key: string, record: SliceRecord])[]): boolean;
  /** To be called when the watch starts. A Service that is exported later has missed events. */
  started(): void;
  /** By name, and no more than a mirror may have. */
  of(service: string): readonly SliceRecord[];
  /** Endpoints of these slices, and how many of them are ready. */
  count(service: string): { readonly endpoints: number; readonly ready: number };
  /** What is left out for its number or size. */
  surplus(): readonly Problem[];
}

/** Slices with events during a fetch that are remembered: a member may hold back an answer, and go on with events. */
const MOST_EVENTS = 10_000;

export function createSourceSlices(): SourceSlices {
  const followed = new Map<string, Mirrorable>();
  /** By Service that waits for its fetch: how many events there had been when it began to. */
  const pending = new Map<string, number>();
  /** While any waits, by slice: the number of its latest event. */
  const spokenOf = new Map<string, number>();
  let events = 0;
  /** Up to which event `spokenOf` knows nothing. */
  let forgotten = 0;
  const kept = createIndexed<SliceRecord>();
  const room = createSliceRoom();
  let live = false;

  function note(key: string): void {
    events += 1;
    if (pending.size > 0 && spokenOf.size < MOST_EVENTS) {
      spokenOf.set(key, events);
      return;
    }
    spokenOf.clear();
    forgotten = events;
  }

  /** What there is room for. */
  function fitting(key: string, record: SliceRecord | undefined): SliceRecord | undefined {
    if (record !== undefined) return room.take(key, record);
    room.leave(key);
    return undefined;
  }

  /** Returns the Service that the slice was of before. */
  function keep(key: string, record: SliceRecord | undefined): string | undefined {
    const service = serviceOf(record);
    const before = kept.set(key, record, service);
    if (before !== undefined && before !== service) followed.get(before)?.drop(key);
    if (record !== undefined && service !== undefined) followed.get(service)?.put(key, record);
    return before;
  }

  return {
    follow(service) {
      followed.set(service, createMirrorable(service));
      if (live) pending.set(service, events);
      return live;
    },
    unfollow(service) {
      const whole = followed.has(service) && !pending.has(service);
      followed.delete(service);
      pending.delete(service);
      const slices = kept.group(service).map((record) => [`${record.namespace}/${record.name}`, record] as const);
      const entire = room.leaveAll(
        service,
        slices.map(([key]) => key),
      );
      kept.dropGroup(service);
      return whole && entire ? slices : undefined;
    },
    follows: (service) => followed.has(service),
    complete: (service) => followed.has(service) && !pending.has(service),
    set(key, record) {
      note(key);
      const service = serviceOf(record);
      const needed = fitting(key, service !== undefined && followed.has(service) ? record : undefined);
      if (JSON.stringify(kept.get(key)) === JSON.stringify(needed)) return [];
      return [...new Set([keep(key, needed), serviceOf(needed)])].filter((value) => value !== undefined);
    },
    fill(service, records) {
      const began = pending.get(service);
      if (began === undefined) return true;
      if (began < forgotten) {
        pending.set(service, events);
        return false;
      }
      pending.delete(service);
      for (const [key, record] of records) {
        if ((spokenOf.get(key) ?? 0) <= began) keep(key, fitting(key, record));
      }
      return true;
    },
    started() {
      live = true;
    },
    of: (service) => followed.get(service)?.view().slices ?? [],
    count: (service) => followed.get(service)?.view() ?? NONE,
    surplus: () => [...room.problems(), ...[...followed.values()].flatMap((mirrorable) => mirrorable.view().problems)],
  };
}

const NONE = { endpoints: 0, ready: 0 };

function serviceOf(record: SliceRecord | undefined): string | undefined {
  return record === undefined ? undefined : `${record.namespace}/${record.service}`;
}
