/**
 * Passes on what changes in a member, to the queues of the others, at a bounded rate: a member in which everything changes all the time
 * does not fill them. Equal changes that wait are passed on once. They are told later, never lost: who is told looks at the records.
 */
import type { Clock } from '../../core/runtime/clock.js';
import { createPaced } from '../../core/runtime/paced.js';
import type { Change } from '../records/change.js';

interface PacedDeps {
  readonly clock: Clock;
  readonly changed: (change: Change) => void;
}

/** Changes a second. Whole clusters change at once, when a location is cut off, but not again and again. */
const RATE = { perSecond: 50, burst: 2_000 } as const;

export function createPacedChanges(deps: PacedDeps): (change: Change) => void {
  // Each write of the hub into the member comes back as a change in it. What the member itself has to say must not wait behind those.
  const line = (): ((change: Change) => void) => createPaced({ clock: deps.clock, rate: RATE, pass: deps.changed, keyOf, merge: since });
  const [toItself, toOthers] = [line(), line()];
  return (change) => (concernsOthers(change) ? toOthers(change) : toItself(change));
}

/** The rest fills the queue of the member itself only. */
function concernsOthers(change: Change): boolean {
  return change.kind === 'facts' || change.kind === 'slices' || (change.kind === 'service' && change.exported);
}

function keyOf(change: Change): string {
  return change.kind === 'facts' ? change.kind : JSON.stringify(change, (name, value: unknown) => (name === 'at' ? undefined : value));
}

/** Facts are told with those before; what was not told in between is neither. */
function since(earlier: Change, change: Change): Change {
  if (earlier.kind === 'facts' && change.kind === 'facts') return { ...change, before: earlier.before };
  const isDated = change.kind === 'service' || change.kind === 'slices';
  return isDated && 'at' in earlier && earlier.at !== undefined ? { ...change, at: earlier.at } : change;
}
