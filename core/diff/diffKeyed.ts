/**
 * Desired against observed, by key: what is to be created, updated and removed, each sorted by key.
 */
export interface KeyedDiff<D, O> {
  readonly create: readonly (readonly [string, D])[];
  readonly update: readonly (readonly [string, D, O])[];
  readonly remove: readonly (readonly [string, O])[];
}

export function diffKeyed<D, O>(
  desired: ReadonlyMap<string, D>,
  observed: ReadonlyMap<string, O>,
  equal: (desired: D, observed: O) => boolean,
): KeyedDiff<D, O> {
  const create: [string, D][] = [];
  const update: [string, D, O][] = [];
  for (const [key, want] of [...desired].toSorted(byKey)) {
    const have = observed.get(key);
    if (have === undefined) create.push([key, want]);
    else if (!equal(want, have)) update.push([key, want, have]);
  }
  return { create, update, remove: [...observed].filter(([key]) => !desired.has(key)).toSorted(byKey) };
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
