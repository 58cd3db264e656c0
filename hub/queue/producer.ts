/**
 * Adds keys to a BullMQ queue in batches, each key once: ten thousand adds in a row neither send ten thousand commands at once
 * nor block anybody.
 *
 * With these deduplication settings BullMQ 6.7 behaves like client-go's queue: one active job per key, an event during a run
 * causes one more run, and an event during a back-off ends it.
 */
import type { JobsOptions, Queue } from 'bullmq';

export interface Producer {
  add(key: string): void;
}

interface ProducerDeps {
  readonly queue: Pick<Queue, 'add'>;
  /** How many keys of its flow wait already. */
  readonly before: (key: string) => number;
  /** Gets keys that may not have arrived. They may have, too: adds are at least once. */
  readonly refused: (keys: readonly string[], error: unknown) => void;
}

export function createProducer({ queue, before, refused }: ProducerDeps): Producer {
  const gathered = new Set<string>();
  let sending = false;

  async function send(): Promise<void> {
    while (gathered.size > 0) {
      const batch = take(gathered, BATCH);
      try {
        await Promise.all(batch.map((key) => queue.add(JOB_NAME, { key }, jobOptions(key, before(key)))));
      } catch (error) {
        const keys = [...batch, ...gathered];
        gathered.clear();
        refused(keys, error);
      }
    }
    sending = false;
  }

  return {
    add(key) {
      gathered.add(key);
      if (sending) return;
      sending = true;
      queueMicrotask(() => void send());
    },
  };
}

const JOB_NAME = 'reconcile';
/** Commands in flight at once. They share a few round trips. */
const BATCH = 256;
/** Of BullMQ. */
const LOWEST_PRIORITY = 2_097_152;

function jobOptions(key: string, before: number): JobsOptions {
  return {
    // Jobs without a priority come first.
    ...(before > 0 && { priority: Math.min(before, LOWEST_PRIORITY) }),
    deduplication: { id: key, keepLastIfActive: true, reschedule: true },
    attempts: Number.MAX_SAFE_INTEGER,
    backoff: { type: 'capped' },
    removeOnComplete: true,
    removeOnFail: true,
  };
}

function take(from: Set<string>, count: number): string[] {
  const taken: string[] = [];
  for (const key of from) {
    if (taken.length === count) break;
    taken.push(key);
  }
  for (const key of taken) from.delete(key);
  return taken;
}
