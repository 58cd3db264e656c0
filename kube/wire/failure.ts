/**
 * What went wrong with an API call, as a value: from an HTTP status and a metav1.Status, or from a broken connection.
 */
import type { KubeFailure } from './client.js';

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

/** `body` is the response's text; a metav1.Status gives its message and reason. Headers other than Retry-After never get in. */
export function failureFromResponse(code: number, body: string, retryAfter: string | undefined): KubeFailure {
  const status = parseStatus(body);
  const kind = status.reason === 'AlreadyExists' ? 'alreadyExists' : (BY_CODE[code] ?? (code >= 500 ? 'server' : 'other'));
  const seconds = retryAfter === undefined ? Number.NaN : Number(retryAfter);
  return {
    kind,
    code,
    message: status.message ?? `the API server answered ${code}`,
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
  };
}

/** A failure below HTTP. `kind` is `aborted` or `timeout` where the caller knows, else unreachable. */
export function failureFromError(error: unknown, kind: 'aborted' | 'timeout' | 'unreachable' = 'unreachable'): KubeFailure {
  return { kind, message: error instanceof Error ? error.message : String(error) };
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
