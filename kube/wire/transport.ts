/**
 * One connection, or pool of them, to an API server, whatever HTTP version was agreed on.
 */
import type { Readable } from 'node:stream';
import type { KubeFailure } from './client.js';

export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

export interface WireAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Readable;
  /** After the body's end: did all of it arrive? */
  complete(): boolean;
  /** Tells the server that the rest is not wanted. */
  cancel(): void;
}

export interface Transport {
  /** False once it takes no more requests. */
  usable(): boolean;
  /** Rejects when no answer came, also when `signal` aborts. */
  send(request: WireRequest): Promise<WireAnswer>;
  /** For how many milliseconds a question whether the server is there has had no answer. Absent: none is asked. */
  silentMs?(): number;
  /** Takes no more requests, and ends when those under way have. */
  retire(): void;
  /** Ends everything now. */
  destroy(): void;
}

/** The `code` of an error that says that the connection ended before there was an answer. */
export const NO_ANSWER = 'NO_ANSWER';

/** A failure whose kind is known where it happens. */
export class WireError extends Error {
  readonly kind: KubeFailure['kind'];
  readonly code: string | undefined;

  constructor(kind: KubeFailure['kind'], message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(message, options);
    this.kind = kind;
    this.code = options.code;
  }
}
