/**
 * A process that takes a key from a queue in Redis and never ends its work: to be killed. Arguments: URL, name of the queue.
 * It adds `stuck`, and writes `working` when it is being worked on.
 */
import type { Log } from '../../core/runtime/log.js';
import { createRedisQueue } from '../../hub/queue/redis.js';
import { systemClock } from '../../kube/wire/systemClock.js';

const [url = '', name = ''] = process.argv.slice(2);
const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => silent };
const queue = createRedisQueue(
  { endpoint: { url }, name, stall: { lockMs: 1_000, checkMs: 500 } },
  { clock: systemClock, random: Math.random, log: silent, onResync: () => undefined },
);
queue.add('stuck');
await queue.run(
  () => {
    process.stdout.write('working\n');
    return new Promise(() => undefined);
  },
  { concurrency: 1, signal: new AbortController().signal },
);
