/**
 * HTTP/2: every call and watch is a stream of one session.
 *
 * A frozen peer keeps its TCP connection open, so a ping with a deadline runs as long as the session; without it a hung
 * server is noticed only by the kernel, after many minutes.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../core/runtime/clock.js';
import { NO_ANSWER, type Transport, type WireAnswer, WireError, type WireRequest } from './transport.js';

const PING_EVERY_MS = 2_000;
const PING_DEADLINE_MS = 3_000;
/** The last part of the deadline, on a timer of its own: see `keepAlive`. */
const PING_GRACE_MS = 250;
/**
 * Requests that were given up before an answer, of one session. Where a server lets no stream begin (SETTINGS_MAX_CONCURRENT_STREAMS),
 * Node keeps some kilobytes of each until the session ends.
 */
const MOST_UNANSWERED = 1_000;

/** A transport over `socket`, on which ALPN agreed on h2. */
export function createHttp2Transport(socket: TLSSocket, origin: string, deps: KeepAliveDeps): Transport {
  const session = connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: 1 << 20 },
    maxSessionMemory: 256,
  });
  let retired = false;
  let unanswered = 0;
  // Why the session ended reaches every stream of it as its own error.
  session.on('error', () => undefined);
  session.once('connect', () => session.setLocalWindowSize(1 << 22));
  session.once('goaway', () => {
    retired = true;
  });
  const silentMs = keepAlive(session, deps);
  return {
    usable: () => !retired && !session.closed && !session.destroyed,
    send: (request) =>
      send(session, request, () => {
        unanswered += 1;
        if (unanswered >= MOST_UNANSWERED) session.destroy();
      }),
    silentMs,
    retire() {
      retired = true;
      session.close();
    },
    destroy: () => session.destroy(),
  };
}

/** `onGivenUp`: before it was answered. */
function send(session: ClientHttp2Session, request: WireRequest, onGivenUp: () => void): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, ':method': request.method, ':path': request.path };
    const stream = session.request(headers, { endStream: request.body === undefined });
    const abort = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      reject(new WireError('aborted', 'the request was given up'));
      onGivenUp();
    };
    const lost = (): void =>
      reject(new WireError('unreachable', 'the API server closed the stream without an answer', { code: NO_ANSWER }));
    request.signal.addEventListener('abort', abort, { once: true });
    stream.on('error', reject);
    stream.once('close', () => request.signal.removeEventListener('abort', abort));
    stream.once('close', lost);
    stream.once('response', (response) => {
      request.signal.removeEventListener('abort', abort);
      resolve(answerOf(stream, Number(response[':status']), response['retry-after']));
    });
    if (request.body !== undefined) stream.end(request.body);
    if (request.signal.aborted) abort();
  });
}

function answerOf(stream: ClientHttp2Stream, status: number, retryAfter: string | undefined): WireAnswer {
  let aborted = false;
  stream.once('aborted', () => {
    aborted = true;
  });
  return {
    status,
    retryAfter,
    body: stream,
    complete: () => !aborted && (stream.rstCode ?? constants.NGHTTP2_NO_ERROR) === constants.NGHTTP2_NO_ERROR,
    cancel: () => stream.close(constants.NGHTTP2_CANCEL),
  };
}

/**
 * Pings while the session lives; one unanswered ping ends it and fails everything on it.
 *
 * When this process was busy for longer than the deadline, the timer fires before the waiting answer is read. So the
 * deadline has two parts: between them the answer gets its turn. Returns for how long a ping has had no answer.
 */
function keepAlive(session: ClientHttp2Session, { clock, askEveryMs = PING_EVERY_MS }: KeepAliveDeps): () => number {
  let cancel = clock.after(askEveryMs, ping);
  let askedAt: number | undefined;
  session.once('close', () => cancel());

  function ping(): void {
    if (session.destroyed) return;
    askedAt = clock.now();
    cancel = clock.after(PING_DEADLINE_MS - PING_GRACE_MS, () => {
      cancel = clock.after(PING_GRACE_MS, giveUp);
    });
    session.ping((error) => {
      cancel();
      if (error !== null) return;
      askedAt = undefined;
      cancel = clock.after(askEveryMs, ping);
    });
  }

  function giveUp(): void {
    session.destroy(
      new WireError('unreachable', `the API server did not answer a ping within ${PING_DEADLINE_MS} ms`),
      constants.NGHTTP2_CANCEL,
    );
  }

  return () => (askedAt === undefined ? 0 : clock.now() - askedAt);
}

interface KeepAliveDeps {
  readonly clock: Clock;
  readonly askEveryMs?: number | undefined;
}
