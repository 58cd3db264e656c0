/**
 * One signal for a deadline and the caller's signals. It removes its listeners when it is done.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../core/runtime/clock.js';
import { WireError } from './transport.js';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Why `signal` aborted: `timeout` or `aborted`; undefined while it has not. */
  reason(): WireError | undefined;
  /** Rejects as `reason()` says when the signal aborts before `work` settles. */
  within<T>(work: Promise<T>): Promise<T>;
  cancel(): void;
}

/** `ms` undefined: no deadline, the caller's signals only. */
export function createDeadline(ms: number | undefined, signals: readonly (AbortSignal | undefined)[], clock: Clock): Deadline {
  const controller = new AbortController();
  let reason: WireError | undefined;
  const end = (why: WireError): void => {
    reason ??= why;
    controller.abort();
  };
  const abort = (): void => end(new WireError('aborted', 'the request was given up'));
  const stop = ms === undefined ? undefined : clock.after(ms, () => end(new WireError('timeout', `no answer within ${ms} ms`)));
  // As many requests wait on one signal as are under way: no leak.
  setMaxListeners(0, controller.signal, ...signals.filter((signal) => signal !== undefined));
  for (const signal of signals) {
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    reason: () => reason,
    within(work) {
      return new Promise((resolve, reject) => {
        const fail = (): void => reject(reason ?? new WireError('aborted', 'the request was given up'));
        if (controller.signal.aborted) fail();
        controller.signal.addEventListener('abort', fail, { once: true });
        void work.then(resolve, reject).finally(() => controller.signal.removeEventListener('abort', fail));
      });
    },
    cancel() {
      stop?.();
      for (const signal of signals) signal?.removeEventListener('abort', abort);
    },
  };
}
