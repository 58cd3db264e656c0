/**
 * Waits for a cluster, and tells meanwhile what for.
 */
import { pause } from '../core/runtime/pause.js';
import type { Result } from '../core/runtime/result.js';
import { systemClock } from '../kube/wire/systemClock.js';
import type { Cli } from './cli.js';

const PERIOD_MS = 250;
const PROGRESS_MS = 5_000;

interface Waiting {
  readonly cli: Pick<Cli, 'err' | 'signal'>;
  readonly timeoutMs: number;
  /** Between two looks. Default: a quarter of a second. */
  readonly periodMs?: number;
}

/** `missing` says what is still to come; undefined: nothing. Gives what was to come when the time was over. */
export async function waitWhile(
  missing: () => Promise<Result<string | undefined>>,
  { cli, timeoutMs, periodMs = PERIOD_MS }: Waiting,
): Promise<Result<undefined>> {
  const start = systemClock.now();
  let told: string | undefined;
  let toldAt = start;
  for (;;) {
    const answer = await missing();
    if (answer.ok && answer.value === undefined) return { ok: true, value: undefined };
    const what = (answer.ok ? answer.value : answer.error) ?? '';
    const now = systemClock.now();
    if (now - start >= timeoutMs || cli.signal.aborted) return { ok: false, error: what };
    if (what !== told || now - toldAt >= PROGRESS_MS) {
      cli.err(`kilofed: waiting: ${what}\n`);
      [told, toldAt] = [what, now];
    }
    await pause(periodMs, cli.signal, systemClock);
  }
}
