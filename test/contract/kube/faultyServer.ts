/**
 * A TLS server on loopback whose every answer a test decides, behind a TCP relay that can freeze and cut connections.
 */
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Clock } from '../../../core/runtime/clock.js';
import type { ConnectionOptions, CredentialSource } from '../../../kube/wire/client.js';
import { systemClock } from '../../../kube/wire/systemClock.js';
import { createCertificate } from './certificate.js';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** 1 for the first request of the server. */
  readonly number: number;
  answer(status: number, body?: unknown, headers?: Readonly<Record<string, string>>): void;
  /** Status 200 and headers, then chunks as the test writes them. */
  open(): Writable;
  /** HTTP/2 only: ends the stream with this error code. */
  reset(code: number): void;
}

export interface FaultyServer {
  readonly options: ConnectionOptions;
  readonly connections: () => number;
  readonly requests: () => number;
  /** Of HTTP/2. */
  readonly sessions: readonly ServerHttp2Session[];
  /** From now on no byte passes, though all connections stay open. */
  freeze(): void;
  /** Resets every connection. */
  cut(): void;
  close(): Promise<void>;
}

export interface FaultyServerOptions {
  readonly http1?: boolean;
  readonly credentials?: CredentialSource;
  readonly path?: string;
}

export async function startFaultyServer(handle: (exchange: Exchange) => void, options: FaultyServerOptions = {}): Promise<FaultyServer> {
  const certificate = createCertificate();
  const sessions: ServerHttp2Session[] = [];
  let requests = 0;
  const count = (): number => (requests += 1);
  const behind = options.http1 === true ? http1(certificate, handle, count) : http2(certificate, handle, { count, sessions });
  const relay = createRelay(await listen(behind));
  const port = await listen(relay.server);
  return {
    options: {
      server: `https://127.0.0.1:${port}${options.path ?? ''}`,
      ca: certificate.cert,
      credentials: options.credentials ?? {
        get: () => Promise.resolve({ headers: { authorization: 'Bearer t' } }),
        invalidate: () => undefined,
      },
      userAgent: 'test/1',
    },
    connections: relay.connections,
    requests: () => requests,
    sessions,
    freeze: relay.freeze,
    cut: relay.cut,
    async close() {
      relay.cut();
      for (const session of sessions) session.destroy();
      await Promise.all([relay.server, behind].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** The machine's clock, `factor` times as fast. */
export function quickClock(factor: number): Clock {
  return { ...systemClock, now: () => systemClock.now() * factor, after: (ms, run) => systemClock.after(ms / factor, run) };
}

/** A clock that remembers for how long it was asked to wait, each time. */
export function recordingClock(clock: Clock): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    ...clock,
    waits,
    after(ms, run) {
      waits.push(ms);
      return clock.after(ms, run);
    },
  };
}

/** Polls until `done` is true. @throws after five seconds, naming `what`. */
export async function eventually(what: string, done: () => boolean, ms = 5_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function http2(
  certificate: { readonly cert: string; readonly key: string },
  handle: (exchange: Exchange) => void,
  seen: { readonly count: () => number; readonly sessions: ServerHttp2Session[] },
): Server {
  const server = createSecureServer(certificate);
  server.on('session', (session) => {
    seen.sessions.push(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    const number = seen.count();
    let broken = false;
    const exchange = (body: string): Exchange => ({
      method: String(headers[':method']),
      path: String(headers[':path']),
      headers,
      body,
      number,
      answer(status, content, more) {
        stream.respond({ ...more, ':status': status });
        stream.end(text(content));
      },
      open() {
        // Waiting for trailers keeps `close` from ending the body properly before it resets the stream.
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => {
          if (!broken) stream.sendTrailers({});
        });
        return stream;
      },
      reset(code) {
        broken = true;
        stream.close(code);
      },
    });
    gather(stream, (body) => handle(exchange(body)));
  });
  return server;
}

function http1(
  certificate: { readonly cert: string; readonly key: string },
  handle: (exchange: Exchange) => void,
  count: () => number,
): Server {
  const server: HttpsServer = createHttpsServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (request, response) => {
    const number = count();
    gather(request, (body) =>
      handle({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
        number,
        answer(status, content, more) {
          response.writeHead(status, { ...more });
          response.end(text(content));
        },
        open() {
          response.writeHead(200);
          response.flushHeaders();
          return response;
        },
        reset: () => response.destroy(),
      }),
    );
  });
  return server;
}

function gather(from: NodeJS.ReadableStream, then: (body: string) => void): void {
  const chunks: Buffer[] = [];
  from.on('data', (chunk: Buffer) => chunks.push(chunk));
  from.on('end', () => then(Buffer.concat(chunks).toString('utf8')));
}

function text(content: unknown): string {
  if (content === undefined) return '';
  return typeof content === 'string' ? content : JSON.stringify(content);
}

function createRelay(target: number) {
  const pairs = new Set<readonly [Socket, Socket]>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(target, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  });
  return {
    server,
    connections: () => connections,
    freeze: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    cut: () => {
      for (const [near] of pairs) near.resetAndDestroy();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
