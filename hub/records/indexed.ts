/**
 * A map with a second index: each value is in at most one group, and a group lists its values in the order of their keys.
 */

export interface Indexed<T> {
  get(key: string): T | undefined;
  all(): ReadonlyMap<string, T>;
  /** Returns the previous group. */
  set(key: string, value: T | undefined, group: string | undefined): string | undefined;
  group(group: string): readonly T[];
  /** Of a group, sorted. */
  keysOf(group: string): readonly string[];
  /** Of a group. */
  size(group: string): number;
  groups(): Iterable<string>;
  dropGroup(group: string): void;
}

export function createIndexed<T>(): Indexed<T> {
  const values = new Map<string, T>();
  const groupOf = new Map<string, string>();
  const members = new Map<string, Set<string>>();

  function leave(key: string): string | undefined {
    const group = groupOf.get(key);
    if (group === undefined) return undefined;
    groupOf.delete(key);
    const keys = members.get(group);
    keys?.delete(key);
    if (keys?.size === 0) members.delete(group);
    return group;
  }

  return {
    get: (key) => values.get(key),
    all: () => values,
    set(key, value, group) {
      const before = leave(key);
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      if (value !== undefined && group !== undefined) {
        groupOf.set(key, group);
        members.set(group, (members.get(group) ?? new Set()).add(key));
      }
      return before;
    },
    group: (group) => [...(members.get(group) ?? [])].toSorted().flatMap((key) => values.get(key) ?? []),
    keysOf: (group) => [...(members.get(group) ?? [])].toSorted(),
    size: (group) => members.get(group)?.size ?? 0,
    groups: () => members.keys(),
    dropGroup(group) {
      for (const key of members.get(group) ?? []) {
        values.delete(key);
        groupOf.delete(key);
      }
      members.delete(group);
    },
  };
}
