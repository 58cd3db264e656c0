/**
 * A member's connection for writes. It sends nothing while the Lease is not held, and gives up what is under way when the hold ends.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from '../../kube/wire/client.js';

interface LeasedClient extends KubeClient {
  /** Resolves when no call is under way, after `ms` milliseconds at most. */
  idle(ms: number): Promise<void>;
}

interface LeasedClientDeps {
  readonly client: () => KubeClient | undefined;
  /** Aborts when the hold ends. Undefined: the Lease is not held. */
  readonly tenure: () => AbortSignal | undefined;
  readonly clock: Clock;
}

const NOT_HELD: KubeFailure = { kind: 'aborted', message: 'this hub does not hold the Lease of the member' };

export function createLeasedClient(deps: LeasedClientDeps): LeasedClient {
  let calls = 0;
  const idlers = new Set<() => void>();

  async function during<T>(
    request: Pick<KubeRequest, 'signal'>,
    send: (client: KubeClient, signal: AbortSignal) => Promise<KubeResult<T>>,
  ): Promise<KubeResult<T>> {
    const client = deps.client();
    const tenure = deps.tenure();
    if (client === undefined || tenure === undefined) return { ok: false, error: NOT_HELD };
    // Not AbortSignal.any: a hold may last for years, and keeps some bytes of each signal that was made of it.
    const ending = new AbortController();
    const end = (): void => ending.abort();
    const signals = request.signal === undefined ? [tenure] : [tenure, request.signal];
    for (const signal of signals) signal.addEventListener('abort', end, { once: true });
    if (signals.some(({ aborted }) => aborted)) end();
    calls += 1;
    try {
      return await send(client, ending.signal);
    } finally {
      calls -= 1;
      for (const signal of signals) signal.removeEventListener('abort', end);
      if (calls === 0) for (const idler of idlers) idler();
    }
  }

  return {
    get server() {
      return deps.client()?.server ?? '';
    },
    call: (request) => during(request, (client, signal) => client.call({ ...request, signal })),
    stream: (request, onLine) => during(request, (client, signal) => client.stream({ ...request, signal }, onLine)),
    close: () => undefined,
    idle: (ms) =>
      new Promise((resolve) => {
        const done = (): void => {
          cancel();
          idlers.delete(done);
          resolve();
        };
        const cancel = deps.clock.after(ms, done);
        idlers.add(done);
        if (calls === 0) done();
      }),
  };
}
