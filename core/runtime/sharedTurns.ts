/**
 * Shares the turns of the event loop among many that have a lot to do: together they work for some milliseconds in a turn, and who is
 * left over goes on in a later one, in the order in which they asked.
 */
import type { Clock } from './clock.js';

/** To be called between two steps. Undefined: go on at once. */
export type NextTurn = () => Promise<void> | undefined;

const SLICE_MS = 5;

export function createSharedTurns(clock: Clock): NextTurn {
  /** When the work of this turn began. Undefined: nobody has worked in it yet. */
  let began: number | undefined;
  const waiting: (() => void)[] = [];

  function begin(): void {
    began = clock.now();
    clock.after(0, () => {
      began = undefined;
      const next = waiting.shift();
      if (next === undefined) return;
      begin();
      next();
    });
  }

  return () => {
    if (began === undefined) begin();
    if (clock.now() - (began ?? 0) < SLICE_MS) return undefined;
    return new Promise((resolve) => waiting.push(resolve));
  };
}
