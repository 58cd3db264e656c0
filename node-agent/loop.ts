/**
 * Runs passes until told to stop: at once after a wish, a few milliseconds late so that wishes that come together cost one
 * pass; every 30 s without one; and after a failure with back-off.
 */
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import type { Agent, PassResult } from './agent.js';
import type { AgentMetrics } from './metrics.js';

export interface Loop {
  /** There may be something to do. */
  wish(): void;
  run(signal: AbortSignal): Promise<void>;
  health(): Health;
}

/** `ok` is false when the host could not be made to match for a while. */
export interface Health {
  readonly ok: boolean;
  readonly text: string;
}

export interface LoopDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: AgentMetrics;
  readonly agent: Agent;
}

export function createLoop(deps: LoopDeps): Loop {
  const { clock, log } = deps;
  let wished = true;
  let wake = (): void => undefined;
  let failingSince: number | undefined;
  let last: PassResult = { kind: 'waiting', reason: 'starting', published: true };
  let failures = 0;

  async function once(signal: AbortSignal): Promise<void> {
    const began = clock.now();
    const result = await passOf(deps.agent, signal);
    deps.metrics.passed((clock.now() - began) / 1000, result.kind);
    if (result.kind === 'failed') {
      failures += 1;
      failingSince ??= clock.now();
      log.error('The host could not be made to match', { failures: result.failures.slice(0, 10), more: Math.max(0, result.failures.length - 10) });
    } else {
      failures = 0;
      failingSince = undefined;
      if (result.kind === 'waiting' && !(last.kind === 'waiting' && last.reason === result.reason)) log.info('Waiting', { reason: result.reason });
    }
    last = result;
  }

  function pause(ms: number, signal: AbortSignal, interruptible: boolean): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        wake = () => undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      signal.addEventListener('abort', done, { once: true });
      if (interruptible) wake = done;
      if (signal.aborted) done();
    });
  }

  return {
    wish() {
      wished = true;
      wake();
    },
    async run(signal) {
      while (!signal.aborted) {
        wished = false;
        await once(signal);
        if (signal.aborted) return;
        if (failures > 0) {
          deps.agent.doubt();
          await pause(Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(failures - 1, 10)) * (0.5 + deps.random() / 2), signal, false);
        } else if (!wished) {
          await pause(isSettled(last) ? PERIOD_MS : SOON_MS, signal, true);
        }
        await pause(COALESCE_MS, signal, false);
      }
    },
    health() {
      if (failingSince !== undefined && last.kind === 'failed' && clock.now() - failingSince > PATIENCE_MS) {
        return { ok: false, text: `failing: ${last.failures.slice(0, 5).join('; ')}` };
      }
      return { ok: true, text: last.kind === 'waiting' ? `waiting: ${last.reason}` : last.kind };
    },
  };
}

const COALESCE_MS = 3;
const PERIOD_MS = 30_000;
/** Until the next try to publish the MeshNode, or to find what is waited for. */
const SOON_MS = 2000;
const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;
/** A pass that fails once and works at the next try is no illness. */
const PATIENCE_MS = 5000;

function isSettled(result: PassResult): boolean {
  return result.kind !== 'failed' && result.published && !(result.kind === 'waiting' && result.soon === true);
}

async function passOf(agent: Agent, signal: AbortSignal): Promise<PassResult> {
  try {
    return await agent.pass(signal);
  } catch (error) {
    return { kind: 'failed', failures: [error instanceof Error ? error.message : String(error)], published: false };
  }
}
