/**
 * KubeClient on one shared connection: over HTTP/2 all calls and watches of a member are streams of one session (a watch
 * costs 14 KiB this way, against 141 KiB and a connection each).
 */
import type { Clock } from '../../core/runtime/clock.js';
import { HandlerError, readAll, readItems, readLines } from './body.js';
import { BOUNDS } from './bounds.js';
import type { ConnectionOptions, Credentials, KubeClient, KubeFailure, KubeRequest, KubeResult } from './client.js';
import { createConnection } from './connection.js';
import { createDeadline, type Deadline } from './deadline.js';
import type { Gathered, Held } from './gather.js';
import { failureFromError, failureFromResponse } from './failure.js';
import { NO_ANSWER, type Transport, type WireAnswer, WireError } from './transport.js';

const DEFAULT_TIMEOUT_MS = 10_000;

export function createKubeClient(options: ConnectionOptions, deps: { readonly clock: Clock }): KubeClient {
  const connection = createConnection(options, deps);
  const closing = new AbortController();
  const gathered: Held = { bytes: 0 };
  const base = new URL(options.server).pathname.replace(/\/$/, '');

  async function credentials(deadline: Deadline): Promise<Credentials> {
    try {
      return await deadline.within(options.credentials.get());
    } catch (error) {
      throw deadline.reason() ?? new WireError('unauthorized', `no credentials: ${failureFromError(error).message}`, { cause: error });
    }
  }

  async function attempt(request: KubeRequest, deadline: Deadline): Promise<WireAnswer> {
    const held = await credentials(deadline);
    const transport: Transport = await deadline.within(connection.get(held));
    const answer = transport.send({
      method: request.method,
      path: `${base}${request.path}${search(request)}`,
      headers: {
        accept: 'application/json',
        'user-agent': options.userAgent,
        ...held.headers,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      signal: deadline.signal,
    });
    return deadline.within(answer);
  }

  /** Repeats a request once: after a 401, since the token may have been rotated, and if the server cannot have seen it. */
  async function ask(request: KubeRequest, deadline: Deadline): Promise<WireAnswer> {
    let first: WireAnswer;
    try {
      first = await attempt(request, deadline);
    } catch (error) {
      if (deadline.signal.aborted || !isSafeToRepeat(request, error)) throw error;
      return attempt(request, deadline);
    }
    if (first.status !== 401) return first;
    first.cancel();
    options.credentials.invalidate();
    return attempt(request, deadline);
  }

  return {
    server: options.server,

    async call<T>(request: KubeRequest): Promise<KubeResult<T>> {
      const deadline = createDeadline(request.timeoutMs ?? DEFAULT_TIMEOUT_MS, [request.signal, closing.signal], deps.clock);
      let answer: WireAnswer | undefined;
      try {
        answer = await ask(request, deadline);
        if (answer.status < 200 || answer.status > 299) return { ok: false, error: await refusal(answer, deadline) };
        const { onItem, pace } = request;
        if (onItem === undefined) return parse<T>(await deadline.within(readAll(answer, BOUNDS.objectBytes)));
        const take = (item: Gathered): Promise<void> | undefined => {
          if (deadline.signal.aborted) return undefined;
          onItem(parsed(item), item.text.slice(0, BOUNDS.headBytes), item.text.length);
          return pace?.('item', item.text.length);
        };
        return parse<T>(await deadline.within(readItems(answer, { take, held: gathered, pace })));
      } catch (error) {
        answer?.cancel();
        if (error instanceof HandlerError) throw error.cause;
        return { ok: false, error: failureFromError(deadline.reason() ?? error) };
      } finally {
        deadline.cancel();
      }
    },

    async stream(request, onLine) {
      const opening = createDeadline(DEFAULT_TIMEOUT_MS, [request.signal, closing.signal], deps.clock);
      const whole = createDeadline(undefined, [request.signal, closing.signal], deps.clock);
      try {
        const answer = await ask({ ...request, method: 'GET' }, opening);
        if (answer.status !== 200) return { ok: false, error: await refusal(answer, opening) };
        opening.cancel();
        request.onOpen?.();
        const { idleMs, pace } = request;
        const take = (line: Gathered): Promise<void> | undefined => {
          onLine(line.text, line.whole);
          return pace?.('event', line.text.length);
        };
        await readLines(answer, { take, held: gathered, pace, idleMs, signal: whole.signal, clock: deps.clock });
        return { ok: true, value: undefined };
      } catch (error) {
        if (error instanceof HandlerError) throw error.cause;
        return { ok: false, error: failureFromError(opening.reason() ?? whole.reason() ?? error) };
      } finally {
        opening.cancel();
        whole.cancel();
      }
    },

    silentMs: connection.silentMs,

    close() {
      closing.abort();
      connection.close();
    },
  };
}

/** What a refusal says for people may be too long; what it is for us is its status. */
async function refusal(answer: WireAnswer, deadline: Deadline): Promise<KubeFailure> {
  const text = await deadline.within(readAll(answer, BOUNDS.refusalBytes)).catch((error: unknown) => {
    if (error instanceof WireError && error.kind === 'tooLarge') return '';
    throw error;
  });
  return failureFromResponse(answer.status, text, answer.retryAfter);
}

/** Undefined: it is none that can be read. */
function parsed({ text, whole }: Gathered): unknown {
  if (!whole) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function search(request: KubeRequest): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** The parser's own message quotes the text, which may be a Secret's. */
function parse<T>(body: string): KubeResult<T> {
  try {
    return { ok: true, value: (body === '' ? undefined : JSON.parse(body)) as T };
  } catch {
    return { ok: false, error: { kind: 'server', message: 'the answer is not JSON: is this the address of a Kubernetes API server?' } };
  }
}

/** The session was gone when we asked. */
const NEVER_SENT = new Set(['ERR_HTTP2_INVALID_SESSION', 'ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_STREAM_CANCEL']);
/** It broke while we asked, as a kept-alive connection does that the server has just closed. */
const BROKE = new Set(['ECONNRESET', 'EPIPE', NO_ANSWER]);

/** What the server has not seen is repeated (RFC 9113, 8.7: also a refused stream), and a read even if it may have. */
function isSafeToRepeat(request: KubeRequest, error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof message === 'string' && message.includes('NGHTTP2_REFUSED_STREAM')) return true;
  if (typeof code !== 'string') return false;
  return NEVER_SENT.has(code) || (request.method === 'GET' && BROKE.has(code));
}
