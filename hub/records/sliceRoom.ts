/**
 * How much is kept of the EndpointSlices of a member: so many characters, whatever their number. Of a slice that there is no room for, as
 * many endpoints are kept as there is, and what it had before has its room still.
 */
import type { Problem } from '../../core/api/problem.js';
import { BOUND } from '../../core/services/bounds.js';
import type { SliceRecord } from '../../core/services/model.js';
import { firstByName } from '../../core/text/firstByName.js';

interface SliceRoom {
  /** What is kept of it from now on. Undefined: nothing. */
  take(key: string, record: SliceRecord): SliceRecord | undefined;
  leave(key: string): void;
  /** Of a Service, `namespace/name`, with the slices that are kept of it. Returns whether that is all of it. */
  leaveAll(service: string, keys: readonly string[]): boolean;
  problems(): readonly Problem[];
}

/** Slices that are told. */
const MOST_TOLD = 1_000;

export function createSliceRoom(most: number = BOUND.sourceSlices): SliceRoom {
  const sizes = new Map<string, number>();
  /** Slices that are not kept whole, and their Services. */
  const cut = new Map<string, string>();
  /** There may be others. */
  let untold = false;
  let used = 0;

  function leave(key: string): void {
    resize(key, 0);
    cut.delete(key);
    if (used === 0) untold = false;
  }

  function resize(key: string, size: number): void {
    used += size - (sizes.get(key) ?? 0);
    if (size > 0) sizes.set(key, size);
    else sizes.delete(key);
  }

  return {
    take(key, record) {
      const before = sizes.get(key) ?? 0;
      const room = Math.max(before, most - used + before);
      const size = sizeOf(record);
      cut.delete(key);
      if (size <= room) {
        resize(key, size);
        return record;
      }
      if (cut.size < MOST_TOLD) cut.set(key, `${record.namespace}/${record.service}`);
      else untold = true;
      const kept = cutTo(room, record);
      resize(key, kept === undefined ? 0 : sizeOf(kept));
      return kept;
    },
    leave,
    leaveAll(service, keys) {
      const lacking = [...cut].filter(([, of]) => of === service).map(([key]) => key);
      const whole = lacking.length === 0 && !untold;
      for (const key of [...keys, ...lacking]) leave(key);
      return whole;
    },
    problems() {
      const { leftOut } = firstByName([...cut.keys()], 0, (key) => key);
      if (leftOut === undefined) return [];
      const message = `the EndpointSlices of its exported Services are more than ${most >> 20} MiB, so endpoints of these are not mirrored`;
      return [{ subject: { kind: 'member' }, reason: 'TooManyEndpoints', message: `${message} until they are written again: ${leftOut}` }];
    },
  };
}

function cutTo(room: number, record: SliceRecord): SliceRecord | undefined {
  let left = room - sizeOf({ ...record, endpoints: [] });
  if (left < 0) return undefined;
  return { ...record, endpoints: record.endpoints.filter((endpoint) => (left -= JSON.stringify(endpoint).length + 1) >= 0) };
}

function sizeOf(record: SliceRecord): number {
  return JSON.stringify(record).length;
}
