/**
 * A connection to an API server: made on demand, and remade after it broke, froze, or got a new client certificate.
 */
import { connect as connectTls, type ConnectionOptions as TlsOptions, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/runtime/clock.js';
import type { ConnectionOptions, Credentials } from './client.js';
import { createHttp1Transport } from './http1Transport.js';
import { createHttp2Transport } from './http2Transport.js';
import { type Transport, WireError } from './transport.js';

const CONNECT_MS = 5_000;

interface Connection {
  /** A transport that takes requests; rejects when none can be had. Callers at the same time share one. */
  get(credentials: Credentials): Promise<Transport>;
  /** Of the transport in use, as there. */
  silentMs(): number;
  /** Ends it, and everything on it. */
  close(): void;
}

export function createConnection(options: ConnectionOptions, deps: { readonly clock: Clock }): Connection {
  let current: { readonly identity: string; readonly transport: Transport } | undefined;
  let opening: { readonly identity: string; readonly transport: Promise<Transport> } | undefined;
  let closed = false;

  async function open(identity: string, credentials: Credentials): Promise<Transport> {
    const transport = await connect(options, credentials, deps.clock);
    if (closed) {
      transport.destroy();
      throw new WireError('aborted', 'the client was closed');
    }
    // Requests under way on the connection of an old certificate go on to their end.
    current?.transport.retire();
    current = { identity, transport };
    return transport;
  }

  return {
    get(credentials) {
      const identity = `${credentials.cert ?? ''}\n${credentials.key ?? ''}`;
      if (current?.identity === identity && current.transport.usable()) return Promise.resolve(current.transport);
      if (opening?.identity === identity) return opening.transport;
      const mine = {
        identity,
        transport: open(identity, credentials).finally(() => {
          if (opening === mine) opening = undefined;
        }),
      };
      opening = mine;
      return mine.transport;
    },
    silentMs: () => current?.transport.silentMs?.() ?? 0,
    close() {
      closed = true;
      current?.transport.destroy();
      current = undefined;
    },
  };
}

async function connect(options: ConnectionOptions, credentials: Credentials, clock: Clock): Promise<Transport> {
  const url = new URL(options.server);
  const tls = tlsOptions(url, options, credentials);
  const way = options.dial === undefined ? {} : { socket: await options.dial() };
  const socket = await handshake({ ...tls, ...way, ALPNProtocols: ['h2', 'http/1.1'] }, url.host, clock);
  if (socket.alpnProtocol === 'h2') return createHttp2Transport(socket, url.origin, { clock, askEveryMs: options.askEveryMs });
  socket.destroy();
  if (options.dial !== undefined) throw new WireError('unreachable', `${url.host} speaks no HTTP/2, which proxy-url needs`);
  return createHttp1Transport(tls);
}

function handshake(tls: TlsOptions, where: string, clock: Clock): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(tls);
    const fail = (error?: Error): void => {
      cancel();
      socket.destroy();
      reject(error ?? new WireError('unreachable', `${where} closed the connection while it was being made`));
    };
    const close = (): void => fail();
    const cancel = clock.after(CONNECT_MS, () => fail(new WireError('unreachable', `no connection to ${where} within ${CONNECT_MS} ms`)));
    socket.once('error', fail);
    socket.once('close', close);
    socket.once('secureConnect', () => {
      cancel();
      socket.off('error', fail);
      socket.off('close', close);
      resolve(socket);
    });
  });
}

function tlsOptions(url: URL, options: ConnectionOptions, credentials: Credentials): TlsOptions & { host: string; port: number } {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const serverName = options.serverName ?? (isAddress(url.hostname) ? undefined : url.hostname);
  return {
    host,
    port: url.port === '' ? 443 : Number(url.port),
    rejectUnauthorized: options.insecureSkipVerify !== true,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(credentials.cert === undefined ? {} : { cert: credentials.cert }),
    ...(credentials.key === undefined ? {} : { key: credentials.key }),
  };
}

/** An address must not be sent as a server name (RFC 6066, 3). */
function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}
