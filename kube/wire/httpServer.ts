/**
 * A small HTTP server for health, metrics and status: one function per path, for GET or for DELETE. Strangers may reach it, so all that
 * they can take is bounded: connections, the time they are held, and the size of what they send.
 */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import { printableLines } from '../../core/text/printable.js';

export interface HttpAnswer {
  readonly status: number;
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string;
  /** Text. What a terminal would obey or not show goes out as `\uXXXX`, which JSON reads back. */
  readonly body: string;
}

/** By path, for GET; by `GET /path/`, for GET of what the rest names; and by `DELETE /path/`, for DELETE of what one more segment names. */
export type Routes = Readonly<Record<string, (name: string) => HttpAnswer | Promise<HttpAnswer>>>;

export interface ListenAt {
  /** Empty: all of the machine. */
  readonly address: string;
  readonly port: number;
  /** Under which names it may be asked on loopback, besides those of loopback. */
  readonly names?: readonly string[];
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1'];
const NOT_FOUND: HttpAnswer = { status: 404, body: 'not found\n' };
const FOREIGN_NAME: HttpAnswer = { status: 403, body: 'ask for localhost\n' };
const MOST_CONNECTIONS = 64;
/** A request comes whole within 5 s, which is looked at each second. Node lets go of an idle connection after 5 s by itself. */
const LIMITS = { requestTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 8_192 };

/**
 * Serves `routes` until `signal` aborts. Resolves with the port once it listens. @throws if the address is taken.
 *
 * On loopback only who asks for a name of loopback is answered: a browser sends the name of the site whose script asks, also after that
 * site's DNS has begun to say 127.0.0.1.
 */
export function serveHttp(at: ListenAt, routes: Routes, signal: AbortSignal): Promise<number> {
  const local = LOOPBACK.includes(at.address) ? [...LOOPBACK, ...(at.names ?? [])] : undefined;
  const server = createServer(LIMITS, (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = routeOf(routes, request.method, path);
    const host = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
    const foreign = local?.includes(host) === false;
    const answer = foreign ? undefined : route;
    Promise.resolve()
      .then(() => answer?.() ?? (foreign ? FOREIGN_NAME : NOT_FOUND))
      .catch((): HttpAnswer => ({ status: 500, body: 'internal error\n' }))
      .then(({ status, contentType, body }) => {
        response.writeHead(status, { 'content-type': contentType ?? 'text/plain; charset=utf-8' });
        response.end(request.method === 'HEAD' ? undefined : printableLines(body));
      })
      .catch(() => response.destroy());
  });
  // Who does not take the answer, either.
  server.timeout = 10_000;
  // The oldest goes: whoever holds connections open keeps nobody else out, such as the kubelet.
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [oldest] = open;
    if (open.size > MOST_CONNECTIONS) oldest?.destroy();
  });
  const end = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Without an address Node takes `::`, or 0.0.0.0 where there is no IPv6.
    server.listen({ port: at.port, ...(at.address === '' ? {} : { host: at.address }) }, () => {
      const bound = server.address();
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
      resolve(typeof bound === 'object' && bound !== null ? bound.port : at.port);
    });
  });
}

/**
 * A browser sends a DELETE to another site only where that one agrees to it in answer to OPTIONS, which is answered with 404. So no page
 * that somebody looks at can have anything deleted.
 */
function routeOf(routes: Routes, method: string | undefined, path: string): (() => HttpAnswer | Promise<HttpAnswer>) | undefined {
  const deletes = method === 'DELETE';
  if (!deletes && method !== 'GET' && method !== 'HEAD') return undefined;
  const exact = !deletes && Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (exact !== undefined) return () => exact('');
  const verb = deletes ? 'DELETE ' : 'GET ';
  const key = Object.keys(routes).find((each) => each.startsWith(verb) && path.startsWith(each.slice(verb.length)));
  const route = key === undefined ? undefined : routes[key];
  const rest = path.slice((key?.length ?? 0) - verb.length);
  return route === undefined || (deletes && rest.includes('/')) ? undefined : () => route(rest);
}

/**
 * What a log tells of an error that ended a program: a sentence if it could not listen, else the error itself, which is a surprise.
 * `flag`: what says where it listens.
 */
export function startFailure(error: unknown, flag = '--listen'): { readonly reason: string } | { readonly error: unknown } {
  const listening = isNativeError(error) && 'syscall' in error && error.syscall === 'listen';
  return listening ? { reason: `${error.message}: end the program that listens there, or choose another address with ${flag}` } : { error };
}

/** `127.0.0.1:9107`, `[::1]:9107`, `:9107` (an empty address: every one); undefined when it is none of these. */
export function parseListen(text: string): { readonly address: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65535) return undefined;
  const address = match[1] ?? match[2] ?? '';
  return { address, port: Number(match[3]) };
}
