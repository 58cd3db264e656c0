/**
 * One piece of work at a time, of whoever was served longest ago: slow work of one owner keeps another's waiting for no more than one piece
 * of it, and occupies no more than one of the threads that all look-ups and files share.
 */
import type { Clock } from '../runtime/clock.js';

interface Work<T> {
  readonly result: Promise<T>;
  /** When what the work occupies is free again, which may be after its result. */
  readonly ended: Promise<unknown>;
}

interface Lane {
  /** The result of `begin`, once it had its turn. */
  run<T>(owner: string, begin: () => Work<T>): Promise<T>;
}

/** Work that has not ended by then no longer keeps others waiting. */
const STUCK_MS = 30_000;

export function createLane(clock: Pick<Clock, 'after'>): Lane {
  const waiting = new Map<string, (() => Promise<unknown>)[]>();
  /** How many were served before the owner last was. */
  const served = new Map<string, number>();
  let count = 0;
  let busy = false;

  function next(): void {
    const [owner] = [...waiting.keys()].toSorted((a, b) => (served.get(a) ?? -1) - (served.get(b) ?? -1));
    const queue = waiting.get(owner ?? '') ?? [];
    const begin = queue.shift();
    if (owner === undefined || begin === undefined) return;
    if (queue.length === 0) waiting.delete(owner);
    served.set(owner, (count += 1));
    busy = true;
    let done = false;
    const end = (): void => {
      if (done) return;
      done = true;
      cancel();
      busy = false;
      next();
    };
    const cancel = clock.after(STUCK_MS, end);
    begin().then(end, end);
  }

  return {
    run: (owner, begin) =>
      new Promise((resolve, reject) => {
        const queue = waiting.get(owner) ?? [];
        waiting.set(owner, queue);
        queue.push(() => {
          const { result, ended } = begin();
          result.then(resolve, reject);
          return ended;
        });
        if (!busy) next();
      }),
  };
}
