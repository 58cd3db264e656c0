/**
 * Connections to Redis. The two kinds differ: a producer must fail at once when Redis is out, a worker waits for it for ever.
 */
import { Redis, type RedisOptions } from 'ioredis';

export interface RedisEndpoint {
  /** `redis://host:6379/0`, `rediss://…`, or a path to a unix socket. */
  readonly url: string;
}

const RECONNECT_MAX_MS = 1_000;

const shared = {
  connectTimeout: 2_000,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 5), RECONNECT_MAX_MS),
} satisfies RedisOptions;

/** A frozen Redis keeps its connections: only the command timeout notices. */
export function connectProducer({ url }: RedisEndpoint): Redis {
  return new Redis(url, { ...shared, enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 2_000 });
}

export function connectWorker({ url }: RedisEndpoint): Redis {
  return new Redis(url, { ...shared, maxRetriesPerRequest: null });
}
