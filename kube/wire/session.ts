/**
 * One HTTP/2 session to an API server, made on demand and made anew when it broke, froze, or its client certificate changed.
 *
 * A frozen peer keeps its TCP connection open, so a ping with a deadline runs while the session is in use; without it a hung
 * server is noticed only by the kernel, after many minutes.
 */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../core/runtime/clock.js';
import type { ConnectionOptions, Credentials } from './client.js';

const CONNECT_MS = 5_000;
const PING_EVERY_MS = 2_000;
const PING_DEADLINE_MS = 3_000;

export interface SessionHolder {
  /** The live session; rejects when no connection can be made. */
  get(credentials: Credentials): Promise<ClientHttp2Session>;
  /** Ends the session and every stream on it. */
  close(): void;
}

export function createSessionHolder(options: ConnectionOptions, deps: { readonly clock: Clock }): SessionHolder {
  let current: { readonly identity: string; readonly session: Promise<ClientHttp2Session> } | undefined;

  const drop = (session: Promise<ClientHttp2Session>): void => {
    if (current?.session === session) current = undefined;
  };

  return {
    get(credentials) {
      const identity = `${credentials.cert ?? ''}\n${credentials.key ?? ''}`;
      if (current !== undefined && current.identity === identity) return current.session;
      // A changed certificate leaves the old session to its streams: they end by themselves.
      const session = open(options, credentials);
      current = { identity, session };
      session.then(
        (live) => {
          live.once('close', () => drop(session));
          live.once('goaway', () => drop(session));
          keepAlive(live, deps.clock);
        },
        () => drop(session),
      );
      return session;
    },
    close() {
      const closing = current?.session;
      current = undefined;
      closing?.then((live) => live.destroy(), () => undefined);
    },
  };
}

function open(options: ConnectionOptions, credentials: Credentials): Promise<ClientHttp2Session> {
  const url = new URL(options.server);
  return new Promise((resolve, reject) => {
    const session = connect(url.origin, {
      createConnection: () =>
        connectTls({
          host: url.hostname.replace(/^\[|\]$/g, ''),
          port: Number(url.port === '' ? 443 : url.port),
          ALPNProtocols: ['h2'],
          ...(isAddress(url.hostname) && options.serverName === undefined ? {} : { servername: options.serverName ?? url.hostname }),
          ...(options.ca === undefined ? {} : { ca: options.ca }),
          ...(credentials.cert === undefined ? {} : { cert: credentials.cert }),
          ...(credentials.key === undefined ? {} : { key: credentials.key }),
          rejectUnauthorized: options.insecureSkipVerify !== true,
        }),
      settings: { enablePush: false, initialWindowSize: 1 << 20 },
      maxSessionMemory: 256,
    });
    const timer = setTimeout(() => session.destroy(new Error(`no connection to ${url.host} within ${CONNECT_MS} ms`)), CONNECT_MS);
    const fail = (error?: Error): void => {
      clearTimeout(timer);
      reject(error ?? new Error(`the connection to ${url.host} was closed`));
    };
    session.once('error', fail);
    session.once('close', fail);
    session.once('connect', () => {
      clearTimeout(timer);
      session.removeListener('error', fail);
      session.removeListener('close', fail);
      session.on('error', () => undefined);
      session.setLocalWindowSize(1 << 22);
      resolve(session);
    });
  });
}

/** Pings while the session lives; one unanswered ping ends it and fails everything on it. */
function keepAlive(session: ClientHttp2Session, clock: Clock): void {
  let cancel = clock.after(PING_EVERY_MS, ping);
  session.once('close', () => cancel());

  function ping(): void {
    if (session.closed || session.destroyed) return;
    cancel = clock.after(PING_DEADLINE_MS, () => {
      session.destroy(new Error(`the API server did not answer a ping within ${PING_DEADLINE_MS} ms`), constants.NGHTTP2_CANCEL);
    });
    session.ping((error) => {
      cancel();
      if (error === null) cancel = clock.after(PING_EVERY_MS, ping);
    });
  }
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}
