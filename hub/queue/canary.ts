/**
 * Asks a queue that stood still whether it moves again: by a job that does nothing but come back.
 */
import type { Queue } from 'bullmq';
import type { Clock } from '../../core/runtime/clock.js';
import { CANARY } from './worker.js';

interface Canary {
  /** Sends one; whether it came back within the time that a moving queue needs. */
  returns(queue: Pick<Queue, 'add'>): Promise<boolean>;
  cameBack(): void;
}

const PATIENCE_MS = 2_000;

export function createCanary(clock: Clock): Canary {
  let tell = (): void => undefined;
  return {
    cameBack: () => tell(),
    async returns(queue) {
      let came = false;
      const outcome = new Promise<void>((resolve) => {
        const cancel = clock.after(PATIENCE_MS, resolve);
        tell = () => {
          came = true;
          cancel();
          resolve();
        };
      });
      // One at a time waits, however often the queue is asked.
      await queue.add(CANARY, {}, { jobId: CANARY, removeOnComplete: true, removeOnFail: true });
      await outcome;
      return came;
    },
  };
}
