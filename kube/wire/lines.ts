/**
 * Bytes to lines: a chunk may end inside a line, or inside a character of one.
 */

const NEWLINE = 0x0a;

/** Feed it chunks; it calls `onLine` for every complete, non-empty line. What follows the last newline waits for more. */
export function createLineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  let pending: Buffer[] = [];
  return (chunk) => {
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, begin)) {
      const part = chunk.subarray(begin, end);
      begin = end + 1;
      const line = pending.length === 0 ? part : Buffer.concat([...pending, part]);
      pending = [];
      if (line.length > 0) onLine(line.toString('utf8'));
    }
    if (begin < chunk.length) pending.push(chunk.subarray(begin));
  };
}
