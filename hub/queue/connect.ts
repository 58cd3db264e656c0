/**
 * Connections to Redis. A producer's fails at once when Redis is down. A worker's waits for ever.
 */
import { Redis, type RedisOptions } from 'ioredis';

export interface RedisEndpoint {
  /** `redis://host:6379/0`, `rediss://…`, or a path to a unix socket. */
  readonly url: string;
}

/** Timeout of a producer's commands, in milliseconds. A frozen Redis keeps its connections open, so only this detects it. */
export const COMMAND_TIMEOUT_MS = 2_000;

const RECONNECT_MAX_MS = 1_000;

const shared = {
  connectTimeout: 2_000,
  disconnectTimeout: 500,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 5), RECONNECT_MAX_MS),
} satisfies RedisOptions;

export function connectProducer({ url }: RedisEndpoint): Redis {
  return new Redis(url, { ...shared, enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS });
}

interface WorkerConnection {
  readonly redis: Redis;
  disconnect(): void;
}

/**
 * BullMQ requires `maxRetriesPerRequest: null` for a worker, and blocks on a duplicate of the connection. It does not close the
 * duplicate while Redis is down, so it is remembered here.
 */
export function connectWorker({ url }: RedisEndpoint): WorkerConnection {
  const redis = new Redis(url, { ...shared, maxRetriesPerRequest: null });
  const all = [redis];
  const { duplicate: plain } = redis;
  redis.duplicate = (override) => {
    const duplicate = plain.call(redis, override);
    duplicate.on('error', () => undefined);
    all.push(duplicate);
    return duplicate;
  };
  return {
    redis,
    disconnect() {
      for (const connection of all) connection.disconnect();
    },
  };
}

/** The error as one line. Node's AggregateError, for a name with several addresses, has no message of its own. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  const { code } = error as { readonly code?: unknown };
  return error.message !== '' ? error.message : typeof code === 'string' ? code : 'no answer';
}
