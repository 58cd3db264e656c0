/**
 * Routes of ours: one to a destination and the guard behind it, which refuses packets while there is no path.
 */
import type { Route } from './plan.js';
import { GUARD_METRIC, MAIN_TABLE, ROUTE_METRIC } from './reserved.js';

export function route(dst: string, to: Route['to'], src?: string): Route {
  return { dst, table: MAIN_TABLE, metric: ROUTE_METRIC, to, ...(src === undefined ? {} : { src }) };
}

export function guard(dst: string): Route {
  return { dst, table: MAIN_TABLE, metric: GUARD_METRIC, to: { kind: 'unreachable' } };
}

/** By table, then destination, with the guard behind its route. Of two routes for one place the first is kept. */
export function sortRoutes(routes: readonly Route[]): Route[] {
  const byPlace = new Map<string, Route>();
  for (const each of routes) {
    const place = `${each.table} ${each.dst} ${each.metric}`;
    if (!byPlace.has(place)) byPlace.set(place, each);
  }
  return [...byPlace.values()].toSorted((a, b) => a.table - b.table || (a.dst === b.dst ? a.metric - b.metric : a.dst < b.dst ? -1 : 1));
}
