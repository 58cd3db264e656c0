/**
 * A member's connection as its reflectors and controllers see it: it outlives a rotation of credentials, and it lets
 * nothing through before the cluster behind it was recognised.
 *
 * Watches and lists are verified each time they start. Were they not, an API server that was replaced by another
 * cluster's would hand its lists over as this member's, and what is missing there would be deleted everywhere. Other
 * calls are verified once after each failure of the connection.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';

/** Undefined: it is the cluster it should be. */
export type Verify = (client: KubeClient) => Promise<KubeFailure | undefined>;

export interface MemberClientDeps {
  readonly clock: Clock;
  readonly verify: Verify;
  /** The connection failed: someone should look at it. */
  readonly suspect: (failure: KubeFailure) => void;
}

export interface MemberClient extends KubeClient {
  /** Goes on with another connection; requests under way on the old one end as `unreachable`. */
  replace(next: KubeClient): void;
  /** Verifies now, whatever is known. */
  probe(): Promise<KubeFailure | undefined>;
}

/** How long a verification holds for the start of another watch: reflectors start by the dozen. */
const FRESH_MS = 2_000;
/** How long a watch waits for its member to come back before it is told that it failed. */
const RECOVERY_MS = 30_000;

export function createMemberClient(first: KubeClient, deps: MemberClientDeps): MemberClient {
  let current = first;
  let closed = false;
  const waiting = new Set<(outcome: KubeFailure | undefined) => void>();
  let verifiedAt: number | undefined;
  let verification: { readonly client: KubeClient; readonly result: Promise<KubeFailure | undefined> } | undefined;

  function probe(): Promise<KubeFailure | undefined> {
    if (verification?.client === current) return verification.result;
    const client = current;
    const result = deps.verify(client).then((failure) => {
      if (verification?.client === client) verification = undefined;
      if (client !== current) return failure;
      verifiedAt = failure === undefined ? deps.clock.now() : undefined;
      if (failure === undefined) for (const settle of waiting) settle(undefined);
      return failure;
    });
    verification = { client, result };
    return result;
  }

  async function gate(request: Pick<KubeRequest, 'query' | 'signal'>, reading: boolean): Promise<KubeFailure | undefined> {
    const follows = reading && request.query !== undefined;
    const age = verifiedAt === undefined ? Infinity : deps.clock.now() - verifiedAt;
    if (age !== Infinity && !(follows && age > FRESH_MS)) return undefined;
    const failure = await probe();
    return failure !== undefined && follows ? recovery(failure, request.signal) : failure;
  }

  /** Watches take up their work the moment the member is back, instead of when their own back-off ends. */
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
    stream: (request, onLine) => guarded(request, true, (client) => client.stream(request, onLine)),
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
