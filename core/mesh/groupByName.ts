/** `items` by name, the names sorted, items in the order given. */
export function groupByName<T>(items: Iterable<T>, nameOf: (item: T) => string): (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
