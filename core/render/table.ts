/**
 * Rows to columns of aligned text, two spaces apart, nothing behind the last one.
 */
import { printable } from '../text/printable.js';

/** Of a cell: a list of thousands of prefixes is one. Code units. */
const LONGEST = 100_000;
/** A longer cell does not widen its column, or each of a thousand lines would be as long as the longest. */
const WIDEST = 256;

export function renderTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [columns, ...rows].map((row) => row.map((cell) => printable(cell, LONGEST)));
  const widths = columns.map((_, index) =>
    Math.min(
      WIDEST,
      all.reduce((widest, row) => Math.max(widest, row[index]?.length ?? 0), 0),
    ),
  );
  return all
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
