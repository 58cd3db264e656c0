/**
 * No line is longer than 140 columns, which the formatter cannot see to: it leaves texts and comments as they are.
 */
import type { Finding } from './finding.js';
import type { Source } from './source.js';

const COLUMNS = 140;

/** A line that is one unbroken word, such as an address or a key, and what stands before it. */
const UNBREAKABLE = /^[^\S\n]*(\S+[^\S\n]+)?\S{100,}$/;

export function checkLineLength(sources: readonly Source[]): readonly Finding[] {
  return sources.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, index) => {
      const columns = line.length;
      if (columns <= COLUMNS || UNBREAKABLE.test(line)) return [];
      return [{ file, line: index + 1, message: `${columns} columns: break it at ${COLUMNS}` }];
    }),
  );
}
