/**
 * The hub's HTTP interface.
 */
import type { FederationStatus } from '../../core/api/status.js';
import type { HttpAnswer, Routes } from '../../kube/wire/httpServer.js';

export interface RouteDeps {
  /** Undefined: ready. Otherwise what is being waited for. */
  notReady(): string | undefined;
  status(): FederationStatus;
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export function hubRoutes(deps: RouteDeps): Routes {
  return {
    '/healthz': () => ({ status: 200, body: 'ok\n' }),
    '/readyz': () => {
      const waiting = deps.notReady();
      return waiting === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `not ready: ${waiting}\n` };
    },
    '/metrics': async () => ({ status: 200, ...(await deps.metrics()) }),
    '/api/v1/status': () => json(deps.status()),
    '/api/v1/members': () => json({ members: deps.status().members }),
  };
}

function json(value: unknown): HttpAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}
