/**
 * Complaints about annotations. Somebody may write any number of wrong words of any length: few of them are told.
 */
import type { Complaint } from '../api/problem.js';
import { firstByName } from '../text/firstByName.js';
import { printable } from '../text/printable.js';

/** Names that get a complaint of their own. */
const NAMED = 10;
/** Code units of a value that are shown. */
const SHOWN = 63;

export function invalidAnnotation(message: string): Complaint {
  return { reason: 'InvalidAnnotation', message };
}

/** A value or a word of it, as it may stand in a message. */
export function shown(value: string): string {
  return printable(value, SHOWN);
}

/** Of very many the first by name, and how many more. */
export function eachOf(words: readonly string[], complaintOf: (word: string) => Complaint): Complaint[] {
  const { kept } = firstByName(words, NAMED, (word) => word);
  const complaints = kept.map(complaintOf);
  const more = words.length - kept.length;
  const [first] = complaints;
  return more === 0 || first === undefined
    ? complaints
    : [...complaints, { reason: first.reason, message: `the same holds for ${more} more` }];
}
