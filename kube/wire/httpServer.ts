/**
 * A small HTTP server for health, metrics and status: GET only, one function per path.
 */
import { createServer } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string;
  readonly body: string;
}

export type Routes = Readonly<Record<string, () => HttpAnswer | Promise<HttpAnswer>>>;

/** Serves `routes` until `signal` aborts; an empty address is every one of the machine; resolves with the port once it listens. @throws when the address is taken. */
export function serveHttp(at: { readonly address: string; readonly port: number }, routes: Routes, signal: AbortSignal): Promise<number> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    const readable = request.method === 'GET' || request.method === 'HEAD';
    const answer = route === undefined || !readable ? NOT_FOUND : route;
    Promise.resolve()
      .then(answer)
      .catch((): HttpAnswer => ({ status: 500, body: 'internal error\n' }))
      .then(({ status, contentType, body }) => {
        response.writeHead(status, { 'content-type': contentType ?? 'text/plain; charset=utf-8' });
        response.end(request.method === 'HEAD' ? undefined : body);
      })
      .catch(() => response.destroy());
  });
  server.requestTimeout = 5_000;
  signal.addEventListener('abort', () => {
    server.close();
    server.closeAllConnections();
  }, { once: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Without an address Node takes `::`, or 0.0.0.0 where there is no IPv6.
    server.listen({ port: at.port, ...(at.address === '' ? {} : { host: at.address }) }, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : at.port);
    });
  });
}

/** `127.0.0.1:9107`, `[::1]:9107`, `:9107` (an empty address: every one); undefined when it is none of these. */
export function parseListen(text: string): { readonly address: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65535) return undefined;
  const address = match[1] ?? match[2] ?? '';
  return { address, port: Number(match[3]) };
}

function NOT_FOUND(): HttpAnswer {
  return { status: 404, body: 'not found\n' };
}
