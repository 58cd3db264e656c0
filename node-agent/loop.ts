/**
 * Runs passes until told to stop: soon after a request, a few milliseconds late so that requests that come together cost one pass; every
 * 30 s without one; and after a failure with back-off.
 */
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { type InterruptiblePause, pause } from '../core/runtime/pause.js';
import type { Agent, PassResult } from './agent.js';
import type { HostView } from './view/hostView.js';
import type { AgentMetrics } from './metrics.js';

export interface Loop {
  run(signal: AbortSignal): Promise<void>;
  health(): Health;
}

/** `ok` is false when the host could not be made to match for a while. */
interface Health {
  readonly ok: boolean;
  readonly text: string;
}

interface LoopDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Pick<AgentMetrics, 'passed'>;
  readonly agent: Agent;
  readonly view: Pick<HostView, 'invalidate'>;
  /** Interrupted by whoever requests a pass. */
  readonly requests: InterruptiblePause;
}

export function createLoop(deps: LoopDeps): Loop {
  const { clock, log, requests } = deps;
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
      log.error('The host could not be made to match', {
        failures: result.failures.slice(0, 10),
        more: Math.max(0, result.failures.length - 10),
      });
    } else {
      failures = 0;
      failingSince = undefined;
      if (result.kind === 'waiting' && !(last.kind === 'waiting' && last.reason === result.reason))
        log.info('Waiting', { reason: result.reason });
    }
    last = result;
  }

  const backoff = (): number => Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** Math.min(failures - 1, 10)) * (0.5 + deps.random() / 2);

  return {
    async run(signal) {
      while (!signal.aborted) {
        requests.clear();
        await once(signal);
        if (signal.aborted) return;
        if (failures > 0) {
          deps.view.invalidate();
          await pause(backoff(), signal, clock);
        } else {
          await requests.pause(isSettled(last) ? PERIOD_MS : SOON_MS, signal);
        }
        await pause(COALESCE_MS, signal, clock);
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
