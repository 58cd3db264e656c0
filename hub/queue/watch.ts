/**
 * Checks Redis once a second: by a write, and by a ping over the worker's own connection, since one connection may hang while
 * the other works. A ping alone is not enough: a Redis that is full, read-only or loading answers it.
 */
import type { Redis } from 'ioredis';
import type { Clock } from '../../core/runtime/clock.js';
import { pause } from '../../core/runtime/pause.js';
import { COMMAND_TIMEOUT_MS, reasonOf } from './connect.js';
import type { Outage } from './outage.js';

interface Watched {
  readonly producing: Redis;
  readonly working: Redis;
  readonly outage: Outage;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const PING_MS = 1_000;
const PROBE_KEY = 'kilofed:probe';

/**
 * Runs until the signal aborts. `whileUp` is called whenever Redis answers, before it counts as in use; it returns why the queue does not
 * move, or undefined.
 */
export async function watchRedis(
  { producing, working, outage, clock, signal }: Watched,
  whileUp: () => Promise<string | undefined>,
): Promise<void> {
  producing.on('error', (error: Error) => outage.fail(reasonOf(error), 'sudden'));
  producing.on('close', () => outage.fail('unreachable', 'sudden'));
  working.on('error', () => undefined);
  await untilUpOrFailed(producing, { clock, signal });
  while (!signal.aborted) {
    const began = clock.now();
    try {
      await producing.set(PROBE_KEY, '1', 'PX', 60_000);
      await answers(working, clock);
      const stuck = await whileUp();
      if (stuck !== undefined) outage.fail(stuck, 'stuck');
      else if (!signal.aborted) outage.recover();
    } catch (error) {
      outage.fail(reasonOf(error), clock.now() - began >= COMMAND_TIMEOUT_MS ? 'lasting' : 'sudden');
    }
    await pause(outage.state === 'in use' ? PING_MS : outage.holdOffMs(), signal, clock);
  }
}

/** Reconnects a connection that hangs. Its commands in flight are sent again. */
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

/** Resolves when the connection is up, has failed, or has taken too long. */
function untilUpOrFailed(connection: Redis, { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
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
