/**
 * Puts keys into a BullMQ queue: gathered, so that ten thousand adds in a row are neither ten thousand commands under way
 * nor a wait for anybody, and each key of them once.
 *
 * The deduplication settings are those under which BullMQ 6.7 behaves like client-go's queue: one active job per key, an
 * event during a run makes one more run, and an event during a back-off ends it.
 */
import type { JobsOptions, Queue } from 'bullmq';

export interface Producer {
  add(key: string): void;
}

/** `refused` gets the keys that may not have arrived. (They may, too: an add is at least once.) */
export function createProducer(queue: Pick<Queue, 'add'>, refused: (keys: readonly string[], error: unknown) => void): Producer {
  const gathered = new Set<string>();
  let sending = false;

  async function send(): Promise<void> {
    while (gathered.size > 0) {
      const batch = take(gathered, BATCH);
      try {
        await Promise.all(batch.map((key) => queue.add(JOB_NAME, { key }, jobOptions(key))));
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
/** Commands under way at once; they share a few round trips. */
const BATCH = 256;

function jobOptions(key: string): JobsOptions {
  return {
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
