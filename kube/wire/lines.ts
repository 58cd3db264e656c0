/**
 * Bytes to lines: a chunk may end inside a line, or inside a character of one.
 */
import { createGathering, type Gathered, type Held } from './gather.js';

const NEWLINE = 0x0a;

interface LineSplitter {
  /** The complete, non-empty lines up to the end of `chunk`. What follows the last newline waits for more. */
  split(chunk: Buffer): Iterable<Gathered>;
  /** Lets go of what waits. */
  drop(): void;
}

export function createLineSplitter(held: Held): LineSplitter {
  const gathering = createGathering(held);
  return {
    drop: gathering.drop,
    *split(chunk) {
      let begin = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
        const line = gathering.end(chunk.subarray(begin, end));
        begin = end + 1;
        if (line.text !== '') yield line;
      }
      gathering.add(chunk.subarray(begin));
    },
  };
}
