/**
 * The answers that a path owes and gives: which probes are pending, which of them are overdue, and how many are lost.
 */

export interface Answers {
  sent(nonce: number, now: number): void;
  /** How long the probe with that nonce took, milliseconds; it and all older ones are no longer pending. Undefined: it was not. */
  answered(nonce: number, now: number): number | undefined;
  /** How many probes are overdue. */
  overdue(now: number): number;
  /** When the oldest pending probe was sent, if it is overdue; undefined: none is. */
  silentSince(now: number): number | undefined;
  /** When probe `index` of those pending, oldest first, becomes overdue; infinity: there is none, or it was overdue before `after`. */
  deadline(index: number, after: number): number;
  /** Answers in a row: none was overdue or missing since. */
  inRow(): number;
  breakRow(): void;
  /** When the last came; minus infinity: none ever did. */
  lastAt(): number;
  /** This process was not running for `ms`: pending probes get that time on top. */
  extendDeadlines(ms: number): void;
  pending(): number;
  /** Share of probes without an answer, of about the last hundred since the first answer. */
  loss(): number;
}

const MAX_PENDING = 64;
const LOSS_WEIGHT = 0.02;

/** `timeout`: milliseconds after which a probe is overdue. */
export function createAnswers(timeout: () => number): Answers {
  /** Oldest first. */
  let pending: { readonly nonce: number; at: number }[] = [];
  let inRow = 0;
  let loss = 0;
  let lastAt = Number.NEGATIVE_INFINITY;

  const isOverdue = ({ at }: { readonly at: number }, now: number): boolean => now - at >= timeout();
  const count = (lost: number): void => {
    loss += (lost - loss) * LOSS_WEIGHT;
  };

  return {
    sent(nonce, now) {
      pending.push({ nonce, at: now });
      if (pending.length > MAX_PENDING) pending.shift();
    },
    answered(nonce, now) {
      const index = pending.findIndex((probe) => probe.nonce === nonce);
      const probe = pending[index];
      if (probe === undefined) return undefined;
      // What was sent before the first answer found nobody there yet.
      for (let lost = 0; lost < index && Number.isFinite(lastAt); lost += 1) count(1);
      count(0);
      inRow = index === 0 ? inRow + 1 : 1;
      pending = pending.slice(index + 1);
      lastAt = now;
      return Math.max(0, now - probe.at);
    },
    overdue: (now) => pending.filter((probe) => isOverdue(probe, now)).length,
    silentSince: (now) => (pending[0] !== undefined && isOverdue(pending[0], now) ? pending[0].at : undefined),
    deadline(index, after) {
      const at = (pending[index]?.at ?? Number.NEGATIVE_INFINITY) + timeout();
      return at > after ? at : Number.POSITIVE_INFINITY;
    },
    inRow: () => inRow,
    breakRow() {
      inRow = 0;
    },
    lastAt: () => lastAt,
    extendDeadlines(ms) {
      for (const probe of pending) probe.at += ms;
    },
    pending: () => pending.length,
    loss: () => loss,
  };
}
