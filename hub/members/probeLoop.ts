/**
 * Probes a member's API server periodically: does it answer, and is it still the same cluster? After a failure it retries sooner.
 */
import type { Random } from '../../core/runtime/clock.js';
import type { InterruptiblePause } from '../../core/runtime/pause.js';
import type { KubeFailure, KubeResult } from '../../kube/wire/client.js';
import type { MemberClient } from './memberClient.js';

interface ProbeLoopDeps {
  readonly client: MemberClient;
  /** The pause between probes. Interrupting it probes at once. */
  readonly between: InterruptiblePause;
  readonly random: Random;
  readonly probed: (result: ProbeResult) => void;
}

interface ProbeResult {
  /** Undefined: it answered, and was recognised. */
  readonly failure: KubeFailure | undefined;
  /** Version of the API server. Undefined before it answered. */
  readonly version: string | undefined;
}

export const PROBE_PERIOD_MS = 20_000;
const VERSION_TIMEOUT_MS = 5_000;
/** `v1.35.0+k3s1` */
const VERSION = /^v[0-9][-+.\w]{0,62}$/;
const RETRY_MIN_MS = 500;
/** Who waits for a member sees it soon after it is back. */
const RETRY_MAX_MS = 1_500;

/** Runs until `signal` aborts. */
export async function probeLoop({ client, between, random, probed }: ProbeLoopDeps, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let version: string | undefined;
  while (!signal.aborted) {
    let failure = await client.probe();
    if (signal.aborted) return;
    if (failure === undefined && version === undefined) {
      const answer = await versionOf(client, signal);
      if (signal.aborted) return;
      if (answer.ok) version = answer.value;
      else failure = answer.error;
    }
    probed({ failure, version });
    failures = failure === undefined ? 0 : failures + 1;
    await between.pause(pauseAfter(failures) * (0.75 + random() / 2), signal);
  }
}

/** `failures`: number in a row. */
function pauseAfter(failures: number): number {
  return failures === 0 ? PROBE_PERIOD_MS : Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(failures - 1, 8));
}

/** Undefined: it does not tell, e.g. because that is forbidden. What is no version at all is a failure of the member. */
async function versionOf(client: MemberClient, signal: AbortSignal): Promise<KubeResult<string | undefined>> {
  const answer = await client.call<unknown>({ method: 'GET', path: '/version', timeoutMs: VERSION_TIMEOUT_MS, signal });
  if (!answer.ok) return { ok: true, value: undefined };
  const { gitVersion } = (answer.value ?? {}) as { readonly gitVersion?: unknown };
  return typeof gitVersion === 'string' && VERSION.test(gitVersion)
    ? { ok: true, value: gitVersion }
    : { ok: false, error: { kind: 'server', message: 'what came from /version is no version' } };
}
