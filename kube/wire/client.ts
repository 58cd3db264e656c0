/**
 * One connection to one API server: requests with a deadline, and answers as values.
 *
 * Types only; `createKubeClient` is in http2Client.ts. Built-ins only below kube/wire, since the node-agent lives on it.
 */

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, e.g. from `resourcePath`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default 10 000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type KubeResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: KubeFailure };

/** Every way an API call can end badly. `message` is fit for a person and carries no secret and no header. */
export interface KubeFailure {
  readonly kind:
    | 'notFound'
    | 'alreadyExists'
    | 'conflict'
    | 'gone'
    | 'invalid'
    | 'forbidden'
    | 'unauthorized'
    | 'tooMany'
    | 'timeout'
    | 'unreachable'
    | 'aborted'
    | 'server'
    | 'other';
  /** HTTP status, where there was one. */
  readonly code?: number;
  readonly message: string;
  /** From Retry-After. */
  readonly retryAfterMs?: number;
}

export interface KubeClient {
  /** e.g. `https://10.0.0.1:6443`, for people. */
  readonly server: string;
  call<T>(request: KubeRequest): Promise<KubeResult<T>>;
  /**
   * A GET whose body arrives as lines, such as a watch. Resolves when the stream ends; `ok` means it ended cleanly.
   * A line handler that throws ends the stream and rejects.
   */
  stream(
    request: Omit<KubeRequest, 'method' | 'body' | 'timeoutMs'> & {
      /** Milliseconds without a byte after which the stream counts as dead. */
      readonly idleMs: number;
      /** The server took the request and the stream is open. */
      readonly onOpen?: () => void;
    },
    onLine: (line: string) => void,
  ): Promise<KubeResult<void>>;
  /** Ends all requests under way as `aborted`, and the connection. */
  close(): void;
}

/** Where credentials come from; asked before every request, so it must be cheap when nothing changed. */
export interface CredentialSource {
  get(): Promise<Credentials>;
  /** The server said 401: whatever is cached is stale. */
  invalidate(): void;
}

export interface Credentials {
  /** e.g. `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Client certificate and key, PEM. A change opens a new connection. */
  readonly cert?: string;
  readonly key?: string;
}

export interface ConnectionOptions {
  /** `https://host:port`, or with a path prefix. */
  readonly server: string;
  /** PEM; absent: the system's roots. */
  readonly ca?: string;
  readonly insecureSkipVerify?: boolean;
  readonly serverName?: string;
  readonly credentials: CredentialSource;
  readonly userAgent: string;
}
