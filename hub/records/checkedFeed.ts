/**
 * The feed of a watch whose objects are read by schema: what is kept goes into the records, what is wrong to the member's problems.
 */
import type { Feed, WatchedKind } from './feed.js';
import type { Kept } from './kept.js';
import type { ObjectProblems } from './objectProblems.js';

interface Records<T> {
  project(object: unknown): Kept<T>;
  /** Whether an event is older than what is kept. Absent: none is. */
  isStale?(key: string, current: T | undefined, previous: T | undefined): boolean;
  /** `current` undefined: deleted, or as if it were. */
  changed(key: string, current: T | undefined): void;
}

/** Code units of a key, which is made of what the object says its name is. */
const LONGEST_KEY = 512;

export function checkedFeed<T>(kind: WatchedKind, problems: ObjectProblems, records: Records<T>): Feed<Kept<T>> {
  return {
    project: (object) => records.project(object),
    changed(key, current, previous) {
      if (records.isStale?.(key, current?.value, previous?.value) === true) return;
      problems.set(`${kind} ${key.slice(0, LONGEST_KEY)}`, current?.problems ?? []);
      records.changed(key, current?.value);
    },
  };
}
