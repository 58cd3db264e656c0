/**
 * Which queue the hub works from: Redis where it was given one, else its own memory.
 */
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { createMemoryQueue } from '../core/workqueue/memory.js';
import type { HubDeps } from './hub.js';
import { createRedisQueue } from './queue/redis.js';

export interface ChooseQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Writes that fail are tried again often at first: a refused one may be a race. A member that is away waits elsewhere. */
const BACKOFF = { baseMs: 100, maxMs: 60_000 };

export function chooseQueue(redisUrl: string | undefined, deps: ChooseQueueDeps): Pick<HubDeps, 'createQueue' | 'queueKind'> {
  if (redisUrl === undefined) return { queueKind: 'memory', createQueue: () => createMemoryQueue({ backoff: BACKOFF }, deps) };
  return {
    queueKind: 'redis',
    createQueue: (member, resync) =>
      createRedisQueue({ endpoint: { url: redisUrl }, name: `kilofed-${member}`, backoff: BACKOFF }, { ...deps, onResync: resync }),
  };
}
