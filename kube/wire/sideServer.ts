/**
 * SideServer: health and metrics of a program whose work does not depend on them. Where the address cannot be had, the work goes on; the
 * lack is logged, and the address is tried again.
 */
import type { Clock } from '../../core/runtime/clock.js';
import type { Log } from '../../core/runtime/log.js';
import { type ListenAt, type Routes, serveHttp, startFailure } from './httpServer.js';

interface SideServer {
  /** Resolves after the first try. Serves, or tries again, until `signal` aborts. */
  serve(at: ListenAt, routes: Routes, signal: AbortSignal): Promise<void>;
  /** Why nothing is served now, and what to do; undefined: it is served. */
  failure(): string | undefined;
}

interface SideServerDeps {
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
  /** `failure` says something else now. */
  onChange?(): void;
}

const RETRY_MS = 30_000;

export function createSideServer({ clock, log, onChange }: SideServerDeps): SideServer {
  let failure: string | undefined;

  function note(now: string | undefined): void {
    if (now === failure) return;
    if (now !== undefined) log.warn('Health and metrics cannot be served yet; all else goes on', { reason: now });
    else log.info('Health and metrics are served now');
    failure = now;
    onChange?.();
  }

  async function serve(at: ListenAt, routes: Routes, signal: AbortSignal): Promise<void> {
    try {
      await serveHttp(at, routes, signal);
      note(undefined);
    } catch (error) {
      const found = startFailure(error);
      if (!('reason' in found)) throw error;
      note(found.reason);
      const cancel = clock.after(RETRY_MS, () => {
        signal.removeEventListener('abort', cancel);
        if (!signal.aborted) void serve(at, routes, signal);
      });
      signal.addEventListener('abort', cancel, { once: true });
    }
  }

  return { serve, failure: () => failure };
}
