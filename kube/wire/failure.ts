/**
 * What went wrong with an API call, as a value: from an HTTP status and a metav1.Status, or from a broken connection.
 */
import { types } from 'node:util';
import { printable } from '../../core/text/printable.js';
import { BOUNDS } from './bounds.js';
import type { KubeFailure } from './client.js';
import { WireError } from './transport.js';

const BY_CODE: Readonly<Record<number, KubeFailure['kind']>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  410: 'gone',
  400: 'invalid',
  422: 'invalid',
  408: 'timeout',
  429: 'tooMany',
  504: 'timeout',
};

/** Longer waits that a server asks for are cut to this. */
const MAX_RETRY_AFTER_MS = 60_000;

/** `body` is the response's text; a metav1.Status gives its message and reason. Headers other than Retry-After never get in. */
export function failureFromResponse(code: number, body: string, retryAfter: string | undefined): KubeFailure {
  const status = parseStatus(body);
  const kind = status.reason === 'AlreadyExists' ? 'alreadyExists' : (BY_CODE[code] ?? (code >= 500 ? 'server' : 'other'));
  const seconds = retryAfter === undefined ? Number.NaN : Number(retryAfter);
  return {
    kind,
    code,
    message: told(status.message ?? `the API server answered ${code}`),
    ...(Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) } : {}),
  };
}

/** A failure below HTTP: unreachable, unless the error itself knows better. */
export function failureFromError(error: unknown): KubeFailure {
  return { kind: error instanceof WireError ? error.kind : 'unreachable', message: told(describe(error)) };
}

/** What a server said, or its certificate, as it may go into states, logs and objects. */
export function told(message: string): string {
  return printable(message, BOUNDS.message - 1);
}

/** A name with several addresses fails with an AggregateError, whose own message is empty. */
function describe(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  // OpenSSL's own message is a thread, a code and a line of its source.
  if ('library' in error && 'reason' in error && typeof error.reason === 'string') return `TLS failed: ${error.reason}`;
  if (error.message !== '') return error.message;
  const [first] = (error as { readonly errors?: readonly unknown[] }).errors ?? [error.cause];
  return first === undefined ? error.name : describe(first);
}

function parseStatus(body: string): { readonly message?: string; readonly reason?: string } {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return {};
    const { message, reason } = parsed as { message?: unknown; reason?: unknown };
    return {
      ...(typeof message === 'string' && message !== '' ? { message } : {}),
      ...(typeof reason === 'string' ? { reason } : {}),
    };
  } catch {
    return {};
  }
}
