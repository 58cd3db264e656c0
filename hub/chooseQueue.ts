/**
 * Chooses the work queue: Redis if the hub was given one, else memory.
 */
import { DEFAULT_FEDERATION } from '../core/api/names.js';
import type { Clock, Random } from '../core/runtime/clock.js';
import type { Log } from '../core/runtime/log.js';
import { createMemoryQueue } from '../core/workqueue/memory.js';
import type { HubDeps } from './hub.js';
import { createRedisQueue } from './queue/redis.js';

interface ChooseQueueDeps {
  /** Hubs of several federations may share a Redis. */
  readonly federation: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Retries are frequent at first, since a refused write may be a race. An unreachable member is not retried here. */
const BACKOFF = { baseMs: 100, maxMs: 60_000 };

export function chooseQueue(redisUrl: string | undefined, deps: ChooseQueueDeps): Pick<HubDeps, 'createQueue' | 'queueKind'> {
  if (redisUrl === undefined)
    return { queueKind: 'memory', createQueue: (_member, { flowOf }) => createMemoryQueue({ backoff: BACKOFF, flowOf }, deps) };
  return {
    queueKind: 'redis',
    createQueue: (member, { flowOf, resync }) =>
      createRedisQueue(
        { endpoint: { url: redisUrl }, name: queueName(deps.federation, member), backoff: BACKOFF, flowOf },
        { ...deps, onResync: resync },
      ),
  };
}

/** Neither name has a dot. */
function queueName(federation: string, member: string): string {
  return federation === DEFAULT_FEDERATION ? `kilofed-${member}` : `kilofed-${federation}.${member}`;
}
