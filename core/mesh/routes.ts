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

/** By table, then destination, with the guard behind its route. Two routes for one place are equal. */
export function compareRoutes(a: Route, b: Route): number {
  return a.table - b.table || (a.dst === b.dst ? a.metric - b.metric : a.dst < b.dst ? -1 : 1);
}
