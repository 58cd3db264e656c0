/**
 * A member's connection as its reflectors and controllers see it. It survives a rotation of credentials, and it sends no
 * request before the cluster behind it was recognised.
 *
 * Watches and lists are verified each time they start. Otherwise, if another cluster's API server replaced this one, its
 * lists would count as this member's, and what is missing in them would be deleted everywhere. Other calls are verified once
 * after each failure of the connection.
 */
import type { Clock } from '../../core/runtime/clock.js';
import { pause } from '../../core/runtime/pause.js';
import { createTokenBucket } from '../../core/runtime/tokenBucket.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';

/** Returns undefined if it is the right cluster. */
export type Verify = (client: KubeClient) => Promise<KubeFailure | undefined>;

export interface MemberClientDeps {
  readonly clock: Clock;
  readonly verify: Verify;
  /** Whether the cluster behind the connection is known not to be the member. What is being followed of it ends. */
  readonly isStranger: () => boolean;
  /** Called when the connection fails, so that it is probed. */
  readonly suspect: (failure: KubeFailure) => void;
}

export interface MemberClient extends KubeClient {
  silentMs(): number;
  /** Switches to another connection. Requests in flight on the old one end as `unreachable`. */
  replace(next: KubeClient): void;
  /** Verifies now, whatever is known. */
  probe(): Promise<KubeFailure | undefined>;
}

/** How long a verification is valid for starting further watches: many start at once. */
const FRESH_MS = 2_000;
/** Requests to a member: all that the hub wants there has one rate, whoever makes it want it. */
const REQUESTS = { perSecond: 500, burst: 2_000 } as const;
const NEVER = new AbortController().signal;
/** How long the start of a watch waits for the member's return before it fails. */
const RECOVERY_MS = 30_000;

export function createMemberClient(first: KubeClient, deps: MemberClientDeps): MemberClient {
  const requests = createTokenBucket(REQUESTS, deps.clock);
  let current = first;
  let closed = false;
  const following = new Set<AbortController>();
  const waiting = new Set<(outcome: KubeFailure | undefined) => void>();
  let verifiedAt: number | undefined;
  let verification: { readonly client: KubeClient; readonly result: Promise<KubeFailure | undefined> } | undefined;

  function probe(): Promise<KubeFailure | undefined> {
    if (verification?.client === current) return verification.result;
    const client = current;
    const result = deps
      .verify(client)
      .then((failure) => {
        if (client !== current) return failure;
        verifiedAt = failure === undefined ? deps.clock.now() : undefined;
        if (failure === undefined) for (const settle of waiting) settle(undefined);
        else if (deps.isStranger()) letGo();
        return failure;
      })
      .finally(() => {
        if (verification?.client === client) verification = undefined;
      });
    verification = { client, result };
    return result;
  }

  /** Ends all watches. They begin again when the cluster is the member. */
  function letGo(): void {
    for (const each of following) each.abort();
  }

  /** Not AbortSignal.any: a signal keeps some bytes of each that was made of it, and a member can end watches each second for ever. */
  async function follow(client: KubeClient, ...[request, onLine]: Parameters<KubeClient['stream']>): Promise<KubeResult<void>> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    following.add(ending);
    request.signal?.addEventListener('abort', end, { once: true });
    if (request.signal?.aborted === true) end();
    try {
      return await client.stream({ ...request, signal: ending.signal }, onLine);
    } finally {
      following.delete(ending);
      request.signal?.removeEventListener('abort', end);
    }
  }

  async function gate(request: Pick<KubeRequest, 'query' | 'signal'>, reading: boolean): Promise<KubeFailure | undefined> {
    const follows = reading && request.query !== undefined;
    const age = verifiedAt === undefined ? Infinity : deps.clock.now() - verifiedAt;
    if (age !== Infinity && !(follows && age > FRESH_MS)) return undefined;
    const failure = await probe();
    return failure !== undefined && follows ? recovery(failure, request.signal) : failure;
  }

  /** Lets watches resume the moment the member is back, instead of after their own back-off. */
  function recovery(failure: KubeFailure, signal: AbortSignal | undefined): Promise<KubeFailure | undefined> {
    return new Promise((resolve) => {
      const settle = (outcome: KubeFailure | undefined): void => {
        cancel();
        waiting.delete(settle);
        signal?.removeEventListener('abort', give);
        resolve(outcome);
      };
      const give = (): void => settle(failure);
      const cancel = deps.clock.after(RECOVERY_MS, give);
      waiting.add(settle);
      signal?.addEventListener('abort', give, { once: true });
      if (signal?.aborted === true || closed) settle(failure);
    });
  }

  async function guarded<T>(
    request: Pick<KubeRequest, 'query' | 'signal'>,
    reading: boolean,
    send: (client: KubeClient) => Promise<KubeResult<T>>,
  ): Promise<KubeResult<T>> {
    const refusal = await gate(request, reading);
    if (refusal !== undefined) return { ok: false, error: refusal };
    const wait = requests.take(1);
    if (wait > 0) await pause(wait, request.signal ?? NEVER, deps.clock);
    const client = current;
    const result = await send(client);
    if (result.ok) return result;
    if (result.error.kind === 'aborted' && !closed && request.signal?.aborted !== true) {
      return { ok: false, error: { kind: 'unreachable', message: 'the connection was replaced' } };
    }
    if (client === current && isConnectionFailure(result.error)) {
      verifiedAt = undefined;
      deps.suspect(result.error);
    }
    return result;
  }

  return {
    get server() {
      return current.server;
    },
    call: (request) => guarded(request, request.method === 'GET', (client) => client.call(request)),
    stream: (request, onLine) => guarded(request, true, (client) => follow(client, request, onLine)),
    silentMs: () => current.silentMs?.() ?? 0,
    probe,
    replace(next) {
      const old = current;
      current = next;
      verifiedAt = undefined;
      old.close();
    },
    close() {
      closed = true;
      for (const settle of waiting) settle({ kind: 'aborted', message: 'the hub let go of the member' });
      current.close();
    },
  };
}

function isConnectionFailure(failure: KubeFailure): boolean {
  return failure.kind === 'unreachable' || failure.kind === 'timeout' || failure.kind === 'unauthorized';
}
