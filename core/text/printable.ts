/**
 * Text of others as part of a line: of a file, a terminal, a log, a condition, a label in a graph.
 *
 * Whoever may name a node, annotate a Service, or answer for an API server chooses such text. A line break in it would begin a line of
 * its own (wg-quick runs some lines as root); an escape sequence would command the terminal of whoever reads it (CVE-2021-25743); a
 * bidi control would show its characters in another order than they are in (CVE-2021-42574). So whatever has no shape of its own is
 * written as `\uXXXX`, as JSON writes it.
 */

/** Longer than any text of ours, UTF-16 code units. */
const LONGEST = 4096;

/**
 * Control, format, surrogate, unassigned and private characters, separators of lines and paragraphs, and everything else that Unicode
 * shows nothing for: joiners, fillers, selectors of variants.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const UNSEEN_BUT_BREAKS = /[^\P{C}\t\n]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** `text` as part of one line, at most `longest` code units of it. What is printable already stays as it is. */
export function printable(text: string, longest = LONGEST): string {
  // Cut first, so that the work is bounded, too. Half a character that a cut leaves is unseen.
  return text.length <= longest ? text.replace(UNSEEN, escaped) : `${text.slice(0, longest).replace(UNSEEN, escaped)}…`;
}

/**
 * A whole output, whose own tabs and line breaks stay, of any length. In JSON the escapes mean the characters, so nothing is lost.
 */
export function printableLines(text: string): string {
  return text.replace(UNSEEN_BUT_BREAKS, escaped);
}

/** `value` with every text in it printable, for what is shown field by field. Names of fields are ours. */
export function printableTexts<T>(value: T): T;
export function printableTexts(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map((each: unknown) => printableTexts(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, printableTexts<unknown>(each)]));
}

/** By code unit, as JSON has it. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
