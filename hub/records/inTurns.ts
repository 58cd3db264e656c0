/**
 * Looks at many things some at a time, so that nobody else waits for all of them.
 */
import type { Clock } from '../../core/runtime/clock.js';

interface InTurnsDeps {
  readonly clock: Pick<Clock, 'after'>;
  readonly each: (key: string) => void;
}

const TOGETHER = 50;
const PAUSE_MS = 10;

/** What is asked for again while it waits is looked at once. */
export function createInTurns({ clock, each }: InTurnsDeps): (keys: Iterable<string>) => void {
  const waiting = new Set<string>();
  let going = false;

  function turn(): void {
    let left = TOGETHER;
    for (const key of waiting) {
      if (left === 0) break;
      left -= 1;
      waiting.delete(key);
      each(key);
    }
    going = waiting.size > 0;
    if (going) clock.after(PAUSE_MS, turn);
  }

  return (keys) => {
    for (const key of keys) waiting.add(key);
    if (!going) turn();
  };
}
