/**
 * Tells the first few changes at once, and what follows on them once at the end of a pause. The pause is twice as long each time, as long
 * as it goes on: for changes that make others look at much, and that a member may make as often as it likes.
 */
import type { Clock } from '../../core/runtime/clock.js';

interface CoalescedDeps<T> {
  readonly clock: Pick<Clock, 'after'>;
  readonly tell: (value: T) => void;
}

/** What is told at once in the first pause. */
const FEW = 5;
const SHORTEST_MS = 50;
const LONGEST_MS = 5_000;

interface Pause {
  /** How many more are told at once. */
  few: number;
  /** Whether something came that was not told. */
  more: boolean;
}

/** Values with one key are told together, as one of them. */
export function createCoalesced<T>({ clock, tell }: CoalescedDeps<T>): (key: string, value: T) => void {
  const pausing = new Map<string, Pause>();

  function begin(key: string, value: T, { ms, few }: { readonly ms: number; readonly few: number }): void {
    const pause: Pause = { few, more: false };
    pausing.set(key, pause);
    clock.after(ms, () => {
      pausing.delete(key);
      if (!pause.more) return;
      tell(value);
      begin(key, value, { ms: Math.min(2 * ms, LONGEST_MS), few: 0 });
    });
  }

  return (key, value) => {
    const pause = pausing.get(key);
    if (pause === undefined) begin(key, value, { ms: SHORTEST_MS, few: FEW - 1 });
    else if (pause.few === 0) pause.more = true;
    else pause.few -= 1;
    if (pause?.more !== true) tell(value);
  };
}
