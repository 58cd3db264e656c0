/**
 * The hub's HTTP interface, in two parts: the status, which tells everything of all members, and what strangers may see.
 *
 * Anybody may ask as often as he likes. An answer that costs work is computed once a second at most. A hub that stands by names the active
 * one instead of a status that it does not know.
 */
import type { Explanation } from '../../core/api/explanation.js';
import { type FederationStatus, MISDIRECTED, type StandbyAnswer } from '../../core/api/status.js';
import type { Result } from '../../core/runtime/result.js';
import { isMemberId } from '../members/declaration.js';
import type { Standby } from '../members/lease.js';
import type { HttpAnswer, Routes } from '../../kube/wire/httpServer.js';

interface RouteDeps {
  /** Undefined: this hub is the active one. */
  standby(): Standby | undefined;
  /** What the hub waits for before it is ready. Undefined: it is ready. */
  notReady(): string | undefined;
  status(): FederationStatus;
  /** Of one Service. */
  explain(namespace: string, name: string): Explanation;
  /** Whether there is, or was, such a member. */
  knows(id: string): boolean;
  /** Refused with what to do first. */
  forget(id: string): Result<void>;
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Monotonic milliseconds. */
  now(): number;
}

interface HubRoutes {
  readonly status: Routes;
  /** Health, too. */
  readonly metrics: Routes;
}

const FRESH_MS = 1_000;

export function hubRoutes(deps: RouteDeps): HubRoutes {
  const answers = onceInAWhile(() => {
    const status = deps.status();
    return { status: json(status), members: json({ members: status.members }) };
  }, deps.now);
  const explained = createExplained(deps);
  return {
    status: ofActive(deps.standby, {
      '/api/v1/status': async () => (await answers()).status,
      '/api/v1/members': async () => (await answers()).members,
      'GET /api/v1/services/': explained,
      'DELETE /api/v1/members/': (id) => forgotten(deps, id),
    }),
    metrics: {
      '/healthz': () => ({ status: 200, body: 'ok\n' }),
      '/readyz': () => {
        const waiting = deps.notReady();
        return waiting === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `not ready: ${waiting}\n` };
      },
      '/metrics': onceInAWhile(async () => ({ status: 200, ...(await deps.metrics()) }), deps.now),
    },
  };
}

function ofActive(standby: RouteDeps['standby'], routes: Routes): Routes {
  return Object.fromEntries(
    Object.entries(routes).map(([path, route]) => [
      path,
      (name: string) => {
        const other = standby();
        return other === undefined ? route(name) : { ...json(misdirected(other)), status: MISDIRECTED };
      },
    ]),
  );
}

function misdirected({ active }: Standby): StandbyAnswer {
  const instance = active?.slice(active.indexOf('/') + 1);
  if (instance === undefined) return { error: 'this hub stands by, and does not know the active one yet: ask again' };
  return { error: `this hub stands by: ask ${instance}`, active: instance };
}

/** By `namespace/name`, percent-encoded. Computed once a second for each, and no more than `SERVICES` of them in a second. */
function createExplained({ explain, now }: Pick<RouteDeps, 'explain' | 'now'>): (path: string) => HttpAnswer {
  let held = new Map<string, HttpAnswer>();
  let since = Number.NEGATIVE_INFINITY;
  return (path) => {
    const match = SERVICE.exec(path);
    if (match === null) return { ...json({ error: 'that is no Service: write /api/v1/services/NAMESPACE/NAME' }), status: 400 };
    if (now() - since >= FRESH_MS) [held, since] = [new Map(), now()];
    const known = held.get(path);
    if (known !== undefined) return known;
    if (held.size >= SERVICES)
      return { ...json({ error: `more than ${SERVICES} Services are asked for in a second: ask again` }), status: 429 };
    const [, namespace = '', name = ''] = match;
    const answer = json(explain(namespace, name));
    held.set(path, answer);
    return answer;
  };
}

const SERVICES = 20;
const SERVICE = /^([a-z0-9][-a-z0-9]{0,62})\/([a-z0-9][-a-z0-9]{0,62})$/;

function forgotten({ knows, forget }: Pick<RouteDeps, 'knows' | 'forget'>, id: string): HttpAnswer {
  if (!isMemberId(id)) return { ...json({ error: 'that is no name of a member' }), status: 400 };
  if (!knows(id)) return { ...json({ error: `nobody knows a member ${id}: kilofed status names those that there are` }), status: 404 };
  const result = forget(id);
  return result.ok ? json({ forgotten: id }) : { ...json({ error: result.error }), status: 409 };
}

/** What `compute` gave or threw within the last second; else it is called. Whoever asks meanwhile waits for the same answer. */
function onceInAWhile<T>(compute: () => T | Promise<T>, now: () => number): () => Promise<T> {
  let held: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (held === undefined || now() - held.at >= FRESH_MS) held = { at: now(), answer: Promise.resolve().then(compute) };
    return held.answer;
  };
}

function json(value: unknown): HttpAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}
