/**
 * The bound of a list that somebody else chose the length of: the first by name order are kept, and the others are named. The order
 * says what is kept, so that it is the same after a restart and in every program.
 */

interface Bounded<T> {
  /** All items as they came, or the first `most` by name order. */
  readonly kept: readonly T[];
  /** What was left out, for people: `a, b, c and 40 more`. Undefined: nothing was. */
  readonly leftOut: string | undefined;
}

/** How many of what was left out are named. */
const NAMED = 5;

/** Walks `items` once, and holds no more than `most` of them and a few. `nameOf` must not throw. */
export function firstByName<T>(items: readonly T[], most: number, nameOf: (item: T) => string): Bounded<T> {
  if (items.length <= most) return { kept: items, leftOut: undefined };
  const first: { readonly name: string; readonly item: T }[] = [];
  for (const item of items) {
    const name = nameOf(item);
    const last = first.at(-1);
    if (first.length === most + NAMED && last !== undefined && name >= last.name) continue;
    first.splice(placeOf(name, first), 0, { name, item });
    if (first.length > most + NAMED) first.pop();
  }
  const named = first.slice(most).map(({ name }) => name);
  const more = items.length - most - named.length;
  return {
    kept: first.slice(0, most).map(({ item }) => item),
    leftOut: `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
  };
}

/** Behind all that are not greater, by halving. */
function placeOf(name: string, sorted: readonly { readonly name: string }[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.name ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}
