/**
 * Looks after Redis once a second: writes to it, and asks over the worker's own connection too, since either may hang while
 * the other does not. A write is asked for, because a Redis that is full, read-only or loading answers a ping.
 */
import type { Redis } from 'ioredis';
import type { Clock } from '../../core/runtime/clock.js';
import { pause } from '../../core/runtime/pause.js';
import { COMMAND_TIMEOUT_MS, reasonOf } from './connect.js';
import type { Outage } from './outage.js';

export interface Watched {
  readonly producing: Redis;
  readonly working: Redis;
  readonly outage: Outage;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const PING_MS = 1_000;
const PROBE_KEY = 'kilofed:probe';

/** Runs until the signal aborts. `whileUp` is called whenever Redis answers, before it counts as in use. */
export async function watchRedis({ producing, working, outage, clock, signal }: Watched, whileUp: () => Promise<void>): Promise<void> {
  producing.on('error', (error: Error) => outage.fail(reasonOf(error), false));
  producing.on('close', () => outage.fail('unreachable', false));
  working.on('error', () => undefined);
  await firstWord(producing, { clock, signal });
  while (!signal.aborted) {
    const began = clock.now();
    try {
      await producing.set(PROBE_KEY, '1', 'PX', 60_000);
      await answers(working, clock);
      await whileUp();
      if (!signal.aborted) outage.recover();
    } catch (error) {
      outage.fail(reasonOf(error), clock.now() - began >= COMMAND_TIMEOUT_MS);
    }
    await pause(outage.state === 'in use' ? PING_MS : outage.holdOffMs(), signal, clock);
  }
}

/** A connection that hangs is made anew; the commands under way on it go out again. */
async function answers(connection: Redis, clock: Clock): Promise<void> {
  let cancel = (): void => undefined;
  const late = new Promise<'late'>((resolve) => {
    cancel = clock.after(COMMAND_TIMEOUT_MS, () => resolve('late'));
  });
  const answer = connection.ping();
  answer.catch(() => undefined);
  const first = await Promise.race([answer, late]);
  cancel();
  if (first !== 'late') return;
  connection.disconnect(true);
  throw new Error('the connection of the worker hangs');
}

/** Until the connection is there, or has failed, or has taken too long. */
function firstWord(connection: Redis, { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      for (const event of ['ready', 'close'] as const) connection.off(event, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(COMMAND_TIMEOUT_MS, done);
    for (const event of ['ready', 'close'] as const) connection.once(event, done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
