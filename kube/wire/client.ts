/**
 * One connection to one API server: requests with a deadline, and answers as values.
 *
 * Types only; `createKubeClient` is in http2Client.ts. kube/wire imports built-ins only, for the node-agent.
 */
import type { Socket } from 'node:net';
import type { Result } from '../../core/runtime/result.js';

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
  /**
   * For a list: takes its items one by one, parsed, while the answer comes, which then has none. What is no JSON is undefined, and so is
   * what is larger than any object (see bounds.ts); `head` is how its text begins, `bytes` how long it is.
   */
  readonly onItem?: (item: unknown, head: string, bytes: number) => void;
  readonly pace?: Pace;
}

/**
 * Called with each chunk of a body, and each event and item in it, and says when to read on; undefined: at once. Whoever listens to
 * somebody whom it does not trust bounds by this how much it hears.
 */
export type Pace = (what: 'chunk' | 'event' | 'item', bytes: number) => Promise<void> | undefined;

export type KubeResult<T> = Result<T, KubeFailure>;

/** How an API call can fail. `message` is for people, and carries no secret and no header. */
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
    /** The answer is larger than is read. */
    | 'tooLarge'
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
   * A line handler that throws ends the stream and rejects. Of a line that is larger than any object (see bounds.ts) only the beginning
   * comes, as not `whole`.
   */
  stream(
    request: Omit<KubeRequest, 'method' | 'body' | 'timeoutMs' | 'onItem'> & {
      /** Milliseconds without a byte after which the stream counts as dead. */
      readonly idleMs: number;
      /** The server took the request and the stream is open. */
      readonly onOpen?: () => void;
    },
    onLine: (line: string, whole?: boolean) => void,
  ): Promise<KubeResult<void>>;
  /** For how many milliseconds the server has left unanswered that it was asked whether it is there; 0: it answered, or is not asked. */
  silentMs?(): number;
  /** Ends all requests under way as `aborted`, and the connection. */
  close(): void;
}

/** Where credentials come from. Called before every request, so it must be cheap while nothing changes. */
export interface CredentialSource {
  get(): Promise<Credentials>;
  /** The server said 401: the cache is stale. */
  invalidate(): void;
}

export interface Credentials {
  /** e.g. `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Client certificate and key, PEM. A change opens a new connection. */
  readonly cert?: string;
  readonly key?: string;
}

/** How long credentials last that stand in a kubeconfig itself. Milliseconds since 1970. */
export interface CredentialLifetime {
  readonly kind: 'token' | 'certificate';
  readonly since: number;
  readonly until: number;
  /** Of a service account's token: what is needed to ask for the next one. */
  readonly account?: AccountToken;
}

export interface AccountToken {
  readonly token: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** The token ends with this Secret of the same namespace. Absent: nothing but time ends it. */
  readonly boundTo?: { readonly name: string; readonly uid: string };
}

export interface ConnectionOptions {
  /** `https://host:port`, or with a path prefix. */
  readonly server: string;
  /** PEM; absent: the system's roots. */
  readonly ca?: string;
  readonly insecureSkipVerify?: boolean;
  readonly serverName?: string;
  /** A way to the server on which TLS begins; absent: straight. */
  readonly dial?: () => Promise<Socket>;
  readonly credentials: CredentialSource;
  readonly userAgent: string;
  /** Milliseconds between an answer and the next question whether the server is there. Default: 2 000. */
  readonly askEveryMs?: number;
}
