/**
 * What the selector of a namespace sees of the labels of a Service: a bounded part of them.
 */
import { BOUND } from './bounds.js';

type Texts = Readonly<Record<string, string>>;

export interface SeenLabels {
  readonly labels: Texts;
  /** There are others, so nothing can be said of a label that is not among these. */
  readonly cut?: true;
}

/** The first by name that have room. */
export function seenLabels(labels: Texts): SeenLabels {
  let room: number = BOUND.serviceLabels;
  const all = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const seen = all.filter(([key, value]) => key.length <= 317 && value.length <= 63 && (room -= key.length + value.length) >= 0);
  return { labels: Object.fromEntries(seen), ...(seen.length < all.length && { cut: true as const }) };
}
